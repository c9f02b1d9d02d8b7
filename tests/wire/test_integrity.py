import traceback

import msgspec
import pytest

from natprobe.wire.integrity import (
    Integrity,
    IntegrityAlgorithm,
    IntegrityKey,
    Sealing,
    long_term_key,
    protection,
    short_term_key,
    verify,
    verify_fingerprint,
)
from natprobe.wire.message import Malformed, Message, RawAttribute, build, parse
from natprobe.wire.registry import Attribute, MessageClass, Method, PasswordAlgorithm
from natprobe.wire.seal import BARE, integrity_value

ID = bytes(range(12))
KEY = long_term_key("alice", "example.org", "correct horse")


def signed(algorithm: IntegrityAlgorithm = IntegrityAlgorithm.SHA1) -> bytes:
    attributes = [(Attribute.SOFTWARE, b"abc"), (Attribute.LIFETIME, bytes(4))]
    sealing = Sealing(key=KEY, algorithm=algorithm)
    return build(Method.REFRESH, MessageClass.SUCCESS, ID, attributes, sealing)


def read(data: bytes) -> Message:
    message = parse(data)
    assert isinstance(message, Message), message
    return message


@pytest.mark.parametrize("algorithm", IntegrityAlgorithm)
def test_a_sealed_message_verifies_with_its_key_alone(algorithm: IntegrityAlgorithm) -> None:
    message = read(signed(algorithm))
    assert verify(message, KEY) is Integrity.VALID
    assert verify(message, short_term_key("battery staple")) is Integrity.WRONG
    assert verify_fingerprint(message) is Integrity.VALID
    assert protection(message) is algorithm.value[-1]


def test_a_message_without_integrity_or_fingerprint_says_so() -> None:
    message = read(build(Method.BINDING, MessageClass.REQUEST, ID, sealing=BARE))
    assert verify(message, KEY) is Integrity.ABSENT
    assert verify_fingerprint(message) is Integrity.ABSENT
    assert protection(message) is None


