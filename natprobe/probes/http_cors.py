"""May a page of another origin read what this server answers? The preflight and the request itself, as a browser asks.

Where no page is named nobody's origin is judged, but what is wrong with the fields whoever asks is told all the same.
An answer to a path that does not exist shows whether errors lose the field.
"""

import asyncio

import msgspec

from natprobe.address import Address
from natprobe.client.http import Exchanged, HttpExchange
from natprobe.client.rig import Accepting
from natprobe.events import Raised
from natprobe.model import Status
from natprobe.net.trouble import Reason
from natprobe.probe import Context, Judgement, Probe
from natprobe.web import cors
from natprobe.web.asking import JSON_BODY, PATIENCE, ask, stray_path
from natprobe.web.cors import Asker
from natprobe.web.pages import is_entrance, origin_of, page_of
from natprobe.web.visit import Visited

_POSTS_JSON = ("janus+", "srs+")
_HARMLESS = frozenset({"cors-error-status"})


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answers to a page's three kinds of requests."""

    server: Address
    uri: str
    asker: Asker | None = None
    """The page that was named; None where none was, or where it and the target share one origin."""
    shared: str | None = None
    """The origin that page and target share; None where they do not."""
    entrance: bool = False
    """The target is the page's own host without TLS, which users open themselves and no page may fetch."""
    actual: HttpExchange
    preflight: HttpExchange | None = None
    stray: HttpExchange | None = None
    """The same request for a path that does not exist."""


async def observe(ctx: Context) -> Evidence:
    """Asks as the page would: OPTIONS, the request, and once for nothing."""
    cell, page = ctx.cell, page_of(ctx.settings.expect.page)
    shared = origin_of(cell.target) if page is not None and origin_of(page) == origin_of(cell.target) else None
    entrance = page is not None and is_entrance(page, cell.target)
    if page is None or shared or entrance:
        evidence = Evidence(server=cell.address, uri=str(cell.target), actual=await _any_answer(ctx))
        return msgspec.structs.replace(evidence, shared=shared, entrance=entrance)
    asker = _asker(ctx, origin_of(page))
    async with asyncio.TaskGroup() as group:
        actual = group.create_task(_request(ctx, asker))
        preflight = group.create_task(_preflight(ctx, asker))
        path = stray_path(cell.target.request_path)
        stray = group.create_task(ask(ctx, path=path, origin=asker.origin, limits=PATIENCE))
    return Evidence(
        server=cell.address,
        uri=str(cell.target),
        asker=asker,
        actual=actual.result().seen,
        preflight=preflight.result().seen,
        stray=stray.result().seen,
    )


async def _any_answer(ctx: Context) -> HttpExchange:
    if ctx.bench.has(Visited):
        return ctx.bench.get(Visited).answer.seen
    return (await ask(ctx)).seen


def _asker(ctx: Context, origin: str) -> Asker:
    expect, scheme = ctx.settings.expect, ctx.cell.target.scheme
    method = expect.method or ("POST" if scheme.startswith(_POSTS_JSON) else "GET")
    # An endpoint for ICE servers is asked by a bare POST; whatever else is posted to is taken for an API with JSON.
    json = method == "POST" and not scheme.startswith("iceconfig+")
    return Asker(origin=origin, method=method, credentials=expect.cors_credentials, json=json)


async def _request(ctx: Context, asker: Asker) -> Exchanged:
    # A gateway acts on what is posted to it; its answers bear the same fields whatever is asked.
    if asker.method == "GET" or ctx.cell.target.scheme.startswith(_POSTS_JSON):
        return await ask(ctx, origin=asker.origin)
    if asker.json:
        return await ask(ctx, "POST", origin=asker.origin, headers=JSON_BODY, body=b"{}")
    return await ask(ctx, "POST", origin=asker.origin)


async def _preflight(ctx: Context, asker: Asker) -> Exchanged:
    wanted = (("Access-Control-Request-Headers", "content-type"),) if asker.json else ()
    demands = (("Access-Control-Request-Method", asker.method), *wanted)
    return await ask(ctx, "OPTIONS", origin=asker.origin, headers=demands, limits=PATIENCE)


def judge(evidence: Evidence) -> Judgement:
    """What is wrong with the fields themselves explains why a page is refused, and is told in its place."""
    if evidence.actual.status is None:
        trouble = evidence.actual.trouble
        why = trouble.detail if trouble else "nothing was answered"
        if trouble is not None and trouble.reason is Reason.TLS:
            return Judgement(status=Status.SKIP, summary=f"not asked, as TLS does not come up: {why}")
        return Judgement(status=Status.INCONCLUSIVE, summary=f"not decided: {why}")
    ids = _by_itself(evidence)
    asker = evidence.asker
    if asker is not None and not ids:
        ids = _for_page(evidence, asker)
    raised = tuple(_raised(evidence, each) for each in ids)
    if not raised:
        return _allowed(evidence)
    status = Status.WARN if _HARMLESS.issuperset(ids) else Status.FAIL
    return Judgement(status=status, summary="; ".join(_WORDS[each] for each in ids), raised=raised)


