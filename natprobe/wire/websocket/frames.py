"""Frames out of bytes, messages out of frames, with bounds; and the other way round (RFC 6455 section 5).

The grammar is that of the `websockets` library; what it must not cost us is set here. Loads that library.
"""

from typing import Literal

import msgspec
from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol, Side, State

from natprobe.wire.http.text import printed

Kind = Literal["text", "binary", "ping", "pong"]
_KINDS: dict[Opcode, Kind] = {
    Opcode.TEXT: "text",
    Opcode.BINARY: "binary",
    Opcode.PING: "ping",
    Opcode.PONG: "pong",
}
_SLICE = 4096
_LONGEST_REASON = 123  # section 5.5: what a control frame holds, less the code


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one connection may bring. More ends it."""

    message_bytes: int = 262_144
    frames: int = 4096
    total_bytes: int = 4_194_304


class Arrived(msgspec.Struct, frozen=True):
    """One message or control frame of the peer."""

    kind: Kind
    data: bytes

    @property
    def text(self) -> str:
        """The data as text; what is no UTF-8 shows as such."""
        return self.data.decode("utf-8", "replace")


class Farewell(msgspec.Struct, frozen=True):
    """The peer's Close frame. `code` is 1005 where it gave none (section 7.1.5)."""

    code: int
    reason: str


class Frames:
    """A client's side of one connection that is open. `outgoing` holds what must be sent after every call."""

    def __init__(self, limits: Limits) -> None:
        self.farewell: Farewell | None = None
        self.broken: str | None = None
        """Why nothing more is read, as a clause: the peer breaks the grammar, or the bounds."""
        self._limits = limits
        self._protocol = Protocol(Side.CLIENT, state=State.OPEN, max_size=limits.message_bytes)
        self._kind: Kind = "text"
        self._pieces: list[bytes] = []
        self._frames = 0
        self._bytes = 0

    @property
    def open(self) -> bool:
        """Whether messages may be sent."""
        return self._protocol.state is State.OPEN

    def feed(self, data: bytes) -> list[Arrived]:
        """Takes bytes of the peer. Pings are answered by themselves."""
        found: list[Arrived] = []
        # In slices, as a chunk of empty frames holds more of them than anybody wants to read.
        for start in range(0, len(data), _SLICE):
            if self.broken is not None or self.farewell is not None:
                break
            found += self._fed(data[start : start + _SLICE])
        return found

    def _fed(self, data: bytes) -> list[Arrived]:
        self._bytes += len(data)
        self._protocol.receive_data(data)
        found = [arrived for frame in self._protocol.events_received() if (arrived := self._taken(frame)) is not None]
        self._look_at_the_end()
        return found

    def outgoing(self) -> bytes:
        """What is to be sent now."""
        return b"".join(self._protocol.data_to_send())

    def send_text(self, text: str) -> None:
        """Says one message; nothing where the connection is closing."""
        if self.open:
            self._protocol.send_text(text.encode("utf-8"))

    def send_close(self, code: int = 1000) -> None:
        """Begins the closing handshake (section 7.1.2)."""
        if self.open:
            self._protocol.send_close(code)

    def _taken(self, frame: object) -> Arrived | None:
        self._frames += 1
        if not isinstance(frame, Frame) or frame.opcode is Opcode.CLOSE:
            return None
        if frame.opcode is not Opcode.CONT:
            kind = _KINDS[frame.opcode]
            if kind in {"ping", "pong"}:
                return Arrived(kind, bytes(frame.data))
            self._kind = kind
        self._pieces.append(bytes(frame.data))
        if not frame.fin:
            return None
        whole = b"".join(self._pieces)
        self._pieces.clear()
        return Arrived(self._kind, whole)

    def _look_at_the_end(self) -> None:
        error, close = self._protocol.parser_exc, self._protocol.close_rcvd
        if error is not None:
            self.broken = f"it breaks the WebSocket protocol: {printed(str(error).encode(), 120)}"
        elif close is not None:
            self.farewell = Farewell(int(close.code), printed(close.reason.encode(), _LONGEST_REASON))
        elif self._frames > self._limits.frames:
            self.broken = f"it sent more than {self._limits.frames} frames"
        elif self._bytes > self._limits.total_bytes:
            self.broken = f"it sent more than {self._limits.total_bytes} bytes"
