"""Engine.IO over WebSocket: from the first packet on, or as what a polling session changes to."""

import msgspec

from natprobe.client.websocket import Ended, Upgrade
from natprobe.probe import Context
from natprobe.signalling.socketio import PollingSession
from natprobe.signalling.upgrades import asking, engine_path, open_socket, page_origin
from natprobe.wire.engineio import CLOSE, OPEN, PING, UPGRADE, Version, connect, opened, separate

_WAIT_S = 3.0
_PROBE = "probe"


class Direct(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A session that begins on a WebSocket."""

    upgrade: Upgrade
    open: bool = False
    """Whether the server sent its handshake there."""


class Change(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a polling session changed to a WebSocket."""

    upgrade: Upgrade
    probed: bool = False
    """Whether 2probe was answered by 3probe."""
    flows: bool = False
    """Whether a packet was answered there after the change."""
    ended: Ended | None = None
    """How the connection ended, where it did so before all this."""
    waited_s: float = _WAIT_S


async def begin(ctx: Context, version: Version) -> Direct:
    """Opens a session on a WebSocket, and ends it."""
    wish = asking(ctx, page_origin(ctx)[0], engine_path(ctx.cell.target, version, "websocket"))
    async with await open_socket(ctx, wish) as opening:
        if opening.socket is None:
            return Direct(upgrade=opening.seen)
        first = await opening.socket.message(_WAIT_S)
        kind, payload = separate(first) if isinstance(first, str) else ("", "")
        opening.socket.send(CLOSE)
        return Direct(upgrade=opening.seen, open=kind == OPEN and opened(payload) is not None)


async def change(ctx: Context, session: PollingSession) -> Change:
    """Takes `session` to a WebSocket, and proves that its packets go there now."""
    path = engine_path(ctx.cell.target, session.asked, "websocket", sid=session.told.sid)
    async with await open_socket(ctx, asking(ctx, page_origin(ctx)[0], path)) as opening:
        socket, seen = opening.socket, opening.seen
        if socket is None:
            return Change(upgrade=seen)
        socket.send(f"{PING}{_PROBE}")
        answer = await socket.message(_WAIT_S)
        if answer != f"3{_PROBE}":
            return Change(upgrade=seen, ended=answer if isinstance(answer, Ended) else None)
        socket.send(UPGRADE)
        # What each version answers at once: a client's ping in 3, a CONNECT in 4.
        socket.send(PING if session.version == 3 else connect(4, "/") or "")
        answer = await socket.message(_WAIT_S)
        if not isinstance(answer, str):
            return Change(upgrade=seen, probed=True, ended=answer)
        socket.send(CLOSE)
        session.left()
        return Change(upgrade=seen, probed=True, flows=True)
