"""Asks the cell's server as its clients do: the target's own host, its secret parameters, nothing else."""

import secrets
from urllib.parse import quote

from natprobe.client.http import DEFAULT_LIMITS, Exchanged, fetch
from natprobe.client.line import Way
from natprobe.client.rig import Trusted
from natprobe.probe import Context
from natprobe.wire.http.limits import Limits
from natprobe.wire.http.request import Request

JSON_BODY = (("Content-Type", "application/json"),)
PATIENCE = Limits(total_s=6.0)
"""For requests beside the main one."""


async def ask(
    ctx: Context,
    method: str = "GET",
    *,
    path: str | None = None,
    origin: str | None = None,
    headers: tuple[tuple[str, str], ...] = (),
    body: bytes = b"",
    limits: Limits = DEFAULT_LIMITS,
) -> Exchanged:
    """One request to the cell's address; `path` (with its query) in place of the target's own.

    The target's secret parameters go with its own path alone, and never over TLS with a certificate that is not good.
    """
    cell = ctx.cell
    asked = cell.target.request_path if path is None else path
    if path is None and ctx.bench.has(Trusted):
        asked = with_parameters(asked, tuple((name, each.reveal()) for name, each in ctx.settings.query_secrets))
    from_page = () if origin is None else (("Origin", origin),)
    request = Request(
        method=method, path=asked, authority=cell.target.authority, headers=(*from_page, *headers), body=body
    )
    return await fetch(ctx.hold, way_to(ctx), request, limits)


def way_to(ctx: Context) -> Way:
    """How the cell's server is spoken to."""
    return Way(ctx.cell.transport, ctx.cell.address, ctx.cell.target.host)


def with_parameters(path: str, pairs: tuple[tuple[str, str], ...]) -> str:
    """`path` with further query parameters."""
    query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)
    return path if not query else f"{path}{'&' if '?' in path else '?'}{query}"


def stray_path(path: str) -> str:
    """A path beside `path` that no server knows, without a query: what it answers there, it answers to any path."""
    folder = path.partition("?")[0].rpartition("/")[0]
    return f"{folder}/natprobe-{secrets.token_hex(4)}"
