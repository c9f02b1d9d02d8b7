"""What does the server answer to this URL, and is it the service that answers, or a page for any path?

A path beside it that does not exist is asked for as well: where it gets the same page, no location forwards this one. A
server that gives plain HTTP nothing to read is asked for TLS, which tells a wrong scheme from a dead service.
"""

import asyncio
import re
from typing import Literal

import msgspec

from natprobe.address import Address
from natprobe.client.http import Exchanged, HttpExchange
from natprobe.client.rig import Accepting
from natprobe.events import Raised
from natprobe.model import Status
from natprobe.net.tls import open_tls_stream
from natprobe.net.trouble import Reason, Trouble
from natprobe.probe import Context, Judgement, Probe
from natprobe.signalling.upgrades import is_socketio
from natprobe.target import parse
from natprobe.web.asking import PATIENCE, ask, stray_path
from natprobe.web.pages import is_html, is_same_page, is_this_host
from natprobe.web.slashes import doubled
from natprobe.web.visit import Visited
from natprobe.wire.engineio import refusal

Kind = Literal["page", "service", "unknown"]
_PLAIN_TO_TLS = (b"plain HTTP request was sent to HTTPS port", b"HTTP request to an HTTPS server")
"""How nginx, and servers in Go, say it."""
_SERVICE = re.compile(r"/(api|v\d+|rtc|janus|socket\.io|ws)(/|$)|\.json$", re.IGNORECASE)
"""Paths that are no page's."""
_HUNG_UP = frozenset({Reason.CLOSED, Reason.RESET})
_TLS_S = 3.0


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer, and what tells it from other answers."""

    server: Address
    uri: str
    answer: HttpExchange
    stray: HttpExchange | None = None
    """The answer to a path that does not exist; None where that was not asked."""
    page: bool = False
    """Whether the answer says that it is HTML."""
    fallback: bool = False
    """Whether the path that does not exist got the same page."""
    wanted: Kind = "unknown"
    """What the URL is for, as far as the path or the user says."""
    speaks_tls: bool = False
    """Whether the port speaks TLS, while the URL says plain HTTP."""
    rewritten: str | None = None
    """What the answer calls the path, where that doubles a slash of it."""
    engine: bool = False
    """Whether Engine.IO answers, which misses its own parameters here; its handshake is a check of its own."""


async def observe(ctx: Context) -> Evidence:
    """Asks for the path and for one that does not exist, at once."""
    target = ctx.cell.target
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(ask(ctx))
        astray = group.create_task(ask(ctx, path=stray_path(target.request_path), limits=PATIENCE))
    answer, stray = asked.result(), astray.result()
    if answer.status is not None:
        ctx.bench.put(Visited(answer, stray))
    return Evidence(
        server=ctx.cell.address,
        uri=str(target),
        answer=answer.seen,
        stray=stray.seen,
        page=is_html(answer),
        fallback=is_same_page(answer, stray),
        wanted=_wanted(ctx),
        speaks_tls=await _speaks_tls(ctx, answer),
        rewritten=_rewritten(target.path, answer),
        engine=is_socketio(target) and refusal(answer.body.decode("utf-8", "replace")) is not None,
    )


def _wanted(ctx: Context) -> Kind:
    path, expect = ctx.cell.target.path, ctx.settings.expect
    if path in {"", "/"} or path.endswith(".html"):
        return "page"
    return "service" if expect.method or _SERVICE.search(path) else "unknown"


async def _speaks_tls(ctx: Context, answer: Exchanged) -> bool:
    if ctx.cell.transport != "tcp":
        return False
    if answer.status is not None:
        return answer.status == 400 and any(words in answer.body for words in _PLAIN_TO_TLS)
    trouble = answer.seen.trouble
    mute = trouble is not None and trouble.reason in _HUNG_UP and answer.seen.first_byte_ms is None
    return answer.seen.speaks_tls or (mute and await _shakes_hands(ctx))


async def _shakes_hands(ctx: Context) -> bool:
    cell, hold = ctx.cell, ctx.hold
    opened = await open_tls_stream(
        cell.address, hold.clock, server_name=cell.target.host, roots=hold.roots, timeout_s=_TLS_S
    )
    if isinstance(opened, Trouble):
        return False
    await opened[0].close()
    return True


def _rewritten(path: str, answer: Exchanged) -> str | None:
    if answer.status is None or answer.status < 400:
        return None
    return doubled(path, answer.body.decode("utf-8", "replace"))


def judge(evidence: Evidence) -> Judgement:
    """A redirect is told here and judged by http.redirect."""
    answer = evidence.answer
    if evidence.speaks_tls:
        facts = _facts(evidence) | {"detail": "the URL says plain HTTP, and the port speaks TLS"}
        return _failed("the URL says plain HTTP, and the port speaks TLS", "tls-plain-http-on-tls-port", facts)
    if answer.status is None or (answer.trouble and answer.trouble.reason is Reason.MALFORMED):
        return _unanswered(evidence)
    if evidence.engine:
        return Judgement(status=Status.PASS, summary=f"{_said(answer)}: Engine.IO answers, and wants its parameters")
    if answer.status >= 400:
        return _refused(evidence)
    if answer.trouble is not None:
        summary = f"{_said(answer)}, and the body is not whole: {answer.trouble.detail}"
        return _failed(summary, "http-no-answer", _facts(evidence) | {"detail": answer.trouble.detail})
    if evidence.fallback and evidence.wanted == "service":
        summary = f"{_said(answer)}, the page that any path gets: nothing answers here"
        return _failed(summary, "http-spa-fallback", _facts(evidence))
    return _served(evidence)


def _unanswered(evidence: Evidence) -> Judgement:
    trouble = evidence.answer.trouble
    if trouble is None:
        return Judgement(status=Status.INCONCLUSIVE, summary="not decided: nothing was answered")
    if trouble.reason in {Reason.NO_ROUTE, Reason.NOT_PERMITTED, Reason.LOCAL}:
        return Judgement(status=Status.INCONCLUSIVE, summary=f"not decided: {trouble.detail}")
    if trouble.reason is Reason.TLS:
        return Judgement(status=Status.SKIP, summary=f"not asked, as TLS does not come up: {trouble.detail}")
    finding = "http-answer-malformed" if trouble.reason is Reason.MALFORMED else "http-no-answer"
    return _failed(trouble.detail, finding, _facts(evidence) | {"detail": trouble.detail})


def _refused(evidence: Evidence) -> Judgement:
    status = evidence.answer.status
    finding = {502: "ws-502", 504: "ws-504", 511: "http-captive-portal"}.get(status or 0, "http-status")
    raised = [Raised(id=finding, facts=_facts(evidence))]
    if evidence.rewritten is not None:
        detail = f"its answer calls the path {evidence.rewritten}"
        raised.append(Raised(id="nginx-path-rewrite", facts=_facts(evidence) | {"detail": detail}))
    return Judgement(status=Status.FAIL, summary=_said(evidence.answer), raised=tuple(raised))


def _served(evidence: Evidence) -> Judgement:
    answer = evidence.answer
    if evidence.page and answer.status == 200 and _is_insecure(evidence.uri):
        summary = f"{_said(answer)}, a page over plain HTTP: no camera, no microphone"
        return _failed(summary, "ice-insecure-context", _facts(evidence))
    cut = f"; {answer.cut}" if answer.cut else ""
    same = "; any other path gets the same page" if evidence.fallback else ""
    summary = f"{_said(answer)}, first byte after {answer.first_byte_ms or 0.0:.0f} ms{same}{cut}"
    if answer.bomb:
        return _failed(summary, "http-answer-malformed", _facts(evidence) | {"detail": answer.cut or ""})
    return Judgement(status=Status.PASS, summary=summary)


def _said(answer: HttpExchange) -> str:
    location = next((each.value for each in answer.headers if each.name.lower() == "location"), None)
    to = f", leads to {location}" if location and 300 <= (answer.status or 0) < 400 else ""
    return f"{answer.status} {answer.phrase}".strip() + to


def _is_insecure(uri: str) -> bool:
    """Whether browsers give a page at `uri` no camera (Secure Contexts section 3.1)."""
    target = parse(uri)
    return not target.secure and not is_this_host(target.host)


def _facts(evidence: Evidence) -> dict[str, str]:
    answer = evidence.answer
    return {
        "uri": evidence.uri,
        "address": str(evidence.server),
        "host": parse(evidence.uri).host,
        "code": "" if answer.status is None else str(answer.status),
        "phrase": answer.phrase,
        "waited": f"{answer.total_ms / 1000:.1f} s",
    }


def _failed(summary: str, finding: str, facts: dict[str, str]) -> Judgement:
    return Judgement(status=Status.FAIL, summary=summary, raised=(Raised(id=finding, facts=facts),))


PROBE = Probe(
    id="http.status",
    title="HTTP answer",
    rung=3,
    schemes=frozenset({"http", "https"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=13.0,
    needs=(Accepting,),
    gives=(Visited,),
    after=("tls.certificate",),
)
