import inspect
from collections.abc import Callable
from typing import Any

import pytest

from natprobe.address import Address
from natprobe.wire import attributes as values
from natprobe.wire.message import Message, build, parse
from natprobe.wire.registry import PROTOCOL_UDP, Attribute, MessageClass, Method
from natprobe.wire.seal import BARE

ID = bytes(range(12))
V4 = Address("203.0.113.10", 49512)
V6 = Address("2001:db8::10", 3478)


def message_with(*attributes: tuple[int, bytes]) -> Message:
    message = parse(build(Method.BINDING, MessageClass.SUCCESS, ID, attributes, BARE))
    assert isinstance(message, Message)
    return message


READINGS: list[tuple[Attribute, bytes, Callable[[Message], object], object]] = [
    (Attribute.MAPPED_ADDRESS, values.encode_address(V4), values.mapped_address, V4),
    (Attribute.MAPPED_ADDRESS, values.encode_address(V6), values.mapped_address, V6),
    (Attribute.XOR_MAPPED_ADDRESS, values.encode_xor_address(V4, ID), values.xor_mapped_address, V4),
    (Attribute.XOR_RELAYED_ADDRESS, values.encode_xor_address(V6, ID), values.xor_relayed_address, V6),
    (Attribute.XOR_PEER_ADDRESS, values.encode_xor_address(V4, ID), values.xor_peer_address, V4),
    (Attribute.ALTERNATE_SERVER, values.encode_address(V6), values.alternate_server, V6),
    (Attribute.RESPONSE_ORIGIN, values.encode_address(V4), values.response_origin, V4),
    (Attribute.OTHER_ADDRESS, values.encode_address(V4), values.other_address, V4),
    (Attribute.SOURCE_ADDRESS, values.encode_address(V4), values.source_address, V4),
    (Attribute.CHANGED_ADDRESS, values.encode_address(V4), values.changed_address, V4),
    (Attribute.REFLECTED_FROM, values.encode_address(V4), values.reflected_from, V4),
    (Attribute.RESPONSE_ADDRESS, values.encode_address(V4), values.response_address, V4),
    (
        Attribute.ERROR_CODE,
        values.encode_error_code(401, "Unauthorized"),
        values.error_code,
        values.ErrorCode(401, "Unauthorized"),
    ),
    (Attribute.UNKNOWN_ATTRIBUTES, b"\x00\x1b\x80\x55", values.unknown_attributes, (0x001B, 0x8055)),
    (
        Attribute.ADDRESS_ERROR_CODE,
        values.encode_address_error_code(6, 440, "no IPv6"),
        values.address_error_code,
        values.AddressErrorCode(6, 440, "no IPv6"),
    ),
    (
        Attribute.ICMP,
        bytes.fromhex("0000 0604 000005dc"),
        values.icmp,
        values.Icmp(type=3, code=4, data=1500),
    ),
    (Attribute.USERNAME, "ÿser".encode(), values.username, "ÿser"),
    (Attribute.REALM, b"example.org", values.realm, "example.org"),
    (Attribute.NONCE, b"\xff\x00", values.nonce, b"\xff\x00"),
    (Attribute.SOFTWARE, b"natprobe", values.software, "natprobe"),
    (Attribute.ALTERNATE_DOMAIN, b"turn.example.org", values.alternate_domain, "turn.example.org"),
    (Attribute.THIRD_PARTY_AUTHORIZATION, b"as.example.org", values.third_party_authorization, "as.example.org"),
    (Attribute.USERHASH, bytes(32), values.userhash_value, bytes(32)),
    (Attribute.PASSWORD_ALGORITHM, b"\0\2\0\0", values.password_algorithm, values.AlgorithmParameters(2)),
    (
        Attribute.PASSWORD_ALGORITHMS,
        b"\0\2\0\0\0\7\0\1x\0\0\0\0\1\0\0",
        values.password_algorithms,
        (values.AlgorithmParameters(2), values.AlgorithmParameters(7, b"x"), values.AlgorithmParameters(1)),
    ),
    (
        Attribute.NONCE,
        b"obMatJos2wAAAxyz",
        values.security_features,
        values.SecurityFeatures(password_algorithms=True, username_anonymity=True),
    ),
    (Attribute.ACCESS_TOKEN, b"token", values.access_token, b"token"),
    (Attribute.LIFETIME, values.encode_u32(600), values.lifetime_s, 600),
    (Attribute.DATA, b"\0\xff", values.data, b"\0\xff"),
    (Attribute.CHANNEL_NUMBER, values.encode_channel_number(0x4001), values.channel_number, 0x4001),
    (
        Attribute.REQUESTED_TRANSPORT,
        values.encode_requested_transport(PROTOCOL_UDP),
        values.requested_transport,
        PROTOCOL_UDP,
    ),
    (Attribute.REQUESTED_ADDRESS_FAMILY, values.encode_family(6), values.requested_address_family, 6),
    (Attribute.ADDITIONAL_ADDRESS_FAMILY, values.encode_family(4), values.additional_address_family, 4),
    (Attribute.EVEN_PORT, values.EVEN_PORT, values.even_port, False),
    (Attribute.EVEN_PORT, values.EVEN_PORT_RESERVING_NEXT, values.even_port, True),
    (Attribute.DONT_FRAGMENT, b"", values.dont_fragment, True),
    (Attribute.RESERVATION_TOKEN, b"12345678", values.reservation_token, b"12345678"),
    (Attribute.CONNECTION_ID, values.encode_u32(7), values.connection_id, 7),
    (Attribute.MOBILITY_TICKET, b"ticket", values.mobility_ticket, b"ticket"),
    (
        Attribute.CHANGE_REQUEST,
        b"\0\0\0\6",
        values.change_request,
        values.ChangeRequest(change_ip=True, change_port=True),
    ),
    (Attribute.RESPONSE_PORT, values.encode_response_port(3479), values.response_port, 3479),
    (Attribute.RESPONSE_PORT, b"\x0d\x97", values.response_port, 3479),
    (Attribute.PADDING, values.encode_padding(5), values.padding, bytes(8)),
    (Attribute.CACHE_TIMEOUT, values.encode_u32(30), values.cache_timeout_s, 30),
    (
        Attribute.TRANSACTION_TRANSMIT_COUNTER,
        values.encode_transmit_counter(values.TransmitCounter(3, 1)),
        values.transmit_counter,
        values.TransmitCounter(3, 1),
    ),
    (Attribute.PRIORITY, values.encode_u32(1677729535), values.priority, 1677729535),
    (Attribute.USE_CANDIDATE, b"", values.use_candidate, True),
    (Attribute.ICE_CONTROLLED, values.encode_u64(1 << 63), values.ice_controlled, 1 << 63),
    (Attribute.ICE_CONTROLLING, values.encode_u64(1), values.ice_controlling, 1),
]


