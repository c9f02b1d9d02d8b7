"""Speaks Janus' API: the same messages over HTTP, with a long poll for events, or over one WebSocket.

A secret goes into a message only where the caller says so. Whatever the gateway answers is bounded, and told.
"""

import asyncio
import contextlib
import secrets
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import quote

import msgspec

from natprobe.client.http import Exchanged, HttpExchange
from natprobe.client.rig import Trusted
from natprobe.client.websocket import Ended, WebSocket
from natprobe.credential import Secret
from natprobe.ice.line import LONGEST_LINE
from natprobe.probe import Context
from natprobe.signalling.upgrades import Upgraded, open_socket, page_origin
from natprobe.web.asking import JSON_BODY, ask
from natprobe.web.pages import is_html
from natprobe.wire.http.limits import Limits

WAIT_S = 4.0
_LIMITS = Limits(total_s=WAIT_S)
_HURRY = Limits(total_s=0.8)
_HURRY_S = 0.3
_MOST_EVENTS = 16
_MOST_WAITING = 32


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: a message, or the reason why none could be read."""

    message: dict[str, Any] | None = field(default=None, repr=False)
    exchange: HttpExchange | None = None
    """Over HTTP, and how the WebSocket opened where it did not."""
    detail: str = ""
    html: bool = False
    exchanged: Exchanged | None = field(default=None, repr=False)

    @property
    def kind(self) -> str:
        """The value of `janus`: success, error, event …; nothing where no message came."""
        told = (self.message or {}).get("janus")
        return told if isinstance(told, str) else ""

    @property
    def error(self) -> tuple[int, str] | None:
        """Code and reason of an error; None where it is none."""
        told = (self.message or {}).get("error")
        if self.kind != "error" or not isinstance(told, dict):
            return None
        code, reason = told.get("code"), told.get("reason")
        return (code if isinstance(code, int) else 0), (reason if isinstance(reason, str) else "")[:160]

    @property
    def new_id(self) -> int | None:
        """The id of what was created or attached."""
        data = (self.message or {}).get("data")
        told = data.get("id") if isinstance(data, dict) else None
        return told if isinstance(told, int) and told > 0 else None

    @property
    def candidate(self) -> str | None:
        """The candidate that a trickle event brings; None in the last one, and in all other events."""
        told = (self.message or {}).get("candidate")
        line = told.get("candidate") if isinstance(told, dict) else None
        return line[:LONGEST_LINE] if isinstance(line, str) and line else None

    @property
    def jsep(self) -> str | None:
        """The session description that came with it."""
        told = (self.message or {}).get("jsep")
        sdp = told.get("sdp") if isinstance(told, dict) else None
        return sdp if isinstance(sdp, str) else None


class Api(Protocol):
    """One way to a Janus."""

    async def info(self) -> Answer:
        """What it says about itself."""

    async def ask(self, message: dict[str, Any], *ids: int) -> Answer:
        """Sends a message to the gateway, a session, or one of its handles, by their ids."""

    async def event(self, session: int) -> Answer:
        """The session's next event."""

    async def farewell(self, message: dict[str, Any], *ids: int) -> None:
        """Sends a last message, and waits no longer than closing may take."""


class Events:
    """A session's events in their order; candidates that come one by one are kept, before the answer and after it."""

    def __init__(self, api: Api, session: int) -> None:
        self.api = api
        self._session = session
        self._lines: list[str] = []
        self._complete = False

    async def next(self) -> Answer:
        """The next event."""
        event = await self.api.event(self._session)
        if event.kind == "trickle":
            self._lines += [event.candidate] if event.candidate else []
            self._complete = event.candidate is None
        return event

    async def candidates(self) -> tuple[str, ...]:
        """All of them, once Janus has said that these were all, or says nothing more (RFC 8838 section 14)."""
        for _ in range(_MOST_EVENTS):
            if self._complete or (await self.next()).message is None:
                break
        return tuple(self._lines)


def over_http(ctx: Context, secret: Secret | None) -> "HttpApi":
    """By requests to the target's path."""
    return HttpApi(ctx, secret)


