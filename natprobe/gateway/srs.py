"""Speaks SRS' HTTP API: its version, and an offer to publish.

SRS answers HTTP 200 to nearly everything; what counts is `code` in its JSON. Nothing is left published: no media
follows the offer, so SRS gives the session up by itself (30 s by default), and the stream's name was a random one.
"""

import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote

import msgspec

from natprobe.client.http import Exchanged
from natprobe.client.rig import Trusted
from natprobe.credential import Secret
from natprobe.probe import Context
from natprobe.signalling.upgrades import page_origin
from natprobe.target import Target
from natprobe.web.asking import JSON_BODY, ask
from natprobe.wire.http.limits import Limits

VERSIONS_PATH = "/api/v1/versions"
PUBLISH_PATH = "/rtc/v1/publish/"
DEFAULT_APP = "live"
_KNOWN_PATHS = ("/api/v1/versions", "/rtc/v1/publish", "/rtc/v1/play")
_LIMITS = Limits(total_s=6.0)


@dataclass(frozen=True, slots=True)
class VersionTold:
    """SRS answers at the cell's address."""

    version: str


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """What is offered to publish."""

    app: str
    name: str
    random: bool
    """The name is one that nobody else uses."""


def base_path(target: Target) -> str:
    """Where the API begins: the target's path, without a known endpoint at its end."""
    path = target.path.rstrip("/")
    known = next((each for each in _KNOWN_PATHS if path.endswith(each)), "")
    return path[: len(path) - len(known)]


def stream_of(target: Target) -> Stream:
    """The stream that the target's query names (`app`, `stream`); else one with a name that cannot be guessed."""
    named = dict(parse_qsl(target.query or ""))
    name = named.get("stream")
    return Stream(
        app=named.get("app", DEFAULT_APP), name=name or f"natprobe-{secrets.token_hex(8)}", random=name is None
    )


def stream_url(target: Target, stream: Stream, hidden: tuple[tuple[str, Secret], ...] = ()) -> str:
    """What the API calls `streamurl`; the query's other parameters go along, secret ones too, as clients send them."""
    others = [(name, value) for name, value in parse_qsl(target.query or "") if name not in {"app", "stream"}]
    pairs = (*others, *((name, secret.reveal()) for name, secret in hidden))
    query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)
    host = f"[{target.host}]" if ":" in target.host else target.host
    return f"webrtc://{host}/{stream.app}/{stream.name}" + (f"?{query}" if query else "")


async def ask_versions(ctx: Context) -> Exchanged:
    """GET /api/v1/versions."""
    path = f"{base_path(ctx.cell.target)}{VERSIONS_PATH}"
    return await ask(ctx, path=path, origin=page_origin(ctx)[0], limits=_LIMITS)


async def ask_publish(ctx: Context, stream: Stream, sdp: str) -> Exchanged:
    """POST /rtc/v1/publish/ with an offer."""
    target = ctx.cell.target
    path = f"{base_path(target)}{PUBLISH_PATH}"
    hidden = ctx.settings.query_secrets if ctx.bench.has(Trusted) else ()
    body = {
        "api": f"{target.web_url.partition('?')[0].rstrip('/')}{PUBLISH_PATH}",
        "clientip": None,
        "streamurl": stream_url(target, stream, hidden),
        "tid": secrets.token_hex(4),
        "sdp": sdp,
    }
    encoded = msgspec.json.encode(body)
    return await ask(
        ctx, "POST", path=path, origin=page_origin(ctx)[0], headers=JSON_BODY, body=encoded, limits=_LIMITS
    )


def told(answer: Exchanged) -> dict[str, Any] | None:
    """The JSON object of an answer; None where it is none."""
    try:
        value = msgspec.json.decode(answer.body)
    except (msgspec.MsgspecError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def code_of(message: dict[str, Any] | None) -> int | None:
    """Its `code`: 0 where all is well. None where it has none."""
    value = (message or {}).get("code")
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def version_of(message: dict[str, Any] | None) -> str | None:
    """The version that it names."""
    data = (message or {}).get("data")
    value = data.get("version") if isinstance(data, dict) else None
    return value[:40] if isinstance(value, str) and value else None
