"""Speaks Engine.IO over its polling transport: each request on a connection of its own, as browsers may make them.

A session that was opened is closed again, whatever happens; the server would keep it for as long as its ping timeout.
"""

from dataclasses import dataclass, field
from typing import Literal

import msgspec

from natprobe.client.http import Exchanged, HttpExchange
from natprobe.client.rig import Trusted
from natprobe.probe import Context
from natprobe.signalling.upgrades import engine_path, page_origin
from natprobe.web.asking import ask, with_parameters
from natprobe.web.pages import is_html
from natprobe.wire.engineio import (
    CLOSE,
    OPEN,
    PING,
    PONG,
    Opened,
    Version,
    answer_to_connect,
    body_of,
    connect,
    opened,
    packets,
    refusal,
    separate,
)
from natprobe.wire.http.limits import Limits

VERSIONS: tuple[Version, ...] = (4, 3)
_LIMITS = Limits(total_s=4.0)
_HURRY = Limits(total_s=0.8)
_TEXT = (("Content-Type", "text/plain;charset=UTF-8"),)
_HEARTBEATS: dict[Version, str] = {3: PING, 4: PONG}
"""What a client of that version may say at any time."""

Outcome = Literal["fine", "unknown-sid", "failed"]
UNKNOWN_SID = 1


class Poll(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A handshake by polling, and what the server said to it."""

    asked: Version
    """The EIO of the query."""
    exchange: HttpExchange
    spoken: Version | None = None
    """The version of the answer's form; None where it opens no session."""
    ping_interval_ms: float | None = None
    ping_timeout_ms: float | None = None
    upgrades: tuple[str, ...] = ()
    """The transports that the server offers to change to."""
    code: int | None = None
    """Engine.IO's own error, 0 to 5."""
    message: str = ""
    html: bool = False


@dataclass(frozen=True, slots=True)
class Shaken:
    """A handshake, and the session where one was opened."""

    seen: Poll
    exchanged: Exchanged
    session: "PollingSession | None" = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Spoken:
    """The cell's server opens Engine.IO sessions: put on the bench for what comes after."""

    asked: Version
    version: Version
    upgrades: tuple[str, ...]


async def shake(ctx: Context, version: Version) -> Shaken:
    """Opens a session; whoever gets it closes it, or the cell's end does."""
    answer = await _ask(ctx, engine_path(ctx.cell.target, version, "polling"))
    seen, told, early = _read(version, answer)
    if told is None or seen.spoken is None:
        return Shaken(seen, answer)
    session = PollingSession(ctx, version, seen.spoken, told, early)
    ctx.hold.closing.push_async_callback(session.close)
    return Shaken(seen, answer, session)


def _read(version: Version, answer: Exchanged) -> tuple[Poll, Opened | None, tuple[str, ...]]:
    text = answer.body.decode("utf-8", "replace")
    poll = Poll(asked=version, exchange=answer.seen, html=is_html(answer))
    error = refusal(text)
    if error is not None:
        return msgspec.structs.replace(poll, code=error.code, message=error.message[:200]), None, ()
    found = packets(text) if answer.status == 200 else None
    kind, payload = separate(found[1][0]) if found else ("", "")
    told = opened(payload) if kind == OPEN else None
    if found is None or told is None:
        return poll, None, ()
    poll = msgspec.structs.replace(
        poll,
        spoken=found[0],
        ping_interval_ms=told.ping_interval_ms,
        ping_timeout_ms=told.ping_timeout_ms,
        upgrades=told.upgrades,
    )
    return poll, told, found[1][1:]


class PollingSession:
    """One session of the polling transport."""

    def __init__(self, ctx: Context, asked: Version, version: Version, told: Opened, early: tuple[str, ...]) -> None:
        self.asked, self.version, self.told = asked, version, told
        self.outcomes: list[Outcome] = []
        """What became of each request that named the session."""
        self._ctx = ctx
        self._waiting = early
        self._closed = False

    async def namespace(self, name: str) -> bool | str | None:
        """Connects a namespace: True, the reason why it was refused, or None where no answer came."""
        wish = connect(self.version, name)
        if wish is not None and await self._post(wish) != "fine":
            return None
        for _ in range(3):
            answers = [found for each in self._waiting if (found := answer_to_connect(each, name)) is not None]
            self._waiting = ()
            if answers:
                return answers[0]
            if await self._poll() != "fine":
                return None
        return None

    async def heartbeat(self) -> None:
        """Says that the client is there: one more request of the same session, over one more connection."""
        await self._post(_HEARTBEATS[self.version])

    async def close(self) -> None:
        """Ends the session. A second call does nothing."""
        if not self._closed:
            self._closed = True
            await self._send(CLOSE, _HURRY)

    def left(self) -> None:
        """The session has ended elsewhere: there is nothing to close."""
        self._closed = True

    async def _post(self, packet: str) -> Outcome:
        return self._noted(await self._send(packet, _LIMITS))

    async def _send(self, packet: str, limits: Limits) -> Exchanged:
        return await _ask(self._ctx, self._path, body_of(self.version, packet), limits)

    async def _poll(self) -> Outcome:
        answer = await _ask(self._ctx, self._path)
        found = packets(answer.body.decode("utf-8", "replace")) if answer.status == 200 else None
        self._waiting = found[1] if found else ()
        return self._noted(answer)

    def _noted(self, answer: Exchanged) -> Outcome:
        error = refusal(answer.body.decode("utf-8", "replace"))
        fine: Outcome = "fine" if answer.status == 200 and answer.seen.answered else "failed"
        outcome: Outcome = "unknown-sid" if error is not None and error.code == UNKNOWN_SID else fine
        self.outcomes.append(outcome)
        return outcome

    @property
    def _path(self) -> str:
        return engine_path(self._ctx.cell.target, self.asked, "polling", sid=self.told.sid)


async def _ask(ctx: Context, path: str, body: bytes | None = None, limits: Limits = _LIMITS) -> Exchanged:
    """One request from the page's origin; with a body it is a POST."""
    if ctx.bench.has(Trusted):
        path = with_parameters(path, tuple((name, each.reveal()) for name, each in ctx.settings.query_secrets))
    origin, _ = page_origin(ctx)
    if body is None:
        return await ask(ctx, path=path, origin=origin, limits=limits)
    return await ask(ctx, "POST", path=path, origin=origin, headers=_TEXT, body=body, limits=limits)
