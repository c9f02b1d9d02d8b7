"""How is a message closed: with which integrity, with a fingerprint? (RFC 8489 sections 14.5 to 14.7)"""

import hmac
import zlib
from enum import Enum
from typing import Final

import msgspec

from natprobe.wire.registry import FINGERPRINT_XOR, HEADER_LENGTH, Attribute


class IntegrityAlgorithm(Enum):
    """Which integrity attributes a message carries. BOTH is for a peer whose abilities are not known yet."""

    SHA1 = (Attribute.MESSAGE_INTEGRITY,)
    SHA256 = (Attribute.MESSAGE_INTEGRITY_SHA256,)
    BOTH = (Attribute.MESSAGE_INTEGRITY, Attribute.MESSAGE_INTEGRITY_SHA256)


class Sealing(msgspec.Struct, frozen=True, kw_only=True):
    """What is appended to a message that is built. Without a key there is no integrity attribute."""

    key: bytes | None = None
    algorithm: IntegrityAlgorithm = IntegrityAlgorithm.SHA1
    fingerprint: bool = True

    def __repr__(self) -> str:
        key = "none" if self.key is None else "hidden"
        return f"Sealing(key={key}, algorithm={self.algorithm.name}, fingerprint={self.fingerprint})"


FINGERPRINTED: Final = Sealing()
BARE: Final = Sealing(fingerprint=False)

_HASHES: Final = {Attribute.MESSAGE_INTEGRITY: "sha1", Attribute.MESSAGE_INTEGRITY_SHA256: "sha256"}
DIGEST_LENGTHS: Final = {Attribute.MESSAGE_INTEGRITY: 20, Attribute.MESSAGE_INTEGRITY_SHA256: 32}


def seal(message: bytes, sealing: Sealing) -> bytes:
    """`message`, a header and whole attributes, closed as `sealing` says and with its length set."""
    sealed = message
    for attribute in sealing.algorithm.value if sealing.key is not None else ():
        value = integrity_value(sealed, attribute, sealing.key or b"", DIGEST_LENGTHS[attribute])
        sealed += attribute.to_bytes(2) + len(value).to_bytes(2) + value
    if sealing.fingerprint:
        sealed += Attribute.FINGERPRINT.to_bytes(2) + b"\x00\x04" + fingerprint_value(sealed)
    return with_length(sealed, len(sealed) - HEADER_LENGTH)


def integrity_value(before: bytes, attribute: Attribute, key: bytes, length: int) -> bytes:
    """The HMAC over `before`, the message up to the integrity attribute, cut to `length` bytes.

    The header's length must point to the end of the integrity attribute (RFC 8489 sections 14.5 and 14.6).
    """
    covered = with_length(before, len(before) - HEADER_LENGTH + 4 + length)
    return hmac.digest(key, covered, _HASHES[attribute])[:length]


def fingerprint_value(before: bytes) -> bytes:
    """The value of FINGERPRINT over `before`, the message up to it (RFC 8489 section 14.7)."""
    covered = with_length(before, len(before) - HEADER_LENGTH + 8)
    return (zlib.crc32(covered) ^ FINGERPRINT_XOR).to_bytes(4)


def with_length(message: bytes, length: int) -> bytes:
    """`message` with the header's length field set. Raises ValueError where it does not fit."""
    if length > 0xFFFF:
        raise ValueError(f"a STUN message holds at most 65535 bytes of attributes, not {length}")
    return message[:2] + length.to_bytes(2) + message[4:]