def _by_itself(evidence: Evidence) -> tuple[str, ...]:
    answers = [each for each in (evidence.actual, evidence.preflight, evidence.stray) if each is not None]
    found = {
        "cors-header-typographic": any(cors.misspelt(each) for each in answers),
        "cors-duplicate": any(cors.is_double(each) for each in answers),
        "cors-wildcard-credentials": any(cors.wildcard_with_credentials(each) for each in answers),
    }
    return tuple(finding for finding, there in found.items() if there)


def _for_page(evidence: Evidence, asker: Asker) -> tuple[str, ...]:
    refused = _refusal(evidence, asker)
    if cors.allows(evidence.actual, asker):
        if refused and asker.needs_preflight:
            return (_missing(evidence),)
        return ("cors-error-status",) if _lost_on_errors(evidence.stray) else ()
    found = cors.values(evidence.actual, cors.ALLOW_ORIGIN)
    if found and _missing(evidence) == "cors-missing" and not {asker.origin, "*"}.intersection(found):
        return ("cors-origin-mismatch",)
    if found:
        return (_missing(evidence),)
    answers_errors = refused is None and _lost_on_errors(evidence.actual)
    return ("cors-error-status",) if answers_errors else (_missing(evidence),)


def _missing(evidence: Evidence) -> str:
    return "iceconfig-cors" if evidence.uri.startswith("iceconfig") else "cors-missing"


def _refusal(evidence: Evidence, asker: Asker) -> str | None:
    return cors.refusal(evidence.preflight, asker) if evidence.preflight else None


def _lost_on_errors(answer: HttpExchange | None) -> bool:
    return answer is not None and (answer.status or 0) >= 400 and not cors.values(answer, cors.ALLOW_ORIGIN)


def _raised(evidence: Evidence, finding: str) -> Raised:
    answers = [each for each in (evidence.actual, evidence.preflight, evidence.stray) if each is not None]
    misspelt = next((each for answer in answers for each in cors.misspelt(answer)), None)
    found = next((each for answer in answers if (each := cors.values(answer, cors.ALLOW_ORIGIN))), ())
    bare = evidence.actual if _lost_on_errors(evidence.actual) else evidence.stray
    facts = {
        "uri": evidence.uri,
        "address": str(evidence.server),
        "name": evidence.asker.origin if evidence.asker else "",
        "names": ", ".join(found),
        "code": str(bare.status) if bare else "",
        "detail": _detail(evidence),
    }
    if finding == "cors-header-typographic" and misspelt is not None:
        facts["name"] = cors.meant(misspelt)
    return Raised(id=finding, facts=facts)


def _detail(evidence: Evidence) -> str:
    asker = evidence.asker
    if asker is None:
        return ""
    found = cors.values(evidence.actual, cors.ALLOW_ORIGIN)
    if not found:
        return f"the answer {evidence.actual.status} to {evidence.actual.method} bears no Access-Control-Allow-Origin"
    if not cors.allows(evidence.actual, asker):
        cookies = ", and cookies need Access-Control-Allow-Credentials: true" if asker.credentials else ""
        return f"Access-Control-Allow-Origin says {', '.join(found)}{cookies}"
    return _refusal(evidence, asker) or ""


def _allowed(evidence: Evidence) -> Judgement:
    if evidence.shared:
        return Judgement(status=Status.SKIP, summary=f"not needed: page and target share the origin {evidence.shared}")
    if evidence.entrance:
        summary = "not needed: the page's own host without TLS, which users open themselves"
        return Judgement(status=Status.SKIP, summary=summary)
    asker = evidence.asker
    if asker is None:
        return Judgement(status=Status.SKIP, summary="not tested: no page is named that would read the answer")
    refused = _refusal(evidence, asker)
    simple = f"; for simple requests alone: {refused}" if refused else ""
    return Judgement(status=Status.PASS, summary=f"pages of {asker.origin} may read the answer{simple}")


_WORDS = {
    "cors-header-typographic": "a CORS field is misspelt with a typographic hyphen, and no browser sees it",
    "cors-duplicate": "Access-Control-Allow-Origin comes with two values, which browsers refuse",
    "cors-wildcard-credentials": "* stands beside Allow-Credentials: true, which browsers refuse",
    "cors-missing": "the page's origin is not allowed",
    "iceconfig-cors": "the page's origin is not allowed",
    "cors-origin-mismatch": "another origin than the page's is allowed",
    "cors-error-status": "the page may read what succeeds, and no error",
}

PROBE = Probe(
    id="http.cors",
    title="CORS",
    rung=5,
    schemes=frozenset(
        f"{kind}{scheme}" for kind in ("", "iceconfig+", "janus+", "srs+") for scheme in ("http", "https")
    ),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=9.0,
    needs=(Accepting,),
    after=("tls.certificate", "http.status"),
)
