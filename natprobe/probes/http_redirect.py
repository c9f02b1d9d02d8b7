"""Where do this URL's redirects lead, and does everybody arrive? Each hop is asked by hand, a few of them at most."""

import itertools
from collections.abc import Callable

import msgspec

from natprobe.address import Address, is_literal, kind_of
from natprobe.events import Raised
from natprobe.model import Status
from natprobe.probe import Context, Judgement, Probe
from natprobe.target import Target, parse
from natprobe.web.pages import is_this_host
from natprobe.web.slashes import doubled
from natprobe.web.trail import MOST_HOPS, REDIRECTS, Hop, Trail, follow
from natprobe.web.visit import Visited

_WARNINGS = frozenset({
    *("sig-http-redirect-port", "tls-redirect-wrong-host", "tls-redirect-loop", "nginx-path-rewrite"),
    "http-redirect-downgrade",
})  # fmt: skip


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The first answer's status, and the way from there."""

    server: Address
    uri: str
    status: int | None = None
    doubled: str | None = None
    """What its Location calls the path, where that doubles a slash of it."""
    trail: Trail


async def observe(ctx: Context) -> Evidence:
    """Follows what http.status was answered."""
    answer = ctx.bench.get(Visited).answer
    followed = await follow(ctx, answer)
    return Evidence(
        server=ctx.cell.address,
        uri=str(ctx.cell.target),
        status=answer.status,
        doubled=doubled(ctx.cell.target.path, answer.value("location") or ""),
        trail=followed.trail,
    )


def judge(evidence: Evidence) -> Judgement:
    """A circle, a dead end and a closed door are three faults; a lost port or a lost `https` is one on the way."""
    if evidence.status not in REDIRECTS:
        return Judgement(status=Status.PASS, summary="no redirect")
    if evidence.trail.cookies and evidence.trail.end in {"loop", "too-many"}:
        summary = "cannot be told: it sets a cookie and leads back to itself, and no cookie is kept here"
        return Judgement(status=Status.SKIP, summary=summary)
    ids = tuple(dict.fromkeys((*_at_the_end(evidence), *_on_the_way(evidence))))
    way = " → ".join(hop.url for hop in evidence.trail.hops)
    last = evidence.trail.hops[-1] if evidence.trail.hops else None
    status = _worst(ids)
    outcome = _outcome(evidence.trail, last)
    raised = tuple(Raised(id=each, facts=_facts(evidence, each)) for each in ids)
    return Judgement(status=status, summary=f"{evidence.status} leads to {way}: {outcome}", raised=raised)


def _worst(ids: tuple[str, ...]) -> Status:
    if not ids:
        return Status.PASS
    return Status.WARN if _WARNINGS.issuperset(ids) else Status.FAIL


def _outcome(trail: Trail, last: Hop | None) -> str:
    if trail.end == "loop":
        return "a circle"
    if trail.end == "too-many":
        return f"no end after {MOST_HOPS} redirects"
    if last is None:
        return "nothing"
    if trail.end == "answer":
        return f"{last.status}"
    return last.detail or trail.end


def _at_the_end(evidence: Evidence) -> tuple[str, ...]:
    trail = evidence.trail
    last = trail.hops[-1] if trail.hops else None
    if trail.end in {"loop", "too-many"}:
        return ("tls-redirect-loop",)
    if trail.end == "withheld":
        return ("http-redirect-inward",)
    broken = trail.end != "answer" or (last is not None and (last.status or 0) >= 400)
    return ("http-redirect-broken",) if broken else ()


def _on_the_way(evidence: Evidence) -> tuple[str, ...]:
    found = {finding: _hop(evidence, finding) is not None for finding in _ON_THE_WAY}
    return tuple(finding for finding, there in found.items() if there)


def _hop(evidence: Evidence, finding: str) -> Hop | None:
    """The first hop at which this is seen."""
    at_fault = _ON_THE_WAY.get(finding)
    if finding == "nginx-path-rewrite" and evidence.doubled is None:
        return None
    if at_fault is None:
        return evidence.trail.hops[-1] if evidence.trail.hops else None
    usable = evidence.trail.hops[:-1] if evidence.trail.end == "unusable" else evidence.trail.hops
    places = [parse(evidence.uri), *(parse(hop.url) for hop in usable)]
    steps = zip(itertools.pairwise(places), usable, strict=True)
    return next((hop for (here, there), hop in steps if at_fault(here, there, hop)), None)


def _loses(here: Target, there: Target, _hop: Hop) -> bool:
    """Whether the port that was asked is gone, or the host has become one that only the server itself can mean."""
    if here.host == there.host:
        return here.secure == there.secure and there.port is None and here.effective_port != there.effective_port
    return _is_inside(there.host) and not _is_inside(here.host)


def _is_inside(host: str) -> bool:
    if is_literal(host):
        return kind_of(host) != "public"
    return is_this_host(host) or "." not in host.strip(".")


def _downgrades(here: Target, there: Target, _hop: Hop) -> bool:
    return here.secure and not there.secure


def _misses_name(here: Target, there: Target, hop: Hop) -> bool:
    return hop.name_matches is False and there.host != here.host


def _doubles(_here: Target, _there: Target, _hop: Hop) -> bool:
    return True


_ON_THE_WAY: dict[str, Callable[[Target, Target, Hop], bool]] = {
    "sig-http-redirect-port": _loses,
    "http-redirect-downgrade": _downgrades,
    "tls-redirect-wrong-host": _misses_name,
    "nginx-path-rewrite": _doubles,
}


def _facts(evidence: Evidence, finding: str) -> dict[str, str]:
    hop = _hop(evidence, finding)
    code = f"it answers {hop.status}" if hop and hop.status else ""
    facts = {
        "uri": evidence.uri,
        "address": str(evidence.server),
        "name": hop.url if hop else "",
        "names": ", ".join(hop.names) if hop else "",
        "kind": hop.address.kind if hop and hop.address else "",
        "sends": str(len(evidence.trail.hops)),
        "code": str(evidence.status),
        "detail": (hop.detail or code) if hop else "",
    }
    return facts | ({"detail": f"its redirect says {evidence.doubled}"} if finding == "nginx-path-rewrite" else {})


PROBE = Probe(
    id="http.redirect",
    title="Redirects",
    rung=4,
    schemes=frozenset({"http", "https"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=15.0,
    needs=(Visited,),
)
