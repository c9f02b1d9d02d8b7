"""What of a datagram may be kept? Tokens and integrity values are zeroed, everything else stays where it is.

A kept MESSAGE-INTEGRITY lets its reader try passwords at leisure, and so does a FINGERPRINT over it: hence a
FINGERPRINT that follows something zeroed goes as well. Damaged messages are walked as far as their bytes reach, past
the length that their header claims.
"""

from typing import Final

from natprobe.wire.registry import HEADER_LENGTH, MAGIC_COOKIE_BYTES, Attribute

SENSITIVE: Final = frozenset(
    {
        Attribute.PASSWORD,
        Attribute.MESSAGE_INTEGRITY,
        Attribute.NONCE,
        Attribute.ACCESS_TOKEN,
        Attribute.MESSAGE_INTEGRITY_SHA256,
        Attribute.RESERVATION_TOKEN,
        Attribute.MOBILITY_TICKET,
        Attribute.GOOG_MESSAGE_INTEGRITY_32,
    }
)
_DEPTH_LIMIT: Final = 4  # STUN in DATA in ChannelData …: deeper than any relay chain


def redact(data: bytes) -> bytes:
    """`data`, as long as before, with sensitive values zeroed, also in what DATA and ChannelData carry.

    Takes any bytes and never raises. A stream's segment is to be cut into messages first (see `framing`).
    """
    redaction = _Redaction(data)
    redaction.messages(0, len(data), depth=0)
    return bytes(redaction.kept)


class _Redaction:
    def __init__(self, data: bytes) -> None:
        self.kept = bytearray(data)
        self._touched = False

    def messages(self, start: int, end: int, depth: int) -> None:
        """Redacts the messages between two offsets, one after the other."""
        if depth > _DEPTH_LIMIT:
            self._zero(start, end)
            return
        while end - start >= 4:
            if self._is_stun(start, end, depth):
                start = self._stun(start, end, depth)
            elif 0x40 <= self.kept[start] < 0x50:
                start = self._channel_data(start, end, depth)
            else:
                return

    def _is_stun(self, start: int, end: int, depth: int) -> bool:
        """Classic STUN has no cookie. It is believed at the outside only: inside, it would be application data."""
        if self.kept[start] & 0xC0 or end - start < HEADER_LENGTH:
            return False
        return self._has_cookie(start) or (depth == 0 and start == 0 and self.kept[start] < 4)

    def _has_cookie(self, start: int) -> bool:
        return self.kept[start + 4 : start + 8] == MAGIC_COOKIE_BYTES

    def _stun(self, start: int, end: int, depth: int) -> int:
        boundary = start + HEADER_LENGTH + self._u16(start + 2)
        offset = start + HEADER_LENGTH
        while end - offset >= 4:
            if offset >= boundary and self._is_stun(offset, end, depth):
                return offset
            offset = self._attribute(offset, end, depth)
        return end

    def _attribute(self, offset: int, end: int, depth: int) -> int:
        type_, length = self._u16(offset), self._u16(offset + 2)
        start, value_end = offset + 4, min(end, offset + 4 + length)
        after = min(end, value_end + -length % 4)
        if type_ in SENSITIVE or (type_ == Attribute.FINGERPRINT and self._touched):
            self._zero(start, after)
        elif type_ == Attribute.DATA:
            self.messages(start, value_end, depth + 1)
        return after

    def _channel_data(self, start: int, end: int, depth: int) -> int:
        length = self._u16(start + 2)
        payload_end = min(end, start + 4 + length)
        self.messages(start + 4, payload_end, depth + 1)
        return min(end, payload_end + -length % 4)

    def _zero(self, start: int, end: int) -> None:
        self.kept[start:end] = bytes(end - start)
        self._touched = True

    def _u16(self, offset: int) -> int:
        return int.from_bytes(self.kept[offset : offset + 2])
