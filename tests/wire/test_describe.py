import pytest

from natprobe.address import Address
from natprobe.wire import attributes as values
from natprobe.wire.channel import encode_datagram
from natprobe.wire.describe import describe
from natprobe.wire.message import build
from natprobe.wire.registry import Attribute, MessageClass, Method
from natprobe.wire.seal import BARE, Sealing

ID = bytes(range(12))
RELAYED = (Attribute.XOR_RELAYED_ADDRESS, values.encode_xor_address(Address("203.0.113.10", 49512), ID))


def stun(method: Method, cls: MessageClass, *attributes: tuple[int, bytes], sealing: Sealing = BARE) -> bytes:
    return build(method, cls, ID, attributes, sealing)


ALLOCATED = stun(Method.ALLOCATE, MessageClass.SUCCESS, RELAYED, (Attribute.LIFETIME, values.encode_u32(600)))


def test_an_answer_reads_as_one_line() -> None:
    assert describe(ALLOCATED) == "Allocate success response, XOR-RELAYED-ADDRESS 203.0.113.10:49512, LIFETIME 600"


@pytest.mark.parametrize(
    ("type_", "value", "shown"),
    [
        (Attribute.ERROR_CODE, b"\0\0\4\1Unauthorized\0", "ERROR-CODE 401 Unauthorized"),
        (Attribute.ERROR_CODE, b"\0\0\4\x26", "ERROR-CODE 438 Stale Nonce"),
        (Attribute.ERROR_CODE, b"\0\0\6\x63", "ERROR-CODE 699"),
        (Attribute.ERROR_CODE, b"\0\0\4", "ERROR-CODE malformed (3 bytes)"),
        (Attribute.ADDRESS_ERROR_CODE, b"\2\0\4\x28", "ADDRESS-ERROR-CODE IPv6 440 Address Family not Supported"),
        (Attribute.UNKNOWN_ATTRIBUTES, b"\x00\x1a\x80\x55", "UNKNOWN-ATTRIBUTES DONT-FRAGMENT 0x8055"),
        (Attribute.UNKNOWN_ATTRIBUTES, b"", "UNKNOWN-ATTRIBUTES none"),
        (Attribute.OTHER_ADDRESS, values.encode_address(Address("2001:db8::1", 1)), "OTHER-ADDRESS [2001:db8::1]:1"),
        (Attribute.XOR_PEER_ADDRESS, b"", "XOR-PEER-ADDRESS malformed (0 bytes)"),
        (Attribute.SOFTWARE, b"a\x1b[0m\nb", 'SOFTWARE "a[0mb"'),
        (Attribute.REALM, b"r" * 700, f'REALM "{"r" * 63}…"'),
        (Attribute.REQUESTED_TRANSPORT, b"\x11\0\0\0", "REQUESTED-TRANSPORT UDP"),
        (Attribute.REQUESTED_TRANSPORT, b"\x84\0\0\0", "REQUESTED-TRANSPORT protocol 132"),
        (Attribute.REQUESTED_ADDRESS_FAMILY, b"\2\0\0\0", "REQUESTED-ADDRESS-FAMILY IPv6"),
        (Attribute.CHANGE_REQUEST, b"\0\0\0\6", "CHANGE-REQUEST address and port"),
        (Attribute.CHANGE_REQUEST, b"\0\0\0\0", "CHANGE-REQUEST nothing"),
        (Attribute.CHANNEL_NUMBER, b"\x40\x01\0\0", "CHANNEL-NUMBER 0x4001"),
        (Attribute.EVEN_PORT, b"\x80", "EVEN-PORT and the next reserved"),
        (Attribute.PASSWORD_ALGORITHMS, b"\0\2\0\0\0\1\0\0\0\7\0\0", "PASSWORD-ALGORITHMS SHA-256 MD5 0x0007"),
        (Attribute.ICMP, bytes.fromhex("0000 0604 000005dc"), "ICMP type 3 code 4 data 1500"),
        (Attribute.ICE_CONTROLLING, bytes(7) + b"\1", "ICE-CONTROLLING 0x0000000000000001"),
        (Attribute.DONT_FRAGMENT, b"", "DONT-FRAGMENT"),
        (Attribute.PADDING, bytes(4), "PADDING (4 bytes)"),
        (Attribute.DATA, b"x", "DATA (1 byte)"),
        (0x8055, b"abc", "0x8055 (3 bytes)"),
    ],
)
def test_each_value_reads_in_words(type_: int, value: bytes, shown: str) -> None:
    described = describe(stun(Method.ALLOCATE, MessageClass.ERROR, (type_, value)))
    assert described == f"Allocate error response, {shown}"