@pytest.mark.parametrize(("type_", "value", "getter", "expected"), READINGS)
def test_each_getter_reads_its_attribute(
    type_: Attribute, value: bytes, getter: Callable[[Message], object], expected: object
) -> None:
    assert getter(message_with((type_, value))) == expected
    assert getter(message_with()) is None


def test_no_getter_is_left_unread_by_the_table_above() -> None:
    read = {getter for _, _, getter, _ in READINGS} | {values.xor_peer_addresses, values.xor_relayed_addresses}
    getters = {
        value
        for name, value in inspect.getmembers(values, inspect.isfunction)
        if name in values.__all__ and tuple(inspect.signature(value).parameters) == ("message",)
    }
    assert getters == read


MALFORMED: list[tuple[Attribute, Callable[[Message], object], list[bytes]]] = [
    (
        Attribute.MAPPED_ADDRESS,
        values.mapped_address,
        [b"", b"\0\1\0", bytes(8), b"\0\1" + bytes(7), b"\0\2" + bytes(6), b"\0\3" + bytes(18)],
    ),
    (Attribute.XOR_MAPPED_ADDRESS, values.xor_mapped_address, [b"", b"\0\1" + bytes(5), b"\0\2" + bytes(19)]),
    (Attribute.ERROR_CODE, values.error_code, [b"", bytes(3), b"\0\0\4\x64", b"\0\0\2\1", b"\0\0\7\0", bytes(4)]),
    (Attribute.ADDRESS_ERROR_CODE, values.address_error_code, [b"", b"\3\0\4\0", b"\1\0\2\0", b"\1\0\4"]),
    (Attribute.UNKNOWN_ATTRIBUTES, values.unknown_attributes, [b"\0"]),
    (Attribute.ICMP, values.icmp, [b"", bytes(7), bytes(9)]),
    (Attribute.LIFETIME, values.lifetime_s, [b"", bytes(3), bytes(8)]),
    (Attribute.CHANNEL_NUMBER, values.channel_number, [b"\x40\x01", b"\x50\0\0\0", b"\x3f\xff\0\0"]),
    (Attribute.REQUESTED_TRANSPORT, values.requested_transport, [b"\x11"]),
    (Attribute.REQUESTED_ADDRESS_FAMILY, values.requested_address_family, [b"\1", b"\3\0\0\0"]),
    (Attribute.EVEN_PORT, values.even_port, [b"", bytes(2)]),
    (Attribute.DONT_FRAGMENT, values.dont_fragment, [b"\0"]),
    (Attribute.RESERVATION_TOKEN, values.reservation_token, [bytes(7), bytes(9)]),
    (Attribute.CHANGE_REQUEST, values.change_request, [b"", bytes(3)]),
    (Attribute.RESPONSE_PORT, values.response_port, [b"", bytes(3)]),
    (Attribute.TRANSACTION_TRANSMIT_COUNTER, values.transmit_counter, [bytes(3)]),
    (Attribute.ICE_CONTROLLED, values.ice_controlled, [bytes(4)]),
    (Attribute.USERHASH, values.userhash_value, [bytes(31)]),
    (Attribute.PASSWORD_ALGORITHM, values.password_algorithm, [b"", bytes(8), b"\0\1\0\1"]),
    (Attribute.PASSWORD_ALGORITHMS, values.password_algorithms, [bytes(2), b"\0\1\0\5abcd"]),
    (Attribute.NONCE, values.security_features, [b"plain", b"obMatJos2", b"obMatJos2*AAA", b"obMatJos2AA=="]),
]


