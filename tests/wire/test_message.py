import pytest

from natprobe.address import Address
from natprobe.wire import attributes as values
from natprobe.wire.message import (
    Malformed,
    Message,
    build,
    looks_like_stun,
    message_type,
    parse,
    split_message_type,
    unknown_required,
)
from natprobe.wire.registry import Attribute, MessageClass, Method
from natprobe.wire.seal import BARE, Sealing

ID = bytes(range(12))


def binding(*attributes: tuple[int, bytes], sealing: Sealing = BARE) -> bytes:
    return build(Method.BINDING, MessageClass.REQUEST, ID, attributes, sealing)


def read(data: bytes) -> Message:
    message = parse(data)
    assert isinstance(message, Message), message
    return message


def trouble(data: bytes) -> Malformed:
    malformed = parse(data)
    assert isinstance(malformed, Malformed), malformed
    return malformed


def longer(data: bytes, more: bytes) -> bytes:
    """`data` with `more` behind it and the header's length set to hold both."""
    return data[:2] + (len(data) + len(more) - 20).to_bytes(2) + data[4:] + more


@pytest.mark.parametrize(
    ("method", "cls", "type_"),
    [
        (Method.BINDING, MessageClass.REQUEST, 0x0001),
        (Method.BINDING, MessageClass.INDICATION, 0x0011),
        (Method.BINDING, MessageClass.SUCCESS, 0x0101),
        (Method.BINDING, MessageClass.ERROR, 0x0111),
        (Method.ALLOCATE, MessageClass.SUCCESS, 0x0103),
        (Method.DATA, MessageClass.INDICATION, 0x0017),
        (Method.GOOG_PING, MessageClass.REQUEST, 0x0200),
        (0xFFF, MessageClass.ERROR, 0x3FFF),
    ],
)
def test_method_and_class_interleave_as_in_figure_3(method: int, cls: MessageClass, type_: int) -> None:
    assert message_type(method, cls) == type_
    assert split_message_type(type_) == (method, cls)


def test_every_message_type_goes_there_and_back() -> None:
    for type_ in range(0x4000):
        assert message_type(*split_message_type(type_)) == type_


def test_a_message_reads_as_it_was_built() -> None:
    data = binding((Attribute.SOFTWARE, b"abc"), (0x8055, b""))
    message = read(data)
    assert (message.method, message.cls, message.transaction_id) == (Method.BINDING, MessageClass.REQUEST, ID)
    assert [(a.type, a.value, a.offset) for a in message.attributes] == [(0x8022, b"abc", 20), (0x8055, b"", 28)]
    assert message.raw == data
    assert not message.classic


def test_a_message_without_cookie_is_read_as_rfc_3489_wrote_it() -> None:
    long_id = bytes(range(16))
    data = build(Method.BINDING, MessageClass.REQUEST, long_id, sealing=BARE)
    message = read(data)
    assert len(data) == 20
    assert message.classic
    assert message.transaction_id == long_id
    assert not looks_like_stun(data)


def test_the_first_of_two_attributes_counts() -> None:
    message = read(binding((Attribute.SOFTWARE, b"first"), (Attribute.SOFTWARE, b"second")))
    assert values.software(message) == "first"
    assert message.values(Attribute.SOFTWARE) == (b"first", b"second")


@pytest.mark.parametrize(
    ("closing", "may_follow"),
    [
        (Attribute.MESSAGE_INTEGRITY, {Attribute.MESSAGE_INTEGRITY_SHA256, Attribute.FINGERPRINT}),
        (Attribute.MESSAGE_INTEGRITY_SHA256, {Attribute.FINGERPRINT}),
        (Attribute.FINGERPRINT, set()),
    ],
)
def test_what_follows_the_end_of_a_message_is_ignored(closing: Attribute, may_follow: set[Attribute]) -> None:
    for following in Attribute:
        message = read(binding((closing, bytes(20)), (following, bytes(4))))
        assert len(message.ignored) == (0 if following in may_follow else 1)
        assert len(message.attributes) + len(message.ignored) == 2


def test_an_ignored_attribute_reaches_no_getter() -> None:
    forged = (Attribute.ALTERNATE_SERVER, values.encode_address(Address("203.0.113.66", 3478)))
    message = read(longer(binding(sealing=Sealing(key=b"k")), binding(forged)[20:]))
    assert values.alternate_server(message) is None
    assert [a.type for a in message.ignored] == [Attribute.ALTERNATE_SERVER]


