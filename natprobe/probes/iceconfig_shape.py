"""Does the endpoint hand out ICE servers that a browser takes? Each server in its answer is checked as well.

It is asked as clients ask it: as the user says, else by GET, and by POST where GET is not taken. A key goes with the
request only over a certificate that is good. Where a key was sent, one more request without it tells whether it counts.
"""

from datetime import UTC
from email.utils import parsedate_to_datetime

import msgspec

from natprobe.address import Address
from natprobe.client.http import DEFAULT_LIMITS, Exchanged
from natprobe.client.rig import Accepting, Trusted
from natprobe.events import Raised
from natprobe.iceservers import IceServers, IceServersError, read
from natprobe.model import Status
from natprobe.probe import Context, Judgement, Probe
from natprobe.web.asking import PATIENCE, ask, stray_path
from natprobe.web.endpoint import Asked, ask_endpoint
from natprobe.web.gravity import status_of
from natprobe.web.handed import HandedOut, Issued, follow_server, public_users
from natprobe.web.pages import is_html, is_same_page, origin_of, page_of

_ABOUT_TIME = frozenset({"iceconfig-expired", "iceconfig-expires-soon", "iceconfig-ttl-too-long"})
"""What iceconfig.expiry judges, by the endpoint's own clock."""
_NOT_KEPT = ("no-store", "no-cache", "max-age=0")


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer, what it hands out, and what is wrong with how it says it."""

    server: Address
    uri: str
    asked: Asked
    key_held_back: bool = False
    """Whether a secret parameter was not sent, since the certificate is not good."""
    page: bool = False
    """Whether a page came that any other path gets as well."""
    content_type: str | None = None
    """None where none was said, or where it is one of JSON."""
    caching: str | None = None
    """What lets caches keep the answer, as a clause; None where they may not, or where nothing in it expires."""
    anybody: bool = False
    """Whether a credential came to a request that proved nothing about who asks."""
    servers: tuple[HandedOut, ...] = ()
    unusable: tuple[tuple[str, str], ...] = ()
    """Texts in the place of a URI, each with the reason."""
    raised: tuple[Raised, ...] = ()
    """What is wrong with the list itself."""
    broken: tuple[str, str] | None = None
    """Why there is no list at all: the finding, and a clause."""
    unread: str | None = None
    """Why the answer was not read to its end, a clause; then nothing is known of its list."""


async def observe(ctx: Context) -> Evidence:
    """Asks, reads what came, and has each server checked with the credential of its entry."""
    page = page_of(ctx.settings.expect.page)
    asked, answer = await ask_endpoint(ctx, origin_of(page) if page else None)
    evidence = Evidence(
        server=ctx.cell.address,
        uri=str(ctx.cell.target),
        asked=asked,
        key_held_back=bool(ctx.settings.query_secrets) and not ctx.bench.has(Trusted),
    )
    if answer.status != 200 or not answer.seen.answered:
        return evidence
    date_s = _date_s(answer)
    try:
        listed = _read(ctx, answer, date_s)
    except IceServersError as error:
        fallback = is_html(answer) and await _is_fallback(ctx, asked, answer)
        unread = answer.seen.cut if _too_long(answer) else None
        broken = None if unread else (error.finding, error.detail)
        return msgspec.structs.replace(evidence, page=fallback, broken=broken, unread=unread)
    anybody = await _to_anybody(ctx, asked, listed)
    ctx.bench.put(Issued(listed.servers, date_s))
    servers = tuple(follow_server(ctx, each) for each in listed.servers)
    return msgspec.structs.replace(
        evidence,
        content_type=_odd_type(answer),
        caching=_caching(answer, asked) if any(each.time_limited for each in servers) else None,
        anybody=anybody,
        servers=servers,
        unusable=listed.unusable,
        raised=_about_list(listed, ctx.cell.address),
    )


def _read(ctx: Context, answer: Exchanged, date_s: float | None) -> IceServers:
    if answer.seen.cut is not None:
        raise IceServersError("iceconfig-not-json", answer.seen.cut)
    now_s = ctx.settings.now_s if date_s is None else date_s
    text = answer.body.decode("utf-8", "replace").removeprefix("\ufeff")  # as browsers do
    return read(text, str(ctx.cell.target), now_s)


def _too_long(answer: Exchanged) -> bool:
    """Whether more came than is read of any answer: its JSON may be good."""
    return not answer.seen.bomb and len(answer.body) >= DEFAULT_LIMITS.body_bytes


def _date_s(answer: Exchanged) -> float | None:
    """The issuer's UNIX time; None where it tells none. What names no zone is UTC too (RFC 9110 section 5.6.7)."""
    try:
        told = parsedate_to_datetime(answer.value("date") or "")
        return told.replace(tzinfo=told.tzinfo or UTC).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


async def _is_fallback(ctx: Context, asked: Asked, answer: Exchanged) -> bool:
    path = stray_path(ctx.cell.target.request_path)
    return is_same_page(answer, await ask(ctx, asked.method, path=path, limits=PATIENCE))


async def _to_anybody(ctx: Context, asked: Asked, listed: IceServers) -> bool:
    if not any(each.credential for each in listed.servers):
        return False
    target = ctx.cell.target
    if target.query is None and not ctx.settings.query_secrets:
        return True
    bare = await ask(ctx, asked.method, path=target.path or "/", limits=PATIENCE)
    if bare.status != 200 or not bare.seen.answered:
        return False
    try:
        return any(each.credential for each in _read(ctx, bare, None).servers)
    except IceServersError:
        return False


