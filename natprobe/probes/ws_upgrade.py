"""Does the WebSocket open for the page that uses it: through every proxy, with its origin and its sub-protocol?

It is opened with the page's Origin and without one, side by side, as a server may go by that. Where a page comes back
in place of an upgrade, a path that nobody knows and the port without TLS are asked as well, to tell why.
"""

import asyncio

import msgspec

from natprobe.address import Address
from natprobe.client.http2 import Http2, ask_http2
from natprobe.client.rig import Accepting
from natprobe.client.websocket import Opening, Upgrade
from natprobe.events import Raised
from natprobe.model import Status
from natprobe.probe import Context, Judgement, Probe
from natprobe.signalling.controls import is_fallback, upgrade_without_tls
from natprobe.signalling.refusals import SLOW_MS, facts_of, refused_upgrade, seconds, status_words, unanswered
from natprobe.signalling.upgrades import (
    HTTP_PORT,
    Upgraded,
    asking,
    declared_engine,
    engine_path,
    is_socketio,
    open_socket,
    page_origin,
    subprotocol,
)
from natprobe.target import Target
from natprobe.web.asking import way_to
from natprobe.web.pages import origin_of
from natprobe.wire.engineio import refusal
from natprobe.wire.websocket.handshake import Asking

UNSUPPORTED_VERSION = 5
_NO_COMMON_ALPN = "Unknown ALPN Protocol"
"""What Node before version 20 says, with 403, where it speaks HTTP/2 alone; later ones send an alert."""
_MORE_OPENINGS = 3


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Every opening that was tried, and what else the answer had to be compared with."""

    server: Address
    uri: str
    origin: str
    guessed: bool
    """No page was named: the origin is the server's own."""
    subprotocol: str | None = None
    """What was asked for."""
    page: Upgrade
    """With that origin."""
    others: tuple[Upgrade, ...] = ()
    """Without an origin; and with the server's own, where the page has another."""
    fallback: bool = False
    """The answer is the page that the server gives for any path."""
    plain: Upgrade | None = None
    """The same at port 80, where the answer over TLS was a page."""
    http2: Http2 | None = None
    """Told where HTTP/1.1 is refused and HTTP/2 is not."""
    again_ms: tuple[float, ...] = ()
    """How long further openings took, one after the other, where the first one was slow."""

    @property
    def fastest_ms(self) -> float:
        """How long it takes at the best: whoever checks many targets at once is slow itself now and then."""
        alike = (each.waited_ms for each in self.others if each.opened)
        return min((self.page.waited_ms, *alike, *self.again_ms))


async def observe(ctx: Context) -> Evidence:
    """Opens it in each way at once; puts `Upgraded` on the bench where a page would have its WebSocket."""
    target, (origin, guessed) = ctx.cell.target, page_origin(ctx)
    wishes = _wishes(ctx, origin)
    async with asyncio.TaskGroup() as group:
        openings = [group.create_task(_opened(ctx, wish)) for wish in wishes]
    wish, first = openings[0].result()
    if first.seen.opened:
        ctx.bench.put(Upgraded(wish))
    compared = first.seen.html and not first.seen.opened
    return Evidence(
        server=ctx.cell.address,
        uri=str(target),
        origin=origin,
        guessed=guessed,
        subprotocol=subprotocol(ctx),
        page=first.seen,
        others=tuple(each.result()[1].seen for each in openings[1:]),
        fallback=compared and await is_fallback(ctx, first.exchanged),
        plain=await upgrade_without_tls(ctx, wish) if compared else None,
        http2=await _http2(ctx, first.seen),
        again_ms=await _again_ms(ctx, wish, first.seen),
    )


def _wishes(ctx: Context, origin: str) -> list[Asking]:
    own = origin_of(ctx.cell.target)
    origins = dict.fromkeys((origin, None, own))
    path = engine_path(ctx.cell.target, _engine(ctx.cell.target), "websocket") if is_socketio(ctx.cell.target) else None
    return [asking(ctx, each, path) for each in origins]


def _engine(target: Target) -> int:
    return declared_engine(target) or 4


async def _opened(ctx: Context, wish: Asking) -> tuple[Asking, Opening]:
    """One opening, closed again at once. A server that knows Engine.IO 3 alone is asked for that."""
    async with await open_socket(ctx, wish) as opening:
        pass
    target = ctx.cell.target
    error = refusal(opening.seen.body) if is_socketio(target) else None
    if declared_engine(target) or error is None or error.code != UNSUPPORTED_VERSION:
        return wish, opening
    older = asking(ctx, wish.origin, engine_path(target, 3, "websocket"))
    async with await open_socket(ctx, older) as again:
        return older, again


async def _again_ms(ctx: Context, wish: Asking, seen: Upgrade) -> tuple[float, ...]:
    """Opens it again, up to three times, until one is quick."""
    took: list[float] = []
    while seen.opened and len(took) < _MORE_OPENINGS and min((seen.waited_ms, *took)) > SLOW_MS:
        async with await open_socket(ctx, wish) as opening:
            took.append(opening.seen.waited_ms)
    return tuple(took)


async def _http2(ctx: Context, seen: Upgrade) -> Http2 | None:
    refused = seen.status is None or seen.body.startswith(_NO_COMMON_ALPN)
    if not refused or ctx.cell.transport != "tls":
        return None
    return await ask_http2(ctx.hold, way_to(ctx))