@pytest.mark.parametrize(("type_", "getter", "broken"), MALFORMED)
def test_a_malformed_value_reads_as_none(
    type_: Attribute, getter: Callable[[Message], object], broken: list[bytes]
) -> None:
    for value in broken:
        assert getter(message_with((type_, value))) is None, value


def test_no_getter_takes_one_attribute_for_another() -> None:
    message = message_with((Attribute.MAPPED_ADDRESS, values.encode_address(V4)))
    assert values.xor_mapped_address(message) is None


def test_a_malformed_first_attribute_is_not_excused_by_a_second() -> None:
    message = message_with((Attribute.LIFETIME, b"\0"), (Attribute.LIFETIME, values.encode_u32(600)))
    assert values.lifetime_s(message) is None


def test_all_addresses_of_a_dual_allocation_are_read() -> None:
    both = [(Attribute.XOR_RELAYED_ADDRESS, values.encode_xor_address(address, ID)) for address in (V4, V6)]
    message = message_with(*both, (Attribute.XOR_RELAYED_ADDRESS, b"broken"))
    assert values.xor_relayed_addresses(message) == (V4, V6)
    peers = message_with((Attribute.XOR_PEER_ADDRESS, values.encode_xor_address(V6, ID)))
    assert values.xor_peer_addresses(peers) == (V6,)


def test_a_classic_xor_address_is_masked_by_all_sixteen_bytes_of_the_transaction_id() -> None:
    long_id = bytes(range(16))
    value = values.encode_xor_address(V4, long_id)
    assert value[4:] == bytes(a ^ b for a, b in zip(V4.ip.packed, long_id[:4], strict=True))
    assert values.decode_xor_address(value, long_id) == V4