def _odd_type(answer: Exchanged) -> str | None:
    said = next((each.value for each in answer.seen.headers if each.name.lower() == "content-type"), "no type")
    kind = said.partition(";")[0].strip().lower()
    return None if kind == "application/json" or kind.endswith("+json") else said


def _caching(answer: Exchanged, asked: Asked) -> str | None:
    said = ", ".join(answer.head.values("cache-control")).lower() if answer.head else ""
    if any(word in said for word in _NOT_KEPT):
        return None
    if "max-age" in said or answer.value("expires"):
        shown = [each.value for each in answer.seen.headers if each.name.lower() == "cache-control"]
        return f"Cache-Control: {', '.join(shown)}" if shown else "Expires, and no Cache-Control"
    # RFC 9110 section 9.3.3: what answers a POST is kept only where it says for how long.
    return None if asked.method == "POST" else "no Cache-Control that forbids it"


def _about_list(listed: IceServers, server: Address) -> tuple[Raised, ...]:
    """Without what another check tells, and without private addresses in the private network where the endpoint is."""
    kept = (each for each in listed.raised if each.id not in _ABOUT_TIME)
    return tuple(each for each in kept if each.id != "uri-private-host" or each.facts.get("kind") != server.kind)


def judge(evidence: Evidence) -> Judgement:
    """No list is told by its reason; a list is as bad as the gravest remark about it."""
    last = evidence.asked.last
    if last.status is None or last.trouble is not None:
        detail = last.trouble.detail if last.trouble else "nothing was answered"
        return _failed(evidence, "iceconfig-unreachable", detail)
    if last.status != 200:
        return _refused(evidence, last.status)
    if evidence.page:
        return _failed(evidence, "http-spa-fallback", "the page came that any path gets")
    if evidence.unread is not None:
        return Judgement(status=Status.INCONCLUSIVE, summary=f"not decided: {evidence.unread}")
    if evidence.broken is not None:
        return _failed(evidence, *evidence.broken)
    return _listed(evidence)


def _refused(evidence: Evidence, status: int) -> Judgement:
    if status in {401, 403} and evidence.key_held_back:
        summary = f"not decided: {status}, and the key was not sent, as the certificate is not good"
        return Judgement(status=Status.INCONCLUSIVE, summary=summary)
    trail = evidence.asked.trail
    hop = trail.hops[-1] if trail and trail.hops else None
    if trail is not None and trail.end != "answer":
        finding = "http-redirect-inward" if trail.end == "withheld" else "http-redirect-broken"
        where = hop.url if hop else "nowhere"
        said = (hop.detail if hop else None) or trail.end
        kind = hop.address.kind if hop and hop.address else ""
        return _failed(evidence, finding, said, name=where, kind=kind)
    finding = "iceconfig-key-required" if status in {401, 403} else "iceconfig-http-status"
    tried = " and ".join(f"{each.method} {each.status}" for each in evidence.asked.exchanges)
    return _failed(evidence, finding, f"it answers {tried}")


def _failed(evidence: Evidence, finding: str, detail: str, **more: str) -> Judgement:
    raised = (Raised(id=finding, facts=_facts(evidence) | {"detail": detail} | more),)
    return Judgement(status=Status.FAIL, summary=detail, raised=raised)


def _listed(evidence: Evidence) -> Judgement:
    if not (evidence.servers or evidence.unusable or evidence.raised):
        return _failed(evidence, "iceconfig-shape", "the list is empty")
    public = public_users(evidence.servers, evidence.uri) if evidence.anybody else ()
    raised = (*evidence.raised, *_about_answer(evidence), *public)
    uris = f"{len(evidence.servers)} URI{'' if len(evidence.servers) == 1 else 's'} by {evidence.asked.method}"
    remarks = ", ".join(each.id for each in raised)
    return Judgement(
        status=status_of(raised), summary=f"{uris}: {remarks}" if remarks else f"{uris}, all usable", raised=raised
    )


def _about_answer(evidence: Evidence) -> tuple[Raised, ...]:
    facts = _facts(evidence)
    # A user that never ends is a finding of its own.
    told = {
        "iceconfig-content-type": evidence.content_type,
        "iceconfig-cacheable": evidence.caching,
        "iceconfig-unauthenticated": "yes" if evidence.anybody and _time_limited(evidence) else None,
    }
    said = tuple(
        Raised(id=finding, facts=facts | {"name": detail, "detail": detail})
        for finding, detail in told.items()
        if detail
    )
    withheld = tuple(
        Raised(
            id="iceconfig-private-or-dead-server",
            facts=facts | {"name": each.uri, "detail": "it points to where no answer may send us, and was not checked"},
        )
        for each in evidence.servers
        if each.followed == "withheld"
    )
    return (*said, *withheld[:1])


def _time_limited(evidence: Evidence) -> bool:
    return any(each.time_limited for each in evidence.servers)


def _facts(evidence: Evidence) -> dict[str, str]:
    code = str(evidence.asked.last.status or "")
    return {"uri": evidence.uri, "address": str(evidence.server), "code": code}


PROBE = Probe(
    id="iceconfig.shape",
    title="ICE servers handed out",
    rung=4,
    schemes=frozenset({"iceconfig+http", "iceconfig+https"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=25.0,
    needs=(Accepting,),
    gives=(Issued,),
    after=("tls.certificate",),
)
