"""The two lines carried by a WebSocket that both sides open, whose server passes on what it gets."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from natprobe.client.description import LONGEST_LINE, Description, DescriptionError, Kind, looks_like_line, read_line
from natprobe.connecting.by_hand import Say
from natprobe.net.signalling import Signalling, open_signalling
from natprobe.net.trust import Trust
from natprobe.target import Target

REPEAT_S = 1.0
"""An offer is sent again while nobody answers: the other side may open its WebSocket later."""
_LONGEST_FRAME = 65_536


class ByWebSocket:
    """A Messenger. What is no line of natprobe's is passed over: others may use the WebSocket as well."""

    prompt = True

    def __init__(self, socket: Signalling, say: Say) -> None:
        self._socket, self._say = socket, say
        self._told: str | None = None
        self._warned = False

    async def tell(self, kind: Kind, line: str) -> None:
        """See Messenger."""
        self._told = line if kind == "offer" else None
        await self._socket.send(line)
        self._say(f"the {kind} was sent")

    async def hear(self, kind: Kind, session: bytes | None) -> Description:
        """See Messenger; raises SignallingError where the WebSocket closes."""
        while True:
            text = await self._next()
            if not looks_like_line(text) or len(text) > LONGEST_LINE:
                continue
            with contextlib.suppress(DescriptionError):
                described = read_line(text, kind)
                if session in {None, described.session}:
                    return described
            self._wonder(text, kind)

    async def _next(self) -> str:
        """The next frame; meanwhile an offer is repeated."""
        receiving = asyncio.ensure_future(self._socket.receive())
        try:
            while not (await asyncio.wait((receiving,), timeout=REPEAT_S))[0]:
                if self._told is not None:
                    await self._socket.send(self._told)
            return receiving.result()
        finally:
            receiving.cancel()
            await asyncio.gather(receiving, return_exceptions=True)

    def _wonder(self, text: str, kind: Kind) -> None:
        """Both sides offer: that never becomes a call, and is told once."""
        if kind == "answer" and text.startswith("natprobe-offer-") and text != self._told and not self._warned:
            self._warned = True
            self._say("another side offers too: start one of the two with --answer")


@contextlib.asynccontextmanager
async def by_websocket(target: Target, url: str, trust: Trust | None, say: Say) -> AsyncIterator[ByWebSocket]:
    """A messenger for as long as the block lasts. Raises SignallingError."""
    origin = f"{'https' if target.secure else 'http'}://{target.host}"
    async with open_signalling(url, origin, trust, _LONGEST_FRAME) as socket:
        yield ByWebSocket(socket, say)
