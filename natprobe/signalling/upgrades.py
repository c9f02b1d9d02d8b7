"""Opens WebSockets to the cell's server as its clients do: the page's origin, their sub-protocol, their path."""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote

import msgspec

from natprobe.address import Address
from natprobe.client.line import Way
from natprobe.client.rig import Trusted
from natprobe.client.websocket import OPENING, Opening, upgrade
from natprobe.probe import Context
from natprobe.target import Target
from natprobe.web.asking import way_to, with_parameters
from natprobe.web.pages import origin_of, page_of
from natprobe.wire.http.limits import Limits
from natprobe.wire.websocket.handshake import Asking

JANUS_PROTOCOL = "janus-protocol"
HTTP_PORT = 80


@dataclass(frozen=True, slots=True)
class Upgraded:
    """The cell's server opens a WebSocket that is asked for like this; what later probes open their own with."""

    asking: Asking = field(repr=False)


def is_socketio(target: Target) -> bool:
    """Whether the path is Socket.IO's, so that Engine.IO is spoken there."""
    return target.form == "web" and "/socket.io/" in f"{target.path}/"


def engine_path(target: Target, version: int, transport: str, **more: str) -> str:
    """The path of an Engine.IO request: the target's own parameters, with these in place of its own of their names."""
    ours = {"EIO": str(version), "transport": transport, **more}
    own = [
        (name, value) for name, value in parse_qsl(target.query or "", keep_blank_values=True) if name not in _ENGINE
    ]
    query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in (*own, *ours.items()))
    return f"{target.path or '/'}?{query}"


_ENGINE = frozenset({"EIO", "transport", "sid", "t", "j", "b64"})


def declared_engine(target: Target) -> int | None:
    """The Engine.IO version that the target's own query names: what its clients speak. None where it names none."""
    named = dict(parse_qsl(target.query or "")).get("EIO", "")
    return int(named) if named in {"3", "4"} else None


def page_origin(ctx: Context) -> tuple[str, bool]:
    """The Origin that browsers send, and whether it is a guess: the page that was named, else the server's own."""
    page = page_of(ctx.settings.expect.page)
    return (origin_of(ctx.cell.target), True) if page is None else (origin_of(page), False)


def subprotocol(ctx: Context) -> str | None:
    """The sub-protocol that clients ask for: as expected; Janus has one of its own."""
    janus = JANUS_PROTOCOL if ctx.cell.target.scheme.startswith("janus+") else None
    return ctx.settings.expect.subprotocol or janus


def asking(ctx: Context, origin: str | None, path: str | None = None) -> Asking:
    """The upgrade of the target's own path, or of `path` in its place; secret parameters go along where they may."""
    target = ctx.cell.target
    asked = target.request_path if path is None else path
    if ctx.bench.has(Trusted):
        asked = with_parameters(asked, tuple((name, each.reveal()) for name, each in ctx.settings.query_secrets))
    return Asking(authority=target.authority, path=asked, origin=origin, subprotocol=subprotocol(ctx))


async def open_socket(ctx: Context, wish: Asking, limits: Limits = OPENING) -> Opening:
    """Opens one at the cell's address. Use what comes back as a context, which closes it."""
    return await upgrade(ctx.hold, way_to(ctx), wish, limits)


def plain_way(ctx: Context) -> Way:
    """The same address without TLS, at the port of plain HTTP."""
    return Way("tcp", Address(ctx.cell.address.host, HTTP_PORT), ctx.cell.target.host)


def without_secrets(wish: Asking, target: Target) -> Asking:
    """`wish` for a port without TLS: nothing that is secret goes along, and no port stands in the authority.

    Engine.IO opens nothing without its own parameters, which are no secret.
    """
    host = f"[{target.host}]" if ":" in target.host else target.host
    path = wish.path.partition("?")[0]
    if is_socketio(target):
        path = engine_path(msgspec.structs.replace(target, query=None), declared_engine(target) or 4, "websocket")
    return Asking(authority=host, path=path, origin=wish.origin, subprotocol=wish.subprotocol)
