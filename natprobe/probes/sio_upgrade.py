"""Does a Socket.IO session change from polling to a WebSocket, and can one begin there?

It works without, slowly and with many requests. The change is proved by packets: 2probe is answered by 3probe, and what
is said after the change is answered on the WebSocket.
"""

import asyncio

import msgspec

from natprobe.address import Address
from natprobe.events import Raised
from natprobe.model import Status
from natprobe.probe import Context, Judgement, Probe
from natprobe.signalling.enginews import Change, Direct, begin, change
from natprobe.signalling.refusals import facts_of, status_words
from natprobe.signalling.socketio import Spoken, shake
from natprobe.signalling.upgrades import is_socketio
from natprobe.wire.engineio import Version, refusal


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Both ways to a WebSocket."""

    server: Address
    uri: str
    version: Version
    offered: bool
    """The handshake names websocket among the transports to change to."""
    change: Change | None = None
    """None where no session was opened this time."""
    direct: Direct


async def observe(ctx: Context) -> Evidence:
    """Opens a session to change, and another one on a WebSocket, side by side."""
    spoken = ctx.bench.get(Spoken)
    async with asyncio.TaskGroup() as group:
        changed = group.create_task(_changed(ctx, spoken))
        direct = group.create_task(begin(ctx, spoken.asked))
    return Evidence(
        server=ctx.cell.address,
        uri=str(ctx.cell.target),
        version=spoken.version,
        offered="websocket" in spoken.upgrades,
        change=changed.result(),
        direct=direct.result(),
    )


async def _changed(ctx: Context, spoken: Spoken) -> Change | None:
    shaken = await shake(ctx, spoken.asked)
    if shaken.session is None:
        return None
    try:
        return await change(ctx, shaken.session)
    finally:
        await shaken.session.close()


def judge(evidence: Evidence) -> Judgement:
    """What the server does not offer is no fault; what it offers has to work."""
    direct = "a session begins on a WebSocket as well" if evidence.direct.open else "none begins on a WebSocket"
    if evidence.change is None:
        return Judgement(status=Status.INCONCLUSIVE, summary="the second handshake opened no session to change")
    if evidence.change.flows:
        return Judgement(status=Status.PASS, summary=f"polling changes to a WebSocket; {direct}")
    if not evidence.offered and evidence.direct.open:
        return Judgement(status=Status.PASS, summary="the server offers no change; a session begins on a WebSocket")
    if not evidence.offered:
        return Judgement(status=Status.PASS, summary="the server offers no WebSocket: clients stay with polling")
    detail = _detail(evidence.change)
    return Judgement(
        status=Status.WARN,
        summary=f"polling does not change to a WebSocket: {detail}; {direct}",
        raised=(_finding(evidence, evidence.change, detail),),
    )


def _detail(tried: Change) -> str:
    upgrade = tried.upgrade
    if not upgrade.opened:
        if upgrade.status is None:
            return upgrade.exchange.trouble.detail if upgrade.exchange.trouble else "nothing came"
        return f"the upgrade is answered {status_words(upgrade.exchange)}"
    if tried.ended is not None:
        how = "with a Close frame" if tried.ended.how == "close-frame" else "without a Close frame"
        return f"it opens, and ends {how} before {'the change' if tried.probed else '3probe'}"
    what = "a packet after the change" if tried.probed else "2probe"
    return f"{what} stays unanswered for {tried.waited_s:g} s"


def _finding(evidence: Evidence, tried: Change, detail: str) -> Raised:
    facts = facts_of(tried.upgrade.exchange, evidence.uri) | {"detail": detail, "sends": "1"}
    error = refusal(tried.upgrade.body)
    found = {1: "sio-unknown-sid", 3: "sio-bad-request"}.get(error.code) if error is not None else None
    return Raised(id=found or "sio-upgrade-fails", facts=facts)


PROBE = Probe(
    id="sio.upgrade",
    title="Socket.IO upgrade",
    rung=5,
    schemes=frozenset({"http", "https", "ws", "wss"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=30.0,
    needs=(Spoken,),
    about=is_socketio,
)
