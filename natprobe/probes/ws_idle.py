"""Does a quiet WebSocket stay open for as long as the user wants, and if not, who ends it?

It takes as long as the silence, so the user has to ask for it (`expect.idle_s`). A server that is tired of a client
says so in a Close frame; a proxy just ends the stream.
"""

import secrets

import msgspec

from natprobe.address import Address
from natprobe.client.websocket import Upgrade, WebSocket
from natprobe.events import Raised
from natprobe.model import Status
from natprobe.probe import Context, Judgement, Probe, Settings
from natprobe.signalling.refusals import seconds, status_words
from natprobe.signalling.silence import Quiet, Watch
from natprobe.signalling.socketio import Spoken
from natprobe.signalling.upgrades import Upgraded, is_socketio, open_socket

LONGEST_S = 3600.0
"""The longest silence that is kept, whatever is asked for."""
_ROOM_S = 60.0


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One connection that was kept quiet."""

    server: Address
    uri: str
    wanted_s: float
    upgrade: Upgrade
    quiet: Quiet | None = None
    """None where it did not open this time."""


def wanted(settings: Settings) -> bool:
    """Whether the user names a silence."""
    return settings.expect.idle_s is not None


async def observe(ctx: Context) -> Evidence:
    """Opens one connection and says nothing that a client would leave out."""
    wanted_s = min(ctx.settings.expect.idle_s or 0.0, LONGEST_S)
    async with await open_socket(ctx, ctx.bench.get(Upgraded).asking) as opening:
        evidence = Evidence(server=ctx.cell.address, uri=str(ctx.cell.target), wanted_s=wanted_s, upgrade=opening.seen)
        if opening.socket is None:
            return evidence
        _introduce(ctx, opening.socket)
        watch = Watch(opening.socket, ctx.clock, _engine(ctx))
        quiet = await watch.keep(wanted_s, lambda passed: ctx.advance(round(passed, 1), wanted_s, "seconds of silence"))
        return msgspec.structs.replace(evidence, quiet=quiet)


def _engine(ctx: Context) -> int | None:
    """The Engine.IO version whose heartbeat is kept; None where none is spoken."""
    if not is_socketio(ctx.cell.target):
        return None
    return ctx.bench.get(Spoken).version if ctx.bench.has(Spoken) else 4


def _introduce(ctx: Context, socket: WebSocket) -> None:
    """A collider ends connections that do not register within 10 s, whatever else they do."""
    if ctx.cell.target.scheme.startswith("collider+"):
        register = {"cmd": "register", "roomid": secrets.token_hex(8), "clientid": secrets.token_hex(8)}
        socket.send(msgspec.json.encode(register).decode())


def judge(evidence: Evidence) -> Judgement:
    """How it ended says who ended it."""
    quiet = evidence.quiet
    if quiet is None:
        answer = status_words(evidence.upgrade.exchange) or "nothing"
        return Judgement(status=Status.INCONCLUSIVE, summary=f"not told: it did not open again ({answer})")
    if quiet.ended is None:
        return Judgement(status=Status.PASS, summary=f"open after {seconds(quiet.kept_s * 1000)}{_traffic(quiet)}")
    silence = seconds(quiet.quiet_s * 1000)
    facts = {"uri": evidence.uri, "waited": silence}
    if quiet.ended.how == "close-frame":
        said = f"code {quiet.ended.code}" + (f", {quiet.ended.reason!r}" if quiet.ended.reason else "")
        words = f"the server closed it after {silence} of silence, with a Close frame ({said})"
        raised = (Raised(id="ws-idle-closed", facts=facts | {"code": str(quiet.ended.code), "detail": said}),)
        return Judgement(status=Status.FAIL, summary=words, raised=raised)
    if quiet.ended.how == "broken":
        raised = (Raised(id="ws-101-broken", facts=facts | {"detail": quiet.ended.detail}),)
        return Judgement(status=Status.FAIL, summary=f"given up: {quiet.ended.detail}", raised=raised)
    return _judged_timeout(quiet, silence, facts)


def _judged_timeout(quiet: Quiet, silence: str, facts: dict[str, str]) -> Judgement:
    how = "was reset" if quiet.ended is not None and quiet.ended.how == "reset" else "ended"
    words = f"it {how} after {silence} of silence, without a Close frame, as proxies do"
    raised = [Raised(id="ws-idle-timeout", facts=facts)]
    if quiet.heartbeat_s is not None and quiet.heartbeat_s >= quiet.quiet_s:
        interval = seconds(quiet.heartbeat_s * 1000)
        words += f"; the server's heartbeat comes every {interval}"
        raised.append(Raised(id="ws-heartbeat-longer-than-timeout", facts=facts | {"lifetime": interval}))
    return Judgement(status=Status.FAIL, summary=words, raised=tuple(raised))


def _traffic(quiet: Quiet) -> str:
    """What kept it open, where it was not silence: that proves nothing about longer ones."""
    if not (quiet.pings or quiet.messages or quiet.beats):
        return " of silence"
    what = ((quiet.pings, "pings"), (quiet.beats, "heartbeats"), (quiet.messages - quiet.beats, "messages"))
    heard = " and ".join(f"{count} {name}" for count, name in what if count > 0)
    return f"; {heard} came, so that it was never quiet for longer than {seconds(quiet.longest_quiet_s * 1000)}"


PROBE = Probe(
    id="ws.idle",
    title="WebSocket idle time",
    rung=6,
    schemes=frozenset({"ws", "wss", "collider+ws", "collider+wss", "janus+ws", "janus+wss"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=LONGEST_S + _ROOM_S,
    needs=(Upgraded,),
    after=("sio.handshake",),
    wanted=wanted,
)
