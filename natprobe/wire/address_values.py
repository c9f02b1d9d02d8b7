"""Which transport address stands in an attribute? (RFC 8489 sections 14.1, 14.2 and 14.15)"""

import ipaddress
from typing import Final, Literal

from natprobe.address import Address
from natprobe.wire.registry import MAGIC_COOKIE_BYTES

_FAMILIES: Final[dict[int, tuple[Literal[4, 6], int]]] = {0x01: (4, 4), 0x02: (6, 16)}
_NUMBERS: Final[dict[int, int]] = {4: 0x01, 6: 0x02}


def encode_address(address: Address) -> bytes:
    """The value of MAPPED-ADDRESS and its kin. Raises ValueError where `host` is a name or the port has no 16 bits."""
    return _encode(address, bytes(16))


def decode_address(value: bytes) -> Address | None:
    """The address in a MAPPED-ADDRESS, or None where the value is malformed."""
    return _decode(value, bytes(16))


def encode_xor_address(address: Address, transaction_id: bytes) -> bytes:
    """The value of XOR-MAPPED-ADDRESS and its kin. Raises ValueError as `encode_address`."""
    return _encode(address, _mask(transaction_id))


def decode_xor_address(value: bytes, transaction_id: bytes) -> Address | None:
    """The address in an XOR-MAPPED-ADDRESS, or None where the value is malformed."""
    return _decode(value, _mask(transaction_id))


def encode_family(family: Literal[4, 6]) -> bytes:
    """The value of REQUESTED-ADDRESS-FAMILY and ADDITIONAL-ADDRESS-FAMILY (RFC 8656 sections 18.6 and 18.11)."""
    return bytes((_NUMBERS[family], 0, 0, 0))


def decode_family(value: bytes) -> Literal[4, 6] | None:
    """The address family that was asked for, or None where the value is malformed or no known family."""
    return family_of(value[0]) if len(value) == 4 else None


def family_of(number: int) -> Literal[4, 6] | None:
    """The address family with this number on the wire, or None."""
    family, _ = _FAMILIES.get(number, (None, 0))
    return family


def family_number(family: Literal[4, 6]) -> int:
    """The number of this address family on the wire."""
    return _NUMBERS[family]


def _encode(address: Address, mask: bytes) -> bytes:
    if not 0 <= address.port <= 0xFFFF:
        raise ValueError(f"a port has 16 bits: {address.port}")
    ip = address.ip
    plain = address.port.to_bytes(2) + ip.packed
    return bytes((0, _NUMBERS[ip.version])) + _xor(plain[:2], mask) + _xor(plain[2:], mask)


def _decode(value: bytes, mask: bytes) -> Address | None:
    if len(value) < 4:
        return None
    family, length = _FAMILIES.get(value[1], (None, 0))  # byte 0 is ignored on receipt
    if family is None or len(value) != 4 + length:
        return None
    port = int.from_bytes(_xor(value[2:4], mask))
    return Address(str(ipaddress.ip_address(_xor(value[4:], mask))), port)


def _mask(transaction_id: bytes) -> bytes:
    """Cookie and transaction id. A classic id of 16 bytes stands where the cookie stands today."""
    return (MAGIC_COOKIE_BYTES + transaction_id)[-16:].ljust(16, b"\x00")


def _xor(value: bytes, mask: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(value, mask, strict=False))
