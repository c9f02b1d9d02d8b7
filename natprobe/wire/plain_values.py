"""Numbers, flags and lists inside attributes (RFC 8656 section 18, RFC 5780 section 7, RFC 8489 section 14)"""

import struct
from typing import Final

import msgspec

from natprobe.wire.registry import CHANNEL_MAX, CHANNEL_MIN

RESERVATION_TOKEN_LENGTH: Final = 8  # RFC 8656 section 18.10


class ChangeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """From which other address the server shall answer (RFC 5780 section 7.2)."""

    change_ip: bool = False
    change_port: bool = False


class AlgorithmParameters(msgspec.Struct, frozen=True):
    """One entry of PASSWORD-ALGORITHMS. `algorithm` may be a number that PasswordAlgorithm does not know."""

    algorithm: int
    parameters: bytes = b""


class TransmitCounter(msgspec.Struct, frozen=True):
    """Which transmission this is, and which request it answers (RFC 7982 section 3.1)."""

    request: int
    response: int


def encode_u32(number: int) -> bytes:
    """The value of LIFETIME, PRIORITY, CONNECTION-ID and CACHE-TIMEOUT. Raises OverflowError."""
    return number.to_bytes(4)


def decode_u32(value: bytes) -> int | None:
    """A number of 32 bits, or None where the value is malformed."""
    return int.from_bytes(value) if len(value) == 4 else None


def encode_u64(number: int) -> bytes:
    """The value of ICE-CONTROLLED and ICE-CONTROLLING (RFC 8445 section 16.1). Raises OverflowError."""
    return number.to_bytes(8)


def decode_u64(value: bytes) -> int | None:
    """A number of 64 bits, or None where the value is malformed."""
    return int.from_bytes(value) if len(value) == 8 else None


def encode_channel_number(number: int) -> bytes:
    """The value of CHANNEL-NUMBER (RFC 8656 section 18.1). Raises OverflowError."""
    return number.to_bytes(2) + bytes(2)


def decode_channel_number(value: bytes) -> int | None:
    """The channel number, or None where the value is malformed or the number out of range."""
    if len(value) != 4:
        return None
    number = int.from_bytes(value[:2])
    return number if CHANNEL_MIN <= number <= CHANNEL_MAX else None


def encode_requested_transport(protocol: int) -> bytes:
    """The value of REQUESTED-TRANSPORT: PROTOCOL_UDP or PROTOCOL_TCP (RFC 8656 section 18.8)."""
    return bytes((protocol, 0, 0, 0))


def decode_requested_transport(value: bytes) -> int | None:
    """The IANA protocol number, or None where the value is malformed."""
    return value[0] if len(value) == 4 else None


EVEN_PORT: Final = b"\x00"
"""The value of EVEN-PORT that asks for an even port alone (RFC 8656 section 18.7)."""
EVEN_PORT_RESERVING_NEXT: Final = b"\x80"
"""The value of EVEN-PORT that also has the next port reserved."""


def decode_even_port(value: bytes) -> bool | None:
    """Whether the next port shall be reserved, or None where the value is malformed."""
    return bool(value[0] & 0x80) if len(value) == 1 else None


def decode_reservation_token(value: bytes) -> bytes | None:
    """The token, or None where the value is malformed."""
    return value if len(value) == RESERVATION_TOKEN_LENGTH else None


def decode_flag(value: bytes) -> bool | None:
    """True for DONT-FRAGMENT and USE-CANDIDATE, which have no value; None where there is one."""
    return True if not value else None


def encode_change_request(change: ChangeRequest) -> bytes:
    """The value of CHANGE-REQUEST. Only ever sent to a server that offered another address: some crash on it."""
    return bytes((0, 0, 0, change.change_ip << 2 | change.change_port << 1))


def decode_change_request(value: bytes) -> ChangeRequest | None:
    """The change that was asked for, or None where the value is malformed."""
    if len(value) != 4:
        return None
    return ChangeRequest(change_ip=bool(value[3] & 0x04), change_port=bool(value[3] & 0x02))


def encode_response_port(port: int) -> bytes:
    """The value of RESPONSE-PORT (RFC 5780 section 7.5). Raises OverflowError."""
    return port.to_bytes(2) + bytes(2)


def decode_response_port(value: bytes) -> int | None:
    """The port to answer to, or None where malformed. Its two bytes of padding may or may not be in the length."""
    return int.from_bytes(value[:2]) if len(value) in {2, 4} else None


def encode_padding(length: int) -> bytes:
    """The value of PADDING: `length` zeros, rounded up to a multiple of 4 (RFC 5780 section 7.6)."""
    return bytes(length + -length % 4)


def decode_userhash(value: bytes) -> bytes | None:
    """The hash, or None where the value is malformed (RFC 8489 section 14.4)."""
    return value if len(value) == 32 else None


def encode_password_algorithms(entries: tuple[AlgorithmParameters, ...]) -> bytes:
    """The value of PASSWORD-ALGORITHMS, and of PASSWORD-ALGORITHM with one entry (RFC 8489 section 14.11)."""
    return b"".join(
        struct.pack("!HH", entry.algorithm, len(entry.parameters))
        + entry.parameters
        + bytes(-len(entry.parameters) % 4)
        for entry in entries
    )


def decode_password_algorithms(value: bytes) -> tuple[AlgorithmParameters, ...] | None:
    """The algorithms in the server's order of preference, or None where the value is malformed."""
    entries: list[AlgorithmParameters] = []
    offset = 0
    while offset < len(value):
        if len(value) - offset < 4:
            return None
        algorithm, length = struct.unpack_from("!HH", value, offset)
        parameters = value[offset + 4 : offset + 4 + length]
        if len(parameters) < length:
            return None
        entries.append(AlgorithmParameters(algorithm, parameters))
        offset += 4 + length + -length % 4
    return tuple(entries)


def decode_password_algorithm(value: bytes) -> AlgorithmParameters | None:
    """The one algorithm that a request names, or None where the value is malformed (RFC 8489 section 14.12)."""
    entries = decode_password_algorithms(value)
    return entries[0] if entries is not None and len(entries) == 1 else None


def encode_transmit_counter(counter: TransmitCounter) -> bytes:
    """The value of TRANSACTION_TRANSMIT_COUNTER. Raises ValueError where a count has more than 8 bits."""
    return bytes((0, 0, counter.request, counter.response))


def decode_transmit_counter(value: bytes) -> TransmitCounter | None:
    """The counters, or None where the value is malformed."""
    return TransmitCounter(value[2], value[3]) if len(value) == 4 else None
