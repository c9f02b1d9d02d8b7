"""The sample messages of RFC 5769 and RFC 8489 appendix B."""

import tomllib
from pathlib import Path

import pytest

from natprobe.address import Address
from natprobe.wire import attributes as values
from natprobe.wire.integrity import (
    Integrity,
    IntegrityAlgorithm,
    Sealing,
    long_term_key,
    saslprep,
    short_term_key,
    userhash,
    username_value,
    verify,
    verify_fingerprint,
)
from natprobe.wire.message import Message, build, parse
from natprobe.wire.registry import Attribute, MessageClass, Method, PasswordAlgorithm

VECTORS = tomllib.loads((Path(__file__).parent / "data" / "vectors.toml").read_text())
TRANSACTION_ID = bytes.fromhex("b7e7a701bc34d686fa87dfae")
MATRIX = "\u30de\u30c8\u30ea\u30c3\u30af\u30b9"


def vector(name: str) -> bytes:
    return bytes.fromhex(VECTORS[name]["hex"])


def read(name: str) -> Message:
    message = parse(vector(name))
    assert isinstance(message, Message)
    return message


@pytest.mark.parametrize("name", ["request", "ipv4-response", "ipv6-response"])
def test_the_short_term_samples_verify_with_their_password(name: str) -> None:
    message = read(name)
    assert message.transaction_id == TRANSACTION_ID
    assert verify(message, short_term_key(VECTORS[name]["password"])) is Integrity.VALID
    assert verify(message, short_term_key("another")) is Integrity.WRONG
    assert verify_fingerprint(message) is Integrity.VALID


def test_the_sample_request_reads_as_rfc_5769_prints_it() -> None:
    message = read("request")
    assert (message.method, message.cls) == (Method.BINDING, MessageClass.REQUEST)
    assert values.software(message) == "STUN test client"
    assert values.priority(message) == 0x6E0001FF
    assert values.ice_controlled(message) == 0x932FF9B151263B36
    assert values.username(message) == "evtj:h6vY"


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("ipv4-response", Address("192.0.2.1", 32853)),
        ("ipv6-response", Address("2001:db8:1234:5678:11:2233:4455:6677", 32853)),
    ],
)
def test_the_sample_responses_hold_the_address_that_rfc_5769_names(name: str, address: Address) -> None:
    message = read(name)
    assert (message.method, message.cls) == (Method.BINDING, MessageClass.SUCCESS)
    assert values.software(message) == "test vector"
    assert values.xor_mapped_address(message) == address
    assert message.value(Attribute.XOR_MAPPED_ADDRESS) == values.encode_xor_address(address, TRANSACTION_ID)


@pytest.mark.parametrize("name", ["long-term-request", "sha256-request"])
def test_the_long_term_samples_name_their_realm_and_nonce(name: str) -> None:
    message = read(name)
    assert values.realm(message) == "example.org"
    assert (values.nonce(message) or b"").endswith(b"f//499k954d6OL34oL9FSTvy64sA")


def test_the_long_term_sample_verifies_with_the_password_that_saslprep_prepares() -> None:
    typed = "The\u00adM\u00aatr\u2168"
    assert saslprep(typed) == "TheMatrIX"
    key = long_term_key(MATRIX, "example.org", typed, prepare=saslprep)
    assert verify(read("long-term-request"), key) is Integrity.VALID


def test_the_long_term_sample_is_built_again_byte_by_byte() -> None:
    sealing = Sealing(key=long_term_key(MATRIX, "example.org", "TheMatrIX"), fingerprint=False)
    attributes = [
        (Attribute.USERNAME, username_value(MATRIX)),
        (Attribute.NONCE, b"f//499k954d6OL34oL9FSTvy64sA"),
        (Attribute.REALM, b"example.org"),
    ]
    transaction_id = bytes.fromhex("78ad3433c6ad72c029da412e")
    built = build(Method.BINDING, MessageClass.REQUEST, transaction_id, attributes, sealing)
    assert built == vector("long-term-request")


def test_the_sha256_sample_is_built_again_byte_by_byte() -> None:
    key = long_term_key(MATRIX, "example.org", "TheMatrIX", PasswordAlgorithm.SHA_256)
    sealing = Sealing(key=key, algorithm=IntegrityAlgorithm.SHA256, fingerprint=False)
    chosen = values.AlgorithmParameters(PasswordAlgorithm.SHA_256)
    attributes = [
        (Attribute.USERHASH, userhash(MATRIX, "example.org")),
        (Attribute.NONCE, b"obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA"),
        (Attribute.REALM, b"example.org"),
        (Attribute.PASSWORD_ALGORITHM, values.encode_password_algorithms((chosen,))),
    ]
    transaction_id = bytes.fromhex("78ad3433c6ad72c029da412e")
    built = build(Method.BINDING, MessageClass.REQUEST, transaction_id, attributes, sealing)
    assert built == vector("sha256-request")
    assert verify(read("sha256-request"), key) is Integrity.VALID
