"""Did the holder of the key write this message, and did it arrive whole? (RFC 8489 sections 9, 14.5 to 14.7)"""

import hmac
from enum import Enum
from typing import Final

from natprobe.wire.keys import (
    IntegrityKey,
    long_term_key,
    opaque_string,
    opaque_string_problem,
    saslprep,
    short_term_key,
    userhash,
    username_value,
)
from natprobe.wire.message import Message, RawAttribute
from natprobe.wire.registry import HEADER_LENGTH, Attribute
from natprobe.wire.seal import IntegrityAlgorithm, Sealing, fingerprint_value, integrity_value

__all__ = [
    "Integrity",
    "IntegrityAlgorithm",
    "IntegrityKey",
    "Sealing",
    "long_term_key",
    "opaque_string",
    "opaque_string_problem",
    "protection",
    "saslprep",
    "short_term_key",
    "userhash",
    "username_value",
    "verify",
    "verify_fingerprint",
]


class Integrity(Enum):
    """What a check value says."""

    VALID = "valid"
    WRONG = "wrong"
    ABSENT = "absent"


# RFC 8489 section 14.6: SHA-256 may be cut, to no less than 16 bytes and a multiple of 4. SHA-1 is never cut.
_LENGTHS: Final = {
    Attribute.MESSAGE_INTEGRITY: frozenset({20}),
    Attribute.MESSAGE_INTEGRITY_SHA256: frozenset({16, 20, 24, 28, 32}),
}
_STRONGEST_FIRST: Final = (Attribute.MESSAGE_INTEGRITY_SHA256, Attribute.MESSAGE_INTEGRITY)


def verify(message: Message, key: bytes) -> Integrity:
    """Checks the strongest integrity attribute that is present (RFC 8489 sections 9.1.3 and 9.2.4).

    A caller that sent MESSAGE-INTEGRITY-SHA256 looks for it in the response as well (section 9.2.5): see `protection`.
    """
    attribute = protection(message)
    if attribute is None:
        return Integrity.ABSENT
    found = _first(message, attribute)
    if found is None or not _is_covered(message, found) or len(found.value) not in _LENGTHS[attribute]:
        return Integrity.WRONG
    expected = integrity_value(message.raw[: found.offset], attribute, key, len(found.value))
    return Integrity.VALID if hmac.compare_digest(expected, found.value) else Integrity.WRONG


def protection(message: Message) -> Attribute | None:
    """The strongest integrity attribute of the message, or None. Says nothing about whether it is right."""
    return next((attribute for attribute in _STRONGEST_FIRST if message.has(attribute)), None)


def verify_fingerprint(message: Message) -> Integrity:
    """Checks FINGERPRINT. WRONG means damage on the way, or other bytes that merely resemble STUN."""
    found = _first(message, Attribute.FINGERPRINT)
    if found is None:
        return Integrity.ABSENT
    if not _is_covered(message, found) or len(found.value) != 4:
        return Integrity.WRONG
    return Integrity.VALID if found.value == fingerprint_value(message.raw[: found.offset]) else Integrity.WRONG


def _first(message: Message, type_: int) -> RawAttribute | None:
    return next((attribute for attribute in message.attributes if attribute.type == type_), None)


def _is_covered(message: Message, attribute: RawAttribute) -> bool:
    """Whether the bytes before the attribute are at hand: a message made by hand has no `raw`."""
    return HEADER_LENGTH <= attribute.offset <= len(message.raw)
