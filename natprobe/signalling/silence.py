"""Keeps an open WebSocket quiet, as a client with nothing to say does, and tells how long that went well.

A client answers pings, and where Engine.IO is spoken it keeps that protocol's heartbeat: what a client would not leave
out is not left out here. So the silence is that of a real, quiet client, and what ends it would end that one as well.
"""

import asyncio
import contextlib
from collections.abc import Callable

import msgspec

from natprobe.client.websocket import Ended, WebSocket
from natprobe.net.clock import Clock
from natprobe.wire.engineio import CLOSE, PING, PONG, Opened, opened, separate

_STEP_S = 0.5
_PARTING_S = 1.0

Advance = Callable[[float], None]


class Quiet(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A connection that was kept quiet, and how it ended. Durations are seconds."""

    kept_s: float
    """From its opening to its end, or until it was long enough."""
    quiet_s: float
    """From the last thing that went either way to the end."""
    longest_quiet_s: float
    ended: Ended | None = None
    """None where it was open to the last."""
    pings: int = 0
    """Of the server, in WebSocket's own frames."""
    messages: int = 0
    beats: int = 0
    """Of Engine.IO's heartbeat, whoever begins it."""
    heartbeat_s: float | None = None
    """The pause between heartbeats that the server declares; None where it declares none."""


class Watch:
    """Reads one connection until it ends, or has been open for long enough."""

    def __init__(self, socket: WebSocket, clock: Clock, engine: int | None) -> None:
        self._socket, self._clock, self._engine = socket, clock, engine
        self._began = self._last = clock.now()
        self._longest = 0.0
        self._pings = self._messages = self._beats = 0
        self._heartbeat: Opened | None = None

    async def keep(self, wanted_s: float, advance: Advance) -> Quiet:
        """Keeps quiet for `wanted_s` seconds; `advance` hears how many have passed, a few times a second."""
        ended: Ended | None = None
        while ended is None and (left := self._began + wanted_s - self._clock.now()) > 0:
            self._beat_if_due()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(_STEP_S, left)):
                    ended = await self._heard()
            advance(min(wanted_s, self._clock.now() - self._began))
        quiet = self._quiet(ended)
        await self._part(ended)
        return quiet

    async def _heard(self) -> Ended | None:
        arrived = await self._socket.receive()
        if isinstance(arrived, Ended):
            return arrived
        if arrived.kind in {"ping", "pong"}:
            self._pings += 1
        else:
            self._messages += 1
            self._read(arrived.text)
        self._mark()
        return None

    def _read(self, text: str) -> None:
        if self._engine is None:
            return
        kind, payload = separate(text)
        if kind == "0":
            self._heartbeat = opened(payload)
        elif text == PING:
            self._beats += 1
            self._socket.send(PONG)

    def _beat_if_due(self) -> None:
        """Engine.IO 3 has the client begin (EIO=4 turned that round)."""
        if self._engine != 3 or self._heartbeat is None:
            return
        if self._clock.now() - self._last >= self._heartbeat.ping_interval_ms / 1000:
            self._socket.send(PING)
            self._beats += 1
            self._mark()

    def _mark(self) -> None:
        now = self._clock.now()
        self._longest, self._last = max(self._longest, now - self._last), now

    async def _part(self, ended: Ended | None) -> None:
        """Ends an Engine.IO session as its client does; the socket itself is closed by whoever opened it."""
        if self._engine is not None and ended is None:
            self._socket.send(CLOSE)
            await self._socket.message(_PARTING_S)

    def _quiet(self, ended: Ended | None) -> Quiet:
        until = ended.at_ms / 1000 if ended is not None else self._clock.now()
        quiet_s = max(0.0, until - self._last)
        return Quiet(
            kept_s=round(until - self._began, 3),
            quiet_s=round(quiet_s, 3),
            longest_quiet_s=round(max(self._longest, quiet_s), 3),
            ended=ended,
            pings=self._pings,
            messages=self._messages,
            beats=self._beats,
            heartbeat_s=self._heartbeat.ping_interval_ms / 1000 if self._heartbeat else None,
        )