class HttpApi:
    """An Api over HTTP."""

    def __init__(self, ctx: Context, secret: Secret | None) -> None:
        self._ctx, self._secret = ctx, secret
        self._written = ctx.cell.target.path or "/"
        self._base = self._written.rstrip("/")

    async def info(self) -> Answer:
        """See Api."""
        return _read(await ask(self._ctx, path=f"{self._base}/info", origin=_origin(self._ctx), limits=_LIMITS))

    async def ask(self, message: dict[str, Any], *ids: int) -> Answer:
        """See Api."""
        return await self._post(message, ids, _LIMITS)

    async def event(self, session: int) -> Answer:
        """See Api. The gateway holds the request back until something happens."""
        secret = f"&apisecret={quote(self._secret.reveal(), safe='')}" if self._secret else ""
        path = f"{self._base}/{session}?maxev=1{secret}"
        return _read(await ask(self._ctx, path=path, origin=_origin(self._ctx), limits=_LIMITS))

    async def farewell(self, message: dict[str, Any], *ids: int) -> None:
        """See Api."""
        await self._post(message, ids, _HURRY)

    async def _post(self, message: dict[str, Any], ids: tuple[int, ...], limits: Limits) -> Answer:
        # Sessions are asked for at the URL as clients have it: behind a proxy that doubles a slash, Janus takes it with
        # a slash at its end, and answers 404 without.
        path = "/".join((self._base, *map(str, ids))) if ids else self._written
        body = msgspec.json.encode(_addressed(message, self._secret))
        answer = await ask(
            self._ctx, "POST", path=path, origin=_origin(self._ctx), headers=JSON_BODY, body=body, limits=limits
        )
        return _read(answer)


class WebSocketApi:
    """An Api over one WebSocket, which the cell's end closes."""

    def __init__(self, socket: WebSocket, secret: Secret | None) -> None:
        self._socket, self._secret = socket, secret
        self._waiting: deque[dict[str, Any]] = deque(maxlen=_MOST_WAITING)
        """Events that came while something else was awaited."""

    async def info(self) -> Answer:
        """See Api."""
        return await self._exchange({"janus": "info"})

    async def ask(self, message: dict[str, Any], *ids: int) -> Answer:
        """See Api."""
        return await self._exchange(message | dict(zip(("session_id", "handle_id"), ids, strict=False)))

    async def event(self, session: int) -> Answer:  # noqa: ARG002  the only session of this connection
        """See Api."""
        return Answer(message=self._waiting.popleft()) if self._waiting else await self._next(None)

    async def farewell(self, message: dict[str, Any], *ids: int) -> None:
        """See Api."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_HURRY_S):
                await self.ask(message, *ids)

    async def _exchange(self, message: dict[str, Any]) -> Answer:
        full = _addressed(message, self._secret)
        self._socket.send(msgspec.json.encode(full).decode())
        return await self._next(full["transaction"])

    async def _next(self, transaction: str | None) -> Answer:
        """The next message, or the next one that answers `transaction`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WAIT_S):
                while True:
                    text = await self._socket.message(WAIT_S)
                    if text is None:
                        break
                    if isinstance(text, Ended):
                        return Answer(detail=f"the connection ended ({text.how})")
                    message = _decoded(text)
                    if message is None:
                        return Answer(detail="it sent a message that is no JSON object")
                    if transaction is None or message.get("transaction") == transaction:
                        return Answer(message=message)
                    self._waiting.append(message)
        return Answer(detail=f"no message came within {WAIT_S:g} s")


@dataclass(frozen=True, slots=True)
class Gateway:
    """The cell's Janus answers: how it is spoken to."""

    api: Api


def secret_for(ctx: Context) -> Secret | None:
    """The API's secret, where it may be sent; None where there is none, or where the certificate is not good."""
    return ctx.settings.api_secret if ctx.bench.has(Trusted) else None


async def over_websocket(ctx: Context, secret: Secret | None) -> WebSocketApi | None:
    """A WebSocket as the upgrade's check opened one, which the cell's end closes; None where it does not open."""
    opening = await open_socket(ctx, ctx.bench.get(Upgraded).asking)
    if opening.socket is None:
        return None
    ctx.hold.closing.push_async_callback(opening.socket.close)
    return WebSocketApi(opening.socket, secret)


def _origin(ctx: Context) -> str:
    return page_origin(ctx)[0]


def _addressed(message: dict[str, Any], secret: Secret | None) -> dict[str, Any]:
    known = {"apisecret": secret.reveal()} if secret is not None else {}
    return {**message, "transaction": secrets.token_hex(8), **known}


def _read(answer: Exchanged) -> Answer:
    seen = answer.seen
    if seen.status is None:
        return Answer(exchange=seen, detail=seen.trouble.detail if seen.trouble else "nothing came")
    text = answer.body.decode("utf-8", "replace")
    message = _decoded(text)
    words = f"it answered {seen.status} {seen.phrase}".strip()
    detail = "" if message is not None else f"{words} and {'a page' if is_html(answer) else 'no JSON object'}"
    return Answer(message=message, exchange=seen, detail=detail, html=is_html(answer), exchanged=answer)


def _decoded(text: str) -> dict[str, Any] | None:
    try:
        told = msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        return None
    # A long poll that asks for one event may be answered by a list of them.
    first = told[0] if isinstance(told, list) and told else told
    return first if isinstance(first, dict) else None
