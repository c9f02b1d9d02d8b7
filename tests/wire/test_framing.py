import pytest

from natprobe.wire.channel import encode_datagram, encode_stream
from natprobe.wire.framing import EVIDENCE_LENGTH, StreamFramer
from natprobe.wire.message import build
from natprobe.wire.registry import Attribute, MessageClass, Method

ID = bytes(range(12))
BINDING = build(Method.BINDING, MessageClass.REQUEST, ID, [(Attribute.SOFTWARE, b"natprobe")])


def stream() -> tuple[bytes, list[bytes]]:
    """A stream and the messages in it."""
    payloads = [b"", b"a", b"ab", b"abc", b"abcd", bytes(range(256))]
    messages = [BINDING, *(encode_datagram(0x4001, payload) for payload in payloads), BINDING]
    wire = BINDING + b"".join(encode_stream(0x4001, payload) for payload in payloads) + BINDING
    return wire, messages


@pytest.mark.parametrize("size", [1, 2, 3, 5, 19, 21, 64, 10_000])
def test_a_stream_is_split_alike_however_it_arrives(size: int) -> None:
    wire, messages = stream()
    framer = StreamFramer()
    split = [frame for at in range(0, len(wire), size) for frame in framer.feed(wire[at : at + size])]
    assert split == messages
    assert framer.broken is None
    assert framer.pending == 0


def test_a_message_is_handed_out_with_its_last_byte_and_its_padding() -> None:
    framer = StreamFramer()
    wire = encode_stream(0x4001, b"abcde")
    assert framer.feed(BINDING) == [BINDING]
    assert framer.feed(wire[:-1]) == []
    assert framer.pending == len(wire) - 1
    assert framer.feed(wire[-1:]) == [encode_datagram(0x4001, b"abcde")]


FOREIGN = [
    (b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n", "an HTTP response"),
    (b"<html><body>", "an HTML page"),
    (b"SSH-2.0-OpenSSH_9.2p1\r\n", "an SSH server's greeting"),
    (b"\x15\x03\x01\x00\x02\x02\x28", "a TLS alert"),
    (b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76", "a TLS handshake record"),
    (b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", "a PROXY protocol header"),
    (b"\r\n\r\n\x00\r\nQUIT\n\x21\x11", "a PROXY protocol header, version 2"),
]


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize(("wire", "name"), FOREIGN)
def test_another_protocol_is_named_and_its_first_bytes_kept(wire: bytes, name: str, size: int) -> None:
    framer = StreamFramer()
    for at in range(0, len(wire), size):
        assert framer.feed(wire[at : at + size]) == []
    assert framer.broken == f"the stream is no STUN: it starts with {name}"
    assert framer.evidence == wire[:EVIDENCE_LENGTH]
    assert framer.pending == 0


@pytest.mark.parametrize(
    ("wire", "trouble"),
    [
        (b"\x80abc", "no message starts with the byte 0x80"),
        (b"\x50\x00", "no message starts with the byte 0x50"),
        (b"\x01\x01\x00\x05" + bytes(20), "a STUN header claims 5 bytes of attributes, which is no multiple of 4"),
        (b"\x01\x01\x00\x04" + bytes(20), "a STUN header has no magic cookie"),
        (b"\x01\x01\x00\x04\x21\x12\xa5", "a STUN header has no magic cookie"),
    ],
)
def test_a_stream_that_loses_its_way_says_where_and_why(wire: bytes, trouble: str) -> None:
    at_start, later = StreamFramer(), StreamFramer()
    assert at_start.feed(wire) == []
    assert at_start.broken == f"the stream is no STUN at its start: {trouble}"
    assert later.feed(BINDING + BINDING + wire) == [BINDING, BINDING]
    assert later.broken == f"the stream is no STUN after 2 messages: {trouble}"
    assert later.evidence == wire


def test_a_broken_stream_keeps_no_more_than_its_evidence() -> None:
    framer = StreamFramer()
    for _ in range(1000):
        assert framer.feed(b"\xff" * 1000) == []
    assert framer.evidence == b"\xff" * EVIDENCE_LENGTH
    assert framer.pending == 0


def test_a_broken_stream_stays_broken() -> None:
    framer = StreamFramer()
    framer.feed(b"\xff")
    assert framer.feed(BINDING) == []
    assert framer.broken is not None


def test_an_unfinished_message_never_holds_more_than_the_largest_message() -> None:
    framer = StreamFramer()
    framer.feed(BINDING + b"\x40\x00\xff\xff" + bytes(65535))
    assert framer.pending == 4 + 65535
    assert len(framer.feed(b"\x00")) == 1
    assert framer.pending == 0
