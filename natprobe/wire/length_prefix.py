"""Messages behind their length, as ICE over TCP carries them (RFC 4571 section 2, RFC 6544 section 3)."""

from natprobe.wire.framing import EVIDENCE_LENGTH, header_trouble
from natprobe.wire.registry import HEADER_LENGTH

_LENGTH = 2


class LengthFramer:
    """A Framer: splits one direction of a stream into messages, of which the first must be STUN.

    Memory is bounded by one message (64 KiB) and what is fed. Once `broken`, everything that follows is dropped.
    """

    def __init__(self) -> None:
        self.broken: str | None = None
        """Why the stream cannot be read any further, in a sentence."""
        self.evidence: bytes = b""
        """The first 64 bytes of a stream that is something else."""
        self._buffer = bytearray()
        self._begun = False

    def wrap(self, data: bytes) -> bytes:
        """`data` as it goes into the stream. Raises OverflowError beyond 65535 bytes."""
        return len(data).to_bytes(_LENGTH) + data

    def feed(self, data: bytes) -> list[bytes]:
        """Takes the next bytes of the stream and returns the messages that they complete."""
        if self.broken:
            return []
        self._buffer += data
        if not self._begun:
            self.broken = self._foreign()
        if self.broken:
            self.evidence = bytes(self._buffer[:EVIDENCE_LENGTH])
            self._buffer.clear()
        return self._whole()

    def _whole(self) -> list[bytes]:
        found: list[bytes] = []
        offset = 0
        while len(self._buffer) - offset >= _LENGTH:
            end = offset + _LENGTH + int.from_bytes(self._buffer[offset : offset + _LENGTH])
            if end > len(self._buffer):
                break
            found.append(bytes(self._buffer[offset + _LENGTH : end]))
            offset = end
        del self._buffer[:offset]
        self._begun = self._begun or bool(found)
        return found

    def _foreign(self) -> str | None:
        """Why no agent speaks here: a channel of TURN (0x40 and above) begins no such stream either."""
        head = bytes(self._buffer[_LENGTH : _LENGTH + HEADER_LENGTH])
        trouble = f"no STUN message starts with the byte 0x{head[0]:02x}" if head and head[0] >= 4 else None
        trouble = trouble or header_trouble(head)
        return f"the stream is no ICE over TCP: {trouble}" if trouble else None
