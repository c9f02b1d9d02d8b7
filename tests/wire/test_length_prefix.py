import pytest

from natprobe.wire.framing import EVIDENCE_LENGTH
from natprobe.wire.length_prefix import LengthFramer
from natprobe.wire.message import build
from natprobe.wire.registry import Attribute, MessageClass, Method

CHECK = build(Method.BINDING, MessageClass.REQUEST, bytes(range(12)), [(Attribute.SOFTWARE, b"natprobe")])
MESSAGES = [CHECK, b"", b"\x80rtp", b"\x16\xfe\xffdtls", bytes(65535), CHECK]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000, 100_000])
def test_what_was_wrapped_comes_out_however_it_arrives(size: int) -> None:
    framer = LengthFramer()
    stream = b"".join(map(framer.wrap, MESSAGES))
    split = [each for at in range(0, len(stream), size) for each in framer.feed(stream[at : at + size])]
    assert split == MESSAGES
    assert framer.broken is None


def test_the_length_stands_in_two_bytes_and_network_order() -> None:
    assert LengthFramer().wrap(CHECK) == bytes([0, len(CHECK)]) + CHECK
    with pytest.raises(OverflowError):
        LengthFramer().wrap(bytes(65536))


@pytest.mark.parametrize(
    ("stream", "said"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "no STUN message starts with the byte 0x54"),
        (b"SSH-2.0-OpenSSH_9.2p1\r\n", "no STUN message starts with the byte 0x48"),
        (b"\x15\x03\x03\x00\x02\x02\x32", "a STUN header claims 514 bytes of attributes, which is no multiple of 4"),
        (b"\x00\x08\x40\x01\x00\x04abcd", "no STUN message starts with the byte 0x40"),
        (b"\x00\x14\x00\x01\x00\x00" + bytes(16), "a STUN header has no magic cookie"),
    ],
)
@pytest.mark.parametrize("size", [1, 100])
def test_another_protocol_is_told_at_its_first_bytes(stream: bytes, said: str, size: int) -> None:
    framer = LengthFramer()
    assert not any(framer.feed(stream[at : at + size]) for at in range(0, len(stream), size))
    assert framer.broken == f"the stream is no ICE over TCP: {said}"
    assert stream.startswith(framer.evidence[:3])
    assert len(framer.evidence) <= EVIDENCE_LENGTH


def test_what_follows_the_first_message_may_be_anything() -> None:
    framer = LengthFramer()
    assert framer.feed(framer.wrap(CHECK)) == [CHECK]
    assert framer.feed(framer.wrap(b"HTTP/1.1")) == [b"HTTP/1.1"]
