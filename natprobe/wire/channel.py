"""What came over a TURN channel? The ChannelData message (RFC 8656 sections 12.4 to 12.6)"""

from typing import Final

import msgspec

from natprobe.wire.registry import CHANNEL_MAX, CHANNEL_MIN

CHANNEL_HEADER_LENGTH: Final = 4


class ChannelData(msgspec.Struct, frozen=True):
    """Application data on a channel."""

    number: int
    data: bytes


class MalformedChannelData(msgspec.Struct, frozen=True):
    """Bytes that are no ChannelData message, and why, in a sentence."""

    problem: str


def encode_datagram(number: int, data: bytes) -> bytes:
    """A ChannelData message for UDP and DTLS, where padding is not needed. Raises ValueError out of bounds."""
    if not is_channel_number(number):
        raise ValueError(f"a channel number stands between 0x4000 and 0x4fff: {number:#x}")
    if len(data) > 0xFFFF:
        raise ValueError(f"ChannelData holds at most 65535 bytes, not {len(data)}")
    return number.to_bytes(2) + len(data).to_bytes(2) + data


def encode_stream(number: int, data: bytes) -> bytes:
    """A ChannelData message for TCP and TLS: padded to a multiple of 4. Raises ValueError out of bounds."""
    return encode_datagram(number, data) + bytes(-len(data) % 4)


def decode(data: bytes) -> ChannelData | MalformedChannelData:
    """Reads one ChannelData message, padded or not: over UDP padding may be there or not (RFC 8656 section 12.5)."""
    data = bytes(data)
    if len(data) < CHANNEL_HEADER_LENGTH:
        return MalformedChannelData(f"a ChannelData header has 4 bytes, {len(data)} came")
    number, length = int.from_bytes(data[:2]), int.from_bytes(data[2:4])
    came = len(data) - CHANNEL_HEADER_LENGTH
    if not is_channel_number(number):
        return MalformedChannelData(f"0x{number:04x} is no channel number")
    if length > came:
        return MalformedChannelData(f"ChannelData claims {length} bytes, {came} came")
    if came - length > 3:
        return MalformedChannelData(f"bytes trail after the ChannelData message: {came - length}")
    return ChannelData(number, data[CHANNEL_HEADER_LENGTH : CHANNEL_HEADER_LENGTH + length])


def is_channel_number(number: int) -> bool:
    """Whether RFC 8656 section 12 allows this channel number."""
    return CHANNEL_MIN <= number <= CHANNEL_MAX
