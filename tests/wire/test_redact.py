from collections.abc import Callable

import pytest

from natprobe.wire.channel import encode_datagram, encode_stream
from natprobe.wire.message import Message, build, parse
from natprobe.wire.redact import SENSITIVE, redact
from natprobe.wire.registry import Attribute, MessageClass, Method
from natprobe.wire.seal import BARE, Sealing

ID = bytes(range(12))
TOKEN = b"hush-hush"


def stun(*attributes: tuple[int, bytes], sealing: Sealing = BARE) -> bytes:
    return build(Method.SEND, MessageClass.INDICATION, ID, attributes, sealing)


def read(data: bytes) -> Message:
    message = parse(data)
    assert isinstance(message, Message), message
    return message


@pytest.mark.parametrize("type_", Attribute)
def test_what_is_sensitive_is_zeroed_and_nothing_else(type_: Attribute) -> None:
    data = stun((Attribute.SOFTWARE, b"before"), (type_, TOKEN), (Attribute.REALM, b"behind"))
    kept = redact(data)
    assert kept == (data.replace(TOKEN, bytes(len(TOKEN))) if type_ in SENSITIVE else data)


def test_a_sealed_message_loses_its_integrity_value_and_the_fingerprint_over_it() -> None:
    kept = read(redact(stun((Attribute.LIFETIME, bytes(4)), sealing=Sealing(key=b"k"))))
    assert kept.value(Attribute.MESSAGE_INTEGRITY) == bytes(20)
    assert kept.value(Attribute.FINGERPRINT) == bytes(4)


def test_a_message_without_secrets_keeps_its_fingerprint() -> None:
    data = stun((Attribute.SOFTWARE, b"natprobe"), sealing=Sealing())
    assert redact(data) == data


WRAPPINGS: list[Callable[[bytes], bytes]] = [
    lambda data: stun((Attribute.DATA, data)),
    lambda data: encode_datagram(0x4001, data),
    lambda data: encode_stream(0x4001, b"abc") + encode_stream(0x4002, data),
    lambda data: stun((Attribute.DATA, encode_datagram(0x4001, stun((Attribute.DATA, data))))),
    lambda data: stun() + data,
    lambda data: stun((Attribute.SOFTWARE, b"abc")) + stun((Attribute.SOFTWARE, b"natprobe"), (Attribute.DATA, data)),
    lambda data: data + b"\x00\x00\x00\x00\x00",
]


@pytest.mark.parametrize("wrap", WRAPPINGS)
def test_secrets_are_found_inside_wrappings(wrap: Callable[[bytes], bytes]) -> None:
    data = wrap(stun((Attribute.NONCE, TOKEN)))
    assert redact(data) == data.replace(TOKEN, bytes(len(TOKEN)))


@pytest.mark.parametrize(
    "wrap", [lambda data: stun((Attribute.DATA, data)), lambda data: encode_datagram(0x4001, data)]
)
def test_what_is_wrapped_too_deep_to_follow_is_zeroed_whole(wrap: Callable[[bytes], bytes]) -> None:
    data = stun((Attribute.SOFTWARE, b"natprobe"))
    for _ in range(4):
        data = wrap(data)
    assert redact(data) == data
    assert b"natprobe" not in redact(wrap(data))
    for _ in range(1200):  # as deep as a datagram can be, and deeper than calls may be
        data = wrap(data)
    assert len(redact(data)) == len(data)
    assert b"natprobe" not in redact(data)


def classic(*attributes: tuple[int, bytes], first: int = 0) -> bytes:
    """A message of RFC 3489, which has no cookie."""
    data = stun(*attributes)
    return bytes((first,)) + data[1:4] + bytes(4) + data[8:]


@pytest.mark.parametrize(
    "data",
    [
        stun((Attribute.DATA, classic((Attribute.NONCE, TOKEN)))),
        encode_datagram(0x4001, classic((Attribute.NONCE, TOKEN))),
        classic((Attribute.NONCE, TOKEN), first=4),
        b"\x80" + stun((Attribute.NONCE, TOKEN))[1:],
        stun((Attribute.SOFTWARE, stun((Attribute.NONCE, TOKEN)))),
        stun((Attribute.NONCE, TOKEN))[:8],
    ],
)
def test_what_only_resembles_a_message_is_somebody_elses_data(data: bytes) -> None:
    assert redact(data) == data


def test_a_classic_message_is_one_at_the_outside() -> None:
    assert TOKEN not in redact(classic((Attribute.NONCE, TOKEN)))


DAMAGES: list[Callable[[bytes], bytes]] = [
    lambda data: data[:-5],
    lambda data: data + b"trailing",
    lambda data: data[:2] + b"\x00\x00" + data[4:],
    lambda data: data[:2] + b"\xff\xff" + data[4:],
    lambda data: data[:2] + b"\x00\x03" + data[4:],
    lambda data: data[:4] + bytes(4) + data[8:],
    lambda data: data[:2] + b"\x00\x00" + data[4:20] + b"\x80\x22\x00\x04" + data[4:8] + data[20:],
    lambda data: data.replace(len(TOKEN).to_bytes(2) + TOKEN, b"\xff\xff" + TOKEN),
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_secrets_are_found_in_damaged_messages(damage: Callable[[bytes], bytes]) -> None:
    data = damage(stun((Attribute.SOFTWARE, b"x"), (Attribute.NONCE, TOKEN)))
    kept = redact(data)
    assert len(kept) == len(data)
    assert TOKEN[:4] in data
    assert TOKEN[:4] not in kept


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x40\x00\x00", b"\x16\x03\x01\x00", bytes(range(200, 250))])
def test_other_bytes_are_kept_as_they_are(data: bytes) -> None:
    assert redact(data) == data


def test_application_data_that_is_no_stun_is_kept_as_it_is() -> None:
    media = bytes(range(24))
    assert redact(encode_datagram(0x4001, media)) == encode_datagram(0x4001, media)