def test_attributes_between_the_two_integrity_values_are_ignored_but_the_second_still_counts() -> None:
    message = read(
        binding(
            (Attribute.MESSAGE_INTEGRITY, bytes(20)),
            (Attribute.LIFETIME, bytes(4)),
            (Attribute.MESSAGE_INTEGRITY_SHA256, bytes(32)),
        )
    )
    assert values.lifetime_s(message) is None
    assert message.has(Attribute.MESSAGE_INTEGRITY_SHA256)


@pytest.mark.parametrize("length", range(20))
def test_less_than_a_header_is_described(length: int) -> None:
    malformed = trouble(bytes(length))
    assert malformed.problem == f"a STUN header has 20 bytes, {length} came"
    assert malformed.message is None


def test_bytes_of_another_protocol_are_described() -> None:
    assert trouble(b"\x80" + bytes(30)).problem == "the first two bits are not zero (first byte 0x80)"


def test_a_truncated_attribute_is_described_not_raised() -> None:
    data = binding((Attribute.SOFTWARE, b"natprobe"), (Attribute.USERNAME, bytes(12)))
    lying = data.replace(b"\x00\x06\x00\x0c", b"\x00\x06\x03\x84")
    malformed = trouble(lying)
    assert malformed.problem == "attribute 0x0006 claims 900 bytes, 12 remain"
    assert malformed.offset == 32
    assert malformed.message is not None
    assert values.software(malformed.message) == "natprobe"


def test_a_length_that_is_no_multiple_of_four_is_described() -> None:
    data = bytearray(binding((Attribute.SOFTWARE, b"natprobe")))
    data[3] = 11
    assert trouble(bytes(data[:31])).problem == "the header claims 11 bytes of attributes, which is no multiple of 4"


def test_a_message_cut_short_is_described_with_what_came() -> None:
    malformed = trouble(binding((Attribute.SOFTWARE, b"natprobe"), (Attribute.NONCE, bytes(16)))[:-6])
    assert malformed.problem == "the header claims 32 bytes of attributes, 26 came"
    assert malformed.message is not None
    assert values.software(malformed.message) == "natprobe"


def test_bytes_that_trail_after_the_message_are_described() -> None:
    malformed = trouble(binding() + b"abc")
    assert (malformed.problem, malformed.offset) == ("bytes trail after the message: 3", 20)


def test_unknown_required_names_each_type_once_and_no_optional_one() -> None:
    message = read(binding((0x7001, b""), (0x8055, b""), (0x0030, b""), (0x7001, b""), (Attribute.USERNAME, b"")))
    assert unknown_required(message) == (0x7001, 0x0030)
    assert unknown_required(message, known=(0x7001, 0x0030)) == (Attribute.USERNAME,)


def test_the_padding_of_an_attribute_may_hold_anything() -> None:
    data = binding((Attribute.SOFTWARE, b"abc"))
    assert values.software(read(data[:-1] + b"\xff")) == "abc"


@pytest.mark.parametrize(
    ("method", "transaction_id", "attributes"),
    [
        (0x1000, ID, []),
        (-1, ID, []),
        (Method.BINDING, bytes(11), []),
        (Method.BINDING, ID, [(Attribute.DATA, bytes(0x10000))]),
        (Method.BINDING, ID, [(Attribute.DATA, bytes(0x8000)), (Attribute.DATA, bytes(0x8000))]),
    ],
)
def test_what_does_not_fit_its_field_is_refused_when_building(
    method: int, transaction_id: bytes, attributes: list[tuple[int, bytes]]
) -> None:
    with pytest.raises(ValueError, match=r"bytes|bits"):
        build(method, MessageClass.REQUEST, transaction_id, attributes)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[:-1],
        lambda data: data + bytes(4),
        lambda data: data[:4] + bytes(4) + data[8:],
        lambda data: b"\x04" + data[1:],
        lambda data: data[:0],
    ],
)
def test_looks_like_stun_takes_one_whole_message_alone(spoil: object) -> None:
    data = binding((Attribute.SOFTWARE, b"natprobe"))
    assert callable(spoil)
    assert looks_like_stun(data)
    assert not looks_like_stun(spoil(data))


def test_the_repr_of_a_message_shows_no_value() -> None:
    message = read(binding((Attribute.ACCESS_TOKEN, b"hush-hush")))
    assert "hush" not in repr(message) + repr(message.attributes)
    assert "ACCESS-TOKEN, 9 bytes at 20" in repr(message.attributes)
