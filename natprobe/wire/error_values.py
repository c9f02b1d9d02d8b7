"""What went wrong, in the server's words? ERROR-CODE, its kin, and ICMP (RFC 8489 section 14.8, RFC 8656 section 18)"""

import struct
from typing import Literal

import msgspec

from natprobe.wire.address_values import family_number, family_of
from natprobe.wire.text_values import decode_text


class ErrorCode(msgspec.Struct, frozen=True):
    """An error code, 300 to 699, and the server's reason phrase, made safe to show."""

    code: int
    reason: str


class AddressErrorCode(msgspec.Struct, frozen=True):
    """Why a server gave no relayed address of one family of a dual allocation (RFC 8656 section 18.12)."""

    family: Literal[4, 6]
    code: int
    reason: str


class Icmp(msgspec.Struct, frozen=True, kw_only=True):
    """An ICMP error that the relay met (RFC 8656 section 18.13). For "packet too big", `data` is the next hop's MTU."""

    type: int
    code: int
    data: int


def encode_error_code(code: int, reason: str) -> bytes:
    """The value of ERROR-CODE. Raises ValueError where the code is not in 300 to 699."""
    return bytes(2) + _class_and_number(code) + reason.encode("utf-8", "replace")


def decode_error_code(value: bytes) -> ErrorCode | None:
    """Code and reason, or None where the value is malformed or the code out of range."""
    code = _code(value)
    return None if code is None else ErrorCode(code, decode_text(value[4:]))


def encode_address_error_code(family: Literal[4, 6], code: int, reason: str) -> bytes:
    """The value of ADDRESS-ERROR-CODE. Raises ValueError where the code is not in 300 to 699."""
    return bytes((family_number(family), 0)) + _class_and_number(code) + reason.encode("utf-8", "replace")


def decode_address_error_code(value: bytes) -> AddressErrorCode | None:
    """Family, code and reason, or None where the value is malformed."""
    code = _code(value)
    family = family_of(value[0]) if value else None
    if code is None or family is None:
        return None
    return AddressErrorCode(family, code, decode_text(value[4:]))


def encode_unknown_attributes(types: tuple[int, ...]) -> bytes:
    """The value of UNKNOWN-ATTRIBUTES (RFC 8489 section 14.13)."""
    return b"".join(type_.to_bytes(2) for type_ in types)


def decode_unknown_attributes(value: bytes) -> tuple[int, ...] | None:
    """The types that the server did not understand, or None where the value is malformed."""
    if len(value) % 2:
        return None
    return struct.unpack(f"!{len(value) // 2}H", value)


def encode_icmp(icmp: Icmp) -> bytes:
    """The value of ICMP: 7 bits of type, 9 bits of code."""
    return struct.pack("!HHI", 0, (icmp.type & 0x7F) << 9 | icmp.code & 0x1FF, icmp.data)


def decode_icmp(value: bytes) -> Icmp | None:
    """The ICMP error, or None where the value is malformed."""
    if len(value) != 8:
        return None
    _, type_and_code, data = struct.unpack("!HHI", value)
    return Icmp(type=type_and_code >> 9, code=type_and_code & 0x1FF, data=data)


def _class_and_number(code: int) -> bytes:
    if not 300 <= code <= 699:
        raise ValueError(f"an error code stands between 300 and 699: {code}")
    return bytes(divmod(code, 100))


def _code(value: bytes) -> int | None:
    if len(value) < 4:
        return None
    class_, number = value[2] & 0x07, value[3]
    return class_ * 100 + number if 3 <= class_ <= 6 and number <= 99 else None
