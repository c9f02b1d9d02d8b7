"""A second opinion: what aioice's codec writes we read, and what we write aioice reads."""

from typing import Any

import pytest
from aioice import stun

from natprobe.address import Address
from natprobe.wire import attributes as values
from natprobe.wire.integrity import Integrity, Sealing, long_term_key, verify, verify_fingerprint
from natprobe.wire.message import Message, build, parse
from natprobe.wire.registry import Attribute, MessageClass, Method, attribute_name

ID = bytes(range(12))
KEY = bytes(long_term_key("alice", "example.org", "correct horse"))
V4, V6 = Address("203.0.113.10", 49512), Address("2001:db8::10", 3478)

SAMPLES: list[tuple[Attribute, bytes, Any]] = [
    (Attribute.MAPPED_ADDRESS, values.encode_address(V4), (V4.host, V4.port)),
    (Attribute.CHANGE_REQUEST, values.encode_change_request(values.ChangeRequest(change_ip=True)), 4),
    (Attribute.SOURCE_ADDRESS, values.encode_address(V4), (V4.host, V4.port)),
    (Attribute.CHANGED_ADDRESS, values.encode_address(V6), (V6.host, V6.port)),
    (Attribute.USERNAME, b"alice", "alice"),
    (Attribute.ERROR_CODE, values.encode_error_code(438, "Stale Nonce"), (438, "Stale Nonce")),
    (Attribute.CHANNEL_NUMBER, values.encode_channel_number(0x4001), 0x4001),
    (Attribute.LIFETIME, values.encode_u32(600), 600),
    (Attribute.XOR_PEER_ADDRESS, values.encode_xor_address(V6, ID), (V6.host, V6.port)),
    (Attribute.DATA, b"\x00\xff", b"\x00\xff"),
    (Attribute.REALM, b"example.org", "example.org"),
    (Attribute.NONCE, b"\x01\x02\x03", b"\x01\x02\x03"),
    (Attribute.XOR_RELAYED_ADDRESS, values.encode_xor_address(V4, ID), (V4.host, V4.port)),
    (Attribute.REQUESTED_TRANSPORT, values.encode_requested_transport(17), 17 << 24),
    (Attribute.XOR_MAPPED_ADDRESS, values.encode_xor_address(V6, ID), (V6.host, V6.port)),
    (Attribute.PRIORITY, values.encode_u32(1), 1),
    (Attribute.USE_CANDIDATE, b"", None),
    (Attribute.SOFTWARE, b"natprobe", "natprobe"),
    (Attribute.ICE_CONTROLLED, values.encode_u64(1 << 63), 1 << 63),
    (Attribute.ICE_CONTROLLING, values.encode_u64(2), 2),
    (Attribute.RESPONSE_ORIGIN, values.encode_address(V4), (V4.host, V4.port)),
    (Attribute.OTHER_ADDRESS, values.encode_address(V6), (V6.host, V6.port)),
]


def test_the_samples_are_all_that_aioice_knows() -> None:
    ours = {attribute_name(type_) for type_, _, _ in SAMPLES} | {"MESSAGE-INTEGRITY", "FINGERPRINT"}
    assert ours == set(stun.ATTRIBUTES_BY_NAME)


@pytest.mark.parametrize(("type_", "value", "theirs"), SAMPLES)
def test_aioice_reads_what_we_write(type_: Attribute, value: bytes, theirs: object) -> None:
    data = build(Method.ALLOCATE, MessageClass.ERROR, ID, [(type_, value)], Sealing(key=KEY))
    message = stun.parse_message(data)
    assert (message.message_method, message.message_class) == (stun.Method.ALLOCATE, stun.Class.ERROR)
    assert message.attributes[attribute_name(type_)] == theirs
    assert message.check_message_integrity(KEY)


@pytest.mark.parametrize(("type_", "value", "theirs"), SAMPLES)
def test_we_read_what_aioice_writes(type_: Attribute, value: bytes, theirs: object) -> None:
    written = stun.Message(stun.Method.REFRESH, stun.Class.RESPONSE, ID, {attribute_name(type_): theirs})
    written.add_message_integrity(KEY)
    message = parse(bytes(written))
    assert isinstance(message, Message)
    assert (message.method, message.cls) == (Method.REFRESH, MessageClass.SUCCESS)
    assert message.value(type_) == value
    assert verify(message, KEY) is Integrity.VALID
    assert verify_fingerprint(message) is Integrity.VALID


def test_both_write_the_same_bytes() -> None:
    theirs = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, ID, {"USERNAME": "a:b", "PRIORITY": 7})
    theirs.add_message_integrity(KEY)
    attributes = [(Attribute.USERNAME, b"a:b"), (Attribute.PRIORITY, values.encode_u32(7))]
    assert build(Method.BINDING, MessageClass.REQUEST, ID, attributes, Sealing(key=KEY)) == bytes(theirs)