def test_secrets_are_named_but_not_shown() -> None:
    tokens = [
        (type_, b"hush-hush-hush-!")
        for type_ in (Attribute.NONCE, Attribute.ACCESS_TOKEN, Attribute.MOBILITY_TICKET, Attribute.PASSWORD)
    ]
    described = describe(stun(Method.ALLOCATE, MessageClass.REQUEST, *tokens, sealing=Sealing(key=b"k")))
    assert described == (
        "Allocate request, NONCE, ACCESS-TOKEN, MOBILITY-TICKET, PASSWORD, MESSAGE-INTEGRITY, FINGERPRINT"
    )


def test_relayed_stun_is_described_inside_its_wrapping() -> None:
    check = stun(Method.BINDING, MessageClass.REQUEST)
    sent = stun(Method.SEND, MessageClass.INDICATION, (Attribute.DATA, check))
    assert describe(sent) == "Send indication, DATA (20 bytes: Binding request)"
    assert describe(encode_datagram(0x4001, check)) == "ChannelData 0x4001, 20 bytes: Binding request"


def test_wrappings_are_not_followed_without_end() -> None:
    data = stun(Method.BINDING, MessageClass.REQUEST)
    for _ in range(10):
        data = stun(Method.SEND, MessageClass.INDICATION, (Attribute.DATA, data))
    assert describe(data).count("Send indication") == 3


def test_a_message_full_of_attributes_still_reads_as_one_line() -> None:
    data = stun(Method.BINDING, MessageClass.REQUEST, *[(Attribute.SOFTWARE, b"s" * 700)] * 80)
    assert describe(data).endswith('…", 64 more')
    assert len(describe(data)) < 2000


@pytest.mark.parametrize(
    ("data", "described"),
    [
        (b"", "not STUN, 0 bytes"),
        (b"\x05", "not STUN, 1 byte"),
        (b"\x16\xfe\xfd", "not STUN, perhaps DTLS, 3 bytes"),
        (b"\x80\x60", "not STUN, perhaps RTP or RTCP, 2 bytes"),
        (b"\x00" * 4, "not STUN (a STUN header has 20 bytes, 4 came), 4 bytes"),
        (bytes(21), "not STUN (bytes trail after the message: 1), 21 bytes"),
        (b"\x40\x01\x00\x09abc", "malformed ChannelData (ChannelData claims 9 bytes, 3 came)"),
        (b"\x01\x01" + bytes(18), "Binding success response of RFC 3489"),
    ],
)
def test_what_is_no_message_is_described_as_well(data: bytes, described: str) -> None:
    assert describe(data) == described


def test_a_message_cut_short_is_described_as_far_as_it_came() -> None:
    head, tail = describe(ALLOCATED[:-4]).split("), ")
    assert head == "malformed Allocate success response (the header claims 20 bytes of attributes, 16 came"
    assert tail == "XOR-RELAYED-ADDRESS 203.0.113.10:49512"


def test_ignored_attributes_are_counted_not_shown() -> None:
    data = stun(Method.BINDING, MessageClass.SUCCESS, (Attribute.FINGERPRINT, bytes(4)), (Attribute.REALM, b"evil"))
    assert describe(data) == "Binding success response, FINGERPRINT, 1 ignored after the end"