@pytest.mark.parametrize("algorithm", IntegrityAlgorithm)
def test_a_message_with_a_flipped_bit_verifies_only_where_it_says_the_same(algorithm: IntegrityAlgorithm) -> None:
    # Where both values are present, a flip can hide the second: the first still covers all that counts.
    data = signed(algorithm)
    for position in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[position // 8] ^= 1 << position % 8
        message = parse(bytes(flipped))
        if isinstance(message, Message) and verify(message, KEY) is Integrity.VALID:
            assert statement(message) == statement(read(data)), position


def statement(message: Message) -> tuple[object, ...]:
    """What a message says, without the values that close it."""
    closing = {Attribute.MESSAGE_INTEGRITY, Attribute.MESSAGE_INTEGRITY_SHA256, Attribute.FINGERPRINT}
    said = tuple(attribute for attribute in message.attributes if attribute.type not in closing)
    return message.method, message.cls, message.transaction_id, said


def test_no_flipped_bit_goes_unseen_by_the_fingerprint() -> None:
    data = signed()
    for position in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[position // 8] ^= 1 << position % 8
        message = parse(bytes(flipped))
        assert isinstance(message, Malformed) or verify_fingerprint(message) is not Integrity.VALID, position


@pytest.mark.parametrize(("length", "expected"), [(16, "valid"), (28, "valid"), (32, "valid")])
def test_sha256_may_be_cut_to_sixteen_bytes(length: int, expected: str) -> None:
    assert verify(read(truncated(length)), KEY) is Integrity(expected)


@pytest.mark.parametrize("length", [0, 4, 12, 15, 18, 31])
def test_a_sha256_value_cut_too_short_or_unevenly_is_wrong(length: int) -> None:
    assert verify(read(truncated(length)), KEY) is Integrity.WRONG


def truncated(length: int) -> bytes:
    before = build(Method.BINDING, MessageClass.SUCCESS, ID, [(Attribute.LIFETIME, bytes(4))], BARE)
    value = integrity_value(before, Attribute.MESSAGE_INTEGRITY_SHA256, KEY, length)
    attributes = [(Attribute.LIFETIME, bytes(4)), (Attribute.MESSAGE_INTEGRITY_SHA256, value)]
    return build(Method.BINDING, MessageClass.SUCCESS, ID, attributes, BARE)


def test_sha1_is_never_cut() -> None:
    before = build(Method.BINDING, MessageClass.SUCCESS, ID, [], BARE)
    value = integrity_value(before, Attribute.MESSAGE_INTEGRITY, KEY, 16)
    message = read(build(Method.BINDING, MessageClass.SUCCESS, ID, [(Attribute.MESSAGE_INTEGRITY, value)], BARE))
    assert verify(message, KEY) is Integrity.WRONG


def test_a_right_sha1_does_not_excuse_a_wrong_sha256() -> None:
    data = bytearray(signed(IntegrityAlgorithm.BOTH))
    data[-9] ^= 1  # the last byte of MESSAGE-INTEGRITY-SHA256
    assert verify(read(bytes(data)), KEY) is Integrity.WRONG


def test_an_attribute_put_behind_the_integrity_value_leaves_it_valid_and_is_ignored() -> None:
    data = build(Method.BINDING, MessageClass.SUCCESS, ID, [], Sealing(key=KEY, fingerprint=False))
    forged = data[:2] + (len(data) - 20 + 8).to_bytes(2) + data[4:] + b"\x00\x0d\x00\x04" + bytes(4)
    message = read(forged)
    assert verify(message, KEY) is Integrity.VALID
    assert not message.has(Attribute.LIFETIME)


def test_a_message_made_by_hand_has_no_bytes_to_verify() -> None:
    attributes = (RawAttribute(Attribute.MESSAGE_INTEGRITY, bytes(20), 20), RawAttribute(0x8028, bytes(4), 44))
    message = Message(method=1, cls=MessageClass.SUCCESS, transaction_id=ID, attributes=attributes)
    assert verify(message, KEY) is Integrity.WRONG
    assert verify_fingerprint(message) is Integrity.WRONG


def test_a_fingerprint_of_the_wrong_size_at_the_very_end_of_the_largest_message_is_wrong() -> None:
    filling = (Attribute.PADDING, bytes(65524))
    message = read(build(1, MessageClass.REQUEST, ID, [filling, (Attribute.FINGERPRINT, b"")], BARE))
    assert verify_fingerprint(message) is Integrity.WRONG


def test_a_key_shows_in_no_text() -> None:
    secret = short_term_key("swordfish")
    holders = (secret, Sealing(key=secret), Sealing(key=b"swordfish"), [secret], {"key": secret})
    for holder in holders:
        assert "swordfish" not in f"{holder} {holder!r} {holder!s}"
    assert "swordfish" not in f"{secret:>40}" + "{} {!r}".format(secret, secret)  # noqa: UP032
    assert bytes(secret) == b"swordfish"


def test_a_key_shows_in_no_trace() -> None:
    secret = short_term_key("swordfish")
    try:
        build(Method.BINDING, MessageClass.REQUEST, b"short", sealing=Sealing(key=secret))
    except ValueError as error:
        shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
        assert "Sealing(key=hidden" in shown
        assert "swordfish" not in shown


def test_the_key_depends_on_the_algorithm() -> None:
    md5 = long_term_key("alice", "example.org", "pw")
    sha256 = long_term_key("alice", "example.org", "pw", PasswordAlgorithm.SHA_256)
    assert (len(md5), len(sha256)) == (16, 32)
    assert isinstance(md5, IntegrityKey)


def test_sealing_is_a_value() -> None:
    assert Sealing(key=b"k") == msgspec.structs.replace(Sealing(), key=b"k")