def test_the_reserved_byte_of_an_address_is_ignored_on_receipt() -> None:
    assert values.decode_address(b"\xff" + values.encode_address(V4)[1:]) == V4


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (b"Coturn-4.6.1\x00\x00", "Coturn-4.6.1"),
        (b"red \x1b[31mtext\x9b", "red [31mtext\\x9b"),
        ("a\u202eb\u2028c\u0085d".encode(), "abcd"),
        (b"\xff\xfe", "\\xff\\xfe"),
        ("\u540d\u524d ok".encode(), "\u540d\u524d ok"),
        (b"", ""),
    ],
)
def test_text_is_made_safe_to_show(value: bytes, shown: str) -> None:
    assert values.decode_text(value) == shown


def test_the_reason_of_an_error_loses_coturns_nuls() -> None:
    error = values.decode_error_code(b"\0\0\4\1Unauthorized\0\0\0\0")
    assert error == values.ErrorCode(401, "Unauthorized")


@pytest.mark.parametrize(
    ("encode", "arguments"),
    [
        (values.encode_error_code, (299, "")),
        (values.encode_error_code, (700, "")),
        (values.encode_address, (Address("turn.example.org", 3478),)),
        (values.encode_address, (Address("192.0.2.1", 65536),)),
        (values.encode_u32, (1 << 32,)),
        (values.encode_u32, (-1,)),
    ],
)
def test_a_value_out_of_range_is_refused_when_encoding(encode: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    with pytest.raises((ValueError, OverflowError)):
        encode(*arguments)


def test_encoders_are_the_way_back_of_decoders() -> None:
    change = values.ChangeRequest(change_port=True)
    assert values.decode_change_request(values.encode_change_request(change)) == change
    error = values.Icmp(type=127, code=511, data=0xFFFFFFFF)
    assert values.decode_icmp(values.encode_icmp(error)) == error
    types = (0x0001, 0x8055)
    assert values.decode_unknown_attributes(values.encode_unknown_attributes(types)) == types
    entries = (values.AlgorithmParameters(2, b"xyz"), values.AlgorithmParameters(1))
    assert values.decode_password_algorithms(values.encode_password_algorithms(entries)) == entries
    assert values.decode_text(values.encode_text("\u540d")) == "\u540d"


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (values.encode_channel_number(0x4001), "40010000"),
        (values.encode_requested_transport(17), "11000000"),
        (values.encode_response_port(3478), "0d960000"),
        (values.encode_change_request(values.ChangeRequest(change_ip=True, change_port=False)), "00000004"),
        (values.encode_change_request(values.ChangeRequest(change_ip=False, change_port=True)), "00000002"),
        (values.encode_change_request(values.ChangeRequest(change_ip=True, change_port=True)), "00000006"),
        (values.encode_family(4), "01000000"),
        (values.encode_family(6), "02000000"),
        (values.encode_u64(1), "0000000000000001"),
    ],
)
def test_a_value_is_written_as_its_rfc_draws_it(written: bytes, value: str) -> None:
    """RFC 8656 section 18 and RFC 5780 section 7."""
    assert written.hex() == value


@pytest.mark.parametrize(("number", "read"), [(0x3FFF, None), (0x4000, 0x4000), (0x4FFF, 0x4FFF), (0x5000, None)])
def test_a_channel_number_is_one_of_rfc_8656(number: int, read: int | None) -> None:
    assert values.channel_number(message_with((Attribute.CHANNEL_NUMBER, values.encode_channel_number(number)))) == read


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_has_16_bits(port: int) -> None:
    for highest in (0, 65535):
        assert values.decode_address(values.encode_address(Address("192.0.2.1", highest))) == Address(
            "192.0.2.1", highest
        )
    with pytest.raises(ValueError, match="port"):
        values.encode_address(Address("192.0.2.1", port))