def judge(evidence: Evidence) -> Judgement:
    """What the page's own opening came to; the others, and the controls, say why."""
    page = evidence.page
    if page.opened:
        return _judged_opened(evidence)
    if page.flaw is not None:
        return _judged_flaw(evidence)
    if evidence.http2 is not None:
        return _judged_http2(evidence, evidence.http2)
    if page.status is None:
        return unanswered(page.exchange, evidence.uri)
    by_origin = next((each for each in evidence.others if each.opened), None)
    if by_origin is not None:
        return _judged_origin(evidence, by_origin)
    return _judged_answer(evidence)


def _judged_opened(evidence: Evidence) -> Judgement:
    page, bare = evidence.page, evidence.others[0]
    words = f"101 in {seconds(evidence.fastest_ms)} for {evidence.origin}"
    words += f", sub-protocol {page.subprotocol}" if page.subprotocol else ""
    words += "" if bare.opened else f"; without an Origin {_words(bare)}"
    if evidence.fastest_ms <= SLOW_MS:
        return Judgement(status=Status.PASS, summary=words)
    took = {"uri": evidence.uri, "waited": seconds(evidence.fastest_ms), "sends": str(1 + len(evidence.again_ms))}
    slow = Raised(id="sig-slow", facts=facts_of(page.exchange, evidence.uri) | took)
    return Judgement(status=Status.WARN, summary=words, raised=(slow,))


def _judged_flaw(evidence: Evidence) -> Judgement:
    page, facts = evidence.page, facts_of(evidence.page.exchange, evidence.uri)
    words = _FLAWS[page.flaw or "not-websocket"].format(page.subprotocol)
    finding = {"accept-wrong": "ws-accept-wrong", "subprotocol-missing": "ws-subprotocol-missing"}.get(page.flaw or "")
    raised = Raised(id=finding or "ws-101-broken", facts=facts | {"name": evidence.subprotocol or "", "detail": words})
    return Judgement(status=Status.FAIL, summary=f"101, but {words}", raised=(raised,))


_FLAWS = {
    "accept-wrong": "its Sec-WebSocket-Accept does not belong to our key",
    "not-websocket": "it does not say that it switches to websocket",
    "subprotocol-missing": "it returns no sub-protocol, and browsers fail a connection that asked for one",
    "subprotocol-unasked": "it picks the sub-protocol {}, which was not asked for",
    "extension-unasked": "it uses an extension that was not asked for",
}


def _judged_http2(evidence: Evidence, http2: Http2) -> Judgement:
    if http2.websocket:
        words = "it speaks HTTP/2 alone and carries WebSocket over it (RFC 8441), which is not tried here"
        return Judgement(status=Status.INCONCLUSIVE, summary=words)
    raised = Raised(id="ws-h2-only", facts={"uri": evidence.uri})
    words = "it speaks HTTP/2 alone, and does not carry WebSocket over it"
    if http2.websocket is None:
        return Judgement(status=Status.INCONCLUSIVE, summary="it takes h2 and no http/1.1, and sent no SETTINGS")
    return Judgement(status=Status.FAIL, summary=words, raised=(raised,))


def _judged_origin(evidence: Evidence, opened: Upgrade) -> Judgement:
    other = f"with {opened.origin}" if opened.origin else "without an Origin"
    words = f"{_words(evidence.page)} for {evidence.origin}, while it opens {other}"
    if evidence.guessed:
        words += "; no page is named whose origin could be tried (expect page)"
        return Judgement(status=Status.INCONCLUSIVE, summary=words)
    facts = facts_of(evidence.page.exchange, evidence.uri) | {"name": evidence.origin}
    return Judgement(status=Status.FAIL, summary=words, raised=(Raised(id="ws-403-origin", facts=facts),))


def _judged_answer(evidence: Evidence) -> Judgement:
    page, facts = evidence.page, facts_of(evidence.page.exchange, evidence.uri)
    words = f"{_words(page)} in place of an upgrade"
    if evidence.plain is not None and evidence.plain.opened:
        raised = Raised(id="sig-wrong-server-block", facts=facts | {"port": str(HTTP_PORT)})
        words = f"{words}, while the same path opens at port {HTTP_PORT} without TLS"
    elif evidence.fallback:
        raised = Raised(id="http-spa-fallback", facts=facts)
        words = f"{words}: the page that any path gets"
    else:
        raised = _engine_error(page, facts) or refused_upgrade(page, evidence.uri)
    return Judgement(status=Status.FAIL, summary=words, raised=(raised,))


def _engine_error(page: Upgrade, facts: dict[str, str]) -> Raised | None:
    """Engine.IO says in JSON what it misses: error 3 to an upgrade is one that arrived without its header."""
    error = refusal(page.body)
    found = _ENGINE_ERRORS.get(error.code) if error is not None else None
    detail = error.message if error is not None else ""
    return None if found is None else Raised(id=found, facts=facts | {"name": "websocket", "detail": detail})


_ENGINE_ERRORS = {
    0: "sio-unknown-transport",
    3: "sio-bad-request",
    4: "sio-forbidden",
    5: "sio-eio-mismatch",
}


def _words(upgrade: Upgrade) -> str:
    if upgrade.status is not None:
        return status_words(upgrade.exchange) if upgrade.flaw is None else "a 101 that browsers refuse"
    return upgrade.exchange.trouble.detail if upgrade.exchange.trouble else "nothing came"


PROBE = Probe(
    id="ws.upgrade",
    title="WebSocket upgrade",
    rung=4,
    schemes=frozenset({"ws", "wss", "collider+ws", "collider+wss", "janus+ws", "janus+wss"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=30.0,
    needs=(Accepting,),
    gives=(Upgraded,),
    after=("tls.certificate",),
)
