"""What holds for all bytes: nothing raises, nothing leaks, and what is written is read again."""

import unicodedata
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from natprobe.address import Address
from natprobe.wire import attributes as values
from natprobe.wire.channel import decode, encode_stream
from natprobe.wire.demultiplex import demultiplex
from natprobe.wire.describe import describe
from natprobe.wire.framing import StreamFramer
from natprobe.wire.integrity import Integrity, IntegrityAlgorithm, Sealing, verify, verify_fingerprint
from natprobe.wire.message import Malformed, Message, build, looks_like_stun, parse, unknown_required
from natprobe.wire.redact import SENSITIVE, redact
from natprobe.wire.registry import MAGIC_COOKIE_BYTES, Attribute, MessageClass

KEY = b"a key of sixteen"
GETTERS = [
    getattr(values, name) for name in values.__all__ if name.islower() and not name.startswith(("encode", "dec"))
]
CLOSING = {Attribute.MESSAGE_INTEGRITY, Attribute.MESSAGE_INTEGRITY_SHA256, Attribute.FINGERPRINT}

methods = st.integers(0, 0xFF)  # beyond, the first byte belongs to other protocols (RFC 8489 section 18.2)
transaction_ids = st.binary(min_size=12, max_size=12)
types = st.one_of(st.sampled_from([int(a) for a in Attribute if a not in CLOSING]), st.integers(0x7000, 0x7FFF))
attributes = st.lists(st.tuples(types, st.binary(max_size=40)), max_size=8)
sealings = st.builds(
    Sealing,
    key=st.sampled_from([None, KEY]),
    algorithm=st.sampled_from(IntegrityAlgorithm),
    fingerprint=st.booleans(),
)
messages = st.builds(build, methods, st.sampled_from(MessageClass), transaction_ids, attributes, sealings)
addresses = st.builds(
    Address,
    st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).map(str),
    st.integers(0, 0xFFFF),
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A message with some bytes overwritten, cut out or put in."""
    data = bytearray(draw(messages))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        data[at : at + draw(st.integers(0, 6))] = draw(st.binary(max_size=6))
    return bytes(data)


@st.composite
def structured_garbage(draw: st.DrawFn) -> bytes:
    """A plausible header, then attributes with lengths that may lie."""
    body = b"".join(
        type_.to_bytes(2) + length.to_bytes(2) + value
        for type_, length, value in draw(
            st.lists(st.tuples(types | st.sampled_from(sorted(CLOSING)), st.integers(0, 48), st.binary(max_size=48)))
        )
    )
    length = draw(st.one_of(st.just(len(body)), st.integers(0, 0xFFFF)))
    cookie = draw(st.sampled_from([MAGIC_COOKIE_BYTES, bytes(4)]))
    return draw(st.integers(0, 0x3FFF)).to_bytes(2) + length.to_bytes(2) + cookie + bytes(12) + body


any_bytes = st.one_of(st.binary(max_size=200), mutated(), structured_garbage(), messages)


@given(any_bytes)
def test_no_bytes_make_the_codec_raise(data: bytes) -> None:
    parsed = parse(data)
    message = parsed.message if isinstance(parsed, Malformed) else parsed
    decode(data)
    demultiplex(data)
    assert not looks_like_stun(data) or isinstance(parsed, Message) or "attribute" in parsed.problem
    for read in [*GETTERS, unknown_required, verify_fingerprint, repr] if message else []:
        read(message)
    if message:
        verify(message, KEY)


@given(any_bytes)
def test_any_bytes_are_described_in_one_printable_line(data: bytes) -> None:
    described = describe(data)
    assert described
    assert len(described.splitlines()) == 1
    assert not any(unicodedata.category(char) in {"Cc", "Cf", "Cs"} for char in described)


@given(any_bytes)
def test_redaction_keeps_the_length_and_is_done_once(data: bytes) -> None:
    kept = redact(data)
    assert len(kept) == len(data)
    assert redact(kept) == kept


@given(any_bytes)
def test_nothing_sensitive_that_can_be_read_outlives_redaction(data: bytes) -> None:
    parsed = parse(redact(data))
    message = parsed.message if isinstance(parsed, Malformed) else parsed
    if message is None or (message.classic and data[0] >= 4):  # no cookie, and another protocol's first byte
        return
    for attribute in (*message.attributes, *message.ignored):
        assert attribute.type not in SENSITIVE or not any(attribute.value)


@given(methods, st.sampled_from(MessageClass), transaction_ids, attributes, sealings)
def test_a_message_reads_as_it_was_written(
    method: int, cls: MessageClass, transaction_id: bytes, written: list[tuple[int, bytes]], sealing: Sealing
) -> None:
    data = build(method, cls, transaction_id, written, sealing)
    message = parse(data)
    assert isinstance(message, Message)
    assert looks_like_stun(data)
    assert (message.method, message.cls, message.transaction_id) == (method, cls, transaction_id)
    assert [(a.type, a.value) for a in message.attributes if a.type not in CLOSING] == written
    assert verify(message, KEY) is (Integrity.VALID if sealing.key else Integrity.ABSENT)
    assert verify_fingerprint(message) is (Integrity.VALID if sealing.fingerprint else Integrity.ABSENT)


@given(addresses, st.one_of(transaction_ids, st.binary(min_size=16, max_size=16)))
def test_an_address_reads_as_it_was_written(address: Address, transaction_id: bytes) -> None:
    assert values.decode_address(values.encode_address(address)) == address
    assert values.decode_xor_address(values.encode_xor_address(address, transaction_id), transaction_id) == address


frames = st.one_of(messages, st.builds(encode_stream, st.integers(0x4000, 0x4FFF), st.binary(max_size=300)))


@settings(max_examples=50)
@given(st.lists(frames, max_size=6), st.data())
def test_a_stream_cut_anywhere_yields_the_same_messages(sent: list[bytes], cuts: Any) -> None:
    wire = b"\x01\x01\x00\x00" + MAGIC_COOKIE_BYTES + bytes(12) + b"".join(sent)
    whole, pieces = StreamFramer(), StreamFramer()
    expected = whole.feed(wire)
    at, received = 0, []
    while at < len(wire):
        step = cuts.draw(st.integers(1, 40))
        received += pieces.feed(wire[at : at + step])
        at += step
    assert received == expected
    assert len(expected) == 1 + len(sent)
    assert whole.broken is pieces.broken is None


@given(st.lists(any_bytes, max_size=4))
def test_no_stream_makes_the_framer_raise_or_hoard(chunks: list[bytes]) -> None:
    framer = StreamFramer()
    for chunk in chunks:
        framer.feed(chunk)
        assert framer.pending < 20 + 0x10000
        assert len(framer.evidence) <= 64
        assert not (framer.broken and framer.pending)
