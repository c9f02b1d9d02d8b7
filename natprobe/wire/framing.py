"""Where does one message end and the next begin in a TCP or TLS stream? (RFC 8489 section 6.2.2, RFC 8656 section 12.5)

The two message kinds tell their own length. A stream that is something else (a web server on the TURN port) is told as
such with its first bytes, since there is no way to find the next boundary in it.
"""

from typing import Final, Protocol

from natprobe.wire.channel import CHANNEL_HEADER_LENGTH, is_channel_number
from natprobe.wire.registry import HEADER_LENGTH, MAGIC_COOKIE_BYTES

EVIDENCE_LENGTH: Final = 64

# How other protocols begin. "HTTP" would pass for channel 0x4854, so these are looked at first.
_PREAMBLES: Final = (
    (b"HTTP/", "an HTTP response"),
    (b"<html", "an HTML page"),
    (b"<!DOC", "an HTML page"),
    (b"SSH-", "an SSH server's greeting"),
    (b"PROXY ", "a PROXY protocol header"),
    (b"\r\n\r\n\x00\r\nQUIT\n", "a PROXY protocol header, version 2"),
    (b"220 ", "a mail or file server's greeting"),
    (b"RFB ", "a VNC server's greeting"),
    (b"\x14\x03", "a TLS record"),
    (b"\x15\x03", "a TLS alert"),
    (b"\x16\x03", "a TLS handshake record"),
    (b"\x17\x03", "a TLS record"),
)


class Framer(Protocol):
    """Finds messages in a stream, and puts them there."""

    broken: str | None
    """Why the stream cannot be read any further, in a sentence."""

    def feed(self, data: bytes) -> list[bytes]:
        """Takes the next bytes of the stream and returns the messages that they complete."""

    def wrap(self, data: bytes) -> bytes:
        """A message as it goes into the stream."""


class StreamFramer:
    """A Framer: splits one direction of a stream into STUN and ChannelData messages, each without stream padding.

    Memory is bounded by one message and what is fed. Once `broken`, everything that follows is dropped.
    """

    def __init__(self) -> None:
        self.broken: str | None = None
        """Why the stream cannot be read any further, in a sentence."""
        self.evidence: bytes = b""
        """The first 64 bytes from where the stream broke."""
        self._buffer = bytearray()
        self._frames = 0

    @property
    def pending(self) -> int:
        """How many bytes of an unfinished message have come."""
        return len(self._buffer)

    def wrap(self, data: bytes) -> bytes:
        """The message itself, which tells its own length."""
        return data

    def feed(self, data: bytes) -> list[bytes]:
        """Takes the next bytes of the stream and returns the messages that they complete."""
        if self.broken:
            self.evidence += data[: EVIDENCE_LENGTH - len(self.evidence)]
            return []
        self._buffer += data
        frames: list[bytes] = []
        offset = 0
        while (lengths := self._next_frame(offset)) is not None:
            length, padded = lengths
            frames.append(bytes(self._buffer[offset : offset + length]))
            self._frames += 1
            offset += padded
        del self._buffer[:offset]
        if self.broken:
            self.evidence = bytes(self._buffer[:EVIDENCE_LENGTH])
            self._buffer.clear()
        return frames

    def _next_frame(self, offset: int) -> tuple[int, int] | None:
        """Length and padded length of the whole message at `offset`, or None where it is not there (yet)."""
        head = bytes(self._buffer[offset : offset + HEADER_LENGTH])
        self.broken = self._foreign(head)
        if self.broken or len(head) < CHANNEL_HEADER_LENGTH or self._is_open(head):
            return None
        claimed = int.from_bytes(head[2:4])
        length = (CHANNEL_HEADER_LENGTH if head[0] & 0xC0 else HEADER_LENGTH) + claimed
        padded = length + -length % 4
        return (length, padded) if len(self._buffer) - offset >= padded else None

    def _foreign(self, head: bytes) -> str | None:
        if not self._frames:
            for preamble, name in _PREAMBLES:
                if head.startswith(preamble):
                    return f"the stream is no STUN: it starts with {name}"
        trouble = header_trouble(head)
        if trouble is None or self._is_open(head):
            return None
        place = f"after {self._frames} messages" if self._frames else "at its start"
        return f"the stream is no STUN {place}: {trouble}"

    def _is_open(self, head: bytes) -> bool:
        """Whether the stream's first bytes are too few to tell another protocol from STUN."""
        return not self._frames and any(preamble.startswith(head) for preamble, _ in _PREAMBLES)


def header_trouble(head: bytes) -> str | None:
    """What is wrong with a header of which at most 20 bytes have come, or None."""
    if not head:
        return None
    if head[0] >= 4 and not is_channel_number(head[0] << 8):
        return f"no message starts with the byte 0x{head[0]:02x}"
    if head[0] >= 4 or len(head) < CHANNEL_HEADER_LENGTH:
        return None
    claimed = int.from_bytes(head[2:4])
    if claimed % 4:
        return f"a STUN header claims {claimed} bytes of attributes, which is no multiple of 4"
    if not MAGIC_COOKIE_BYTES.startswith(head[4:8]):
        return "a STUN header has no magic cookie"
    return None
