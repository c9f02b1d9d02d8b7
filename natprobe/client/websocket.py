"""A WebSocket to one address: how its opening went, whatever came of it, and messages until somebody ends it.

Theory of operation. The opening is one HTTP exchange like any other, so that everything but a 101 is evidence as well.
The reader drives the rest: whoever waits in receive() takes a chunk, hands it to the frames, and sends what these
want to answer (a Pong, a Close). Nothing runs in the background. How a connection ended says who ended it: a server
says Close, a proxy that is tired of it just ends the stream.
"""

import asyncio
import contextlib
from collections import deque
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

import msgspec

from natprobe.client.hold import Hold
from natprobe.client.http import Exchanged, HttpExchange, switch
from natprobe.client.line import Way
from natprobe.net.clock import Clock
from natprobe.net.endpoint import Carrier
from natprobe.net.trouble import Reason, Trouble
from natprobe.wire.http.limits import Limits as HttpLimits
from natprobe.wire.http.text import printed, without_secrets
from natprobe.wire.websocket.handshake import SWITCHING, Asking, Flaw, flaw, new_key, request, subprotocol

if TYPE_CHECKING:
    from natprobe.wire.websocket.frames import Arrived

OPENING = HttpLimits(body_bytes=65_536)
SHOWN_BODY = 160
_FAREWELL_S = 0.3

How = Literal["close-frame", "fin", "reset", "broken", "silent"]


class Ended(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a connection ended: the peer said Close; ended the stream without it; reset it; or broke the protocol."""

    how: How
    at_ms: float
    detail: str = ""
    code: int | None = None
    """Of the Close frame (RFC 6455 section 7.4); None without one."""
    reason: str | None = None


class Upgrade(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One opening handshake and what came of it."""

    exchange: HttpExchange
    origin: str | None = None
    """The Origin that was sent; None where none was."""
    flaw: Flaw | None = None
    """Why a browser fails it although the status is 101."""
    subprotocol: str | None = None
    """What the server picked."""
    html: bool = False
    """The answer says that it is a page."""
    body: str = ""
    """How the body of a refusal begins, in print."""

    @property
    def opened(self) -> bool:
        """Whether a browser would have a WebSocket now."""
        return self.exchange.status == SWITCHING and self.exchange.trouble is None and self.flaw is None

    @property
    def status(self) -> int | None:
        """Of the answer; None where none could be read."""
        return self.exchange.status

    @property
    def waited_ms(self) -> float:
        """From the first packet to the answer's end."""
        return self.exchange.total_ms


@dataclass(frozen=True, slots=True)
class Opening:
    """An opening, and the connection where there is one: use it as a context, which closes it."""

    seen: Upgrade
    exchanged: Exchanged
    socket: "WebSocket | None" = field(default=None, repr=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self.socket is not None:
            await self.socket.close()


async def upgrade(hold: Hold, way: Way, asking: Asking, limits: HttpLimits = OPENING) -> Opening:
    """Opens a WebSocket as a browser does. What the network does is told, never raised."""
    key = new_key()
    switched = await switch(hold, way, request(asking, key), limits)
    exchanged, head = switched.exchanged, switched.exchanged.head
    seen = Upgrade(
        exchange=exchanged.seen,
        origin=asking.origin,
        flaw=flaw(head, key, asking) if head is not None and head.status == SWITCHING else None,
        subprotocol=subprotocol(head) if head is not None else None,
        html=(exchanged.value("content-type") or "").lower().startswith("text/html"),
        body=_refusal(exchanged),
    )
    if switched.carrier is None:
        return Opening(seen, exchanged)
    if not seen.opened:
        await switched.carrier.close()
        return Opening(seen, exchanged)
    return Opening(seen, exchanged, WebSocket(switched.carrier, hold.clock, switched.rest))


def _refusal(exchanged: Exchanged) -> str:
    """How a refusal's body begins. That of any other answer may be what a session is opened with."""
    if exchanged.status is None or exchanged.status < 400:
        return ""
    return without_secrets(printed(exchanged.body, SHOWN_BODY))


class WebSocket:
    """An open connection. For one reader at a time."""

    def __init__(self, carrier: Carrier, clock: Clock, rest: bytes) -> None:
        from natprobe.wire.websocket.frames import Frames, Limits  # noqa: PLC0415  loads its library only here

        self.ended: Ended | None = None
        self._carrier, self._clock = carrier, clock
        self._frames = Frames(Limits())
        self._waiting: deque[Arrived] = deque()
        if rest:
            self._feed(rest)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self.close()

    def send(self, text: str) -> None:
        """Sends one text message; nothing once the connection has ended."""
        self._frames.send_text(text)
        self._flush()

    async def receive(self) -> "Arrived | Ended":
        """The next message or control frame; at the end how it ended, again and again. Sets no time limit."""
        while not self._waiting:
            if self.ended is not None:
                return self.ended
            chunk = await self._carrier.receive()
            if isinstance(chunk, Trouble):
                self.ended = self._told(chunk)
            else:
                self._feed(chunk.data)
        return self._waiting.popleft()

    async def message(self, within_s: float) -> "str | Ended | None":
        """The next text message, control frames left out; None where none came in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while True:
                    arrived = await self.receive()
                    if isinstance(arrived, Ended):
                        return arrived
                    if arrived.kind == "text":
                        return arrived.text
        return None

    async def close(self) -> None:
        """Says Close, waits a moment for the peer's, and releases the socket. A second call does nothing."""
        try:
            if self.ended is None:
                self._frames.send_close()
                self._flush()
                await self._farewell()
        finally:
            await self._carrier.close()

    async def _farewell(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FAREWELL_S):
                while self.ended is None:
                    self._waiting.clear()
                    await self.receive()

    def _feed(self, data: bytes) -> None:
        self._waiting.extend(self._frames.feed(data))
        self._flush()
        at_ms, farewell = round(self._clock.now_ms(), 3), self._frames.farewell
        if farewell is not None:
            self.ended = Ended(how="close-frame", at_ms=at_ms, code=farewell.code, reason=farewell.reason)
        elif self._frames.broken is not None:
            self.ended = Ended(how="broken", at_ms=at_ms, detail=self._frames.broken)

    def _flush(self) -> None:
        data = self._frames.outgoing()
        if data:
            self._carrier.send(data)

    def _told(self, trouble: Trouble) -> Ended:
        hows: dict[Reason, How] = {Reason.CLOSED: "fin", Reason.RESET: "reset", Reason.SILENT: "silent"}
        how = hows.get(trouble.reason, "broken")
        return Ended(how=how, at_ms=round(self._clock.now_ms(), 3), detail=trouble.detail)
