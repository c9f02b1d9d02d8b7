"""Requests beside the main one, which tell what its answer means: a path that nobody knows, the port without TLS."""

from natprobe.client.http import Exchanged, fetch
from natprobe.client.websocket import Opening, Upgrade, upgrade
from natprobe.probe import Context
from natprobe.signalling.upgrades import HTTP_PORT, plain_way, without_secrets
from natprobe.web.asking import PATIENCE, ask, stray_path
from natprobe.web.pages import is_same_page
from natprobe.wire.http.request import Request
from natprobe.wire.websocket.handshake import Asking


async def is_fallback(ctx: Context, answer: Exchanged) -> bool:
    """Whether `answer` is the page that the server gives for any path: one that nobody can know is asked as well."""
    if answer.status != 200:
        return False
    stray = await ask(ctx, path=stray_path(ctx.cell.target.path or "/"), limits=PATIENCE)
    return is_same_page(answer, stray)


def has_plain_twin(ctx: Context) -> bool:
    """Whether plain HTTP of the same host is another port of its own."""
    return ctx.cell.transport == "tls" and ctx.cell.address.port != HTTP_PORT


async def upgrade_without_tls(ctx: Context, wish: Asking) -> Upgrade | None:
    """The same upgrade at port 80; None where that is this cell's own port, or no other."""
    if not has_plain_twin(ctx):
        return None
    opening: Opening = await upgrade(ctx.hold, plain_way(ctx), without_secrets(wish, ctx.cell.target), PATIENCE)
    async with opening:
        return opening.seen


async def fetch_without_tls(ctx: Context, path: str) -> Exchanged | None:
    """The same request at port 80; None where that is this cell's own port. `path` must hold nothing secret."""
    if not has_plain_twin(ctx):
        return None
    target = ctx.cell.target
    host = f"[{target.host}]" if ":" in target.host else target.host
    return await fetch(ctx.hold, plain_way(ctx), Request(path=path, authority=host), PATIENCE)
