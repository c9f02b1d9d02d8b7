"""Does the proxy hand on the path as it was asked, or with a slash too many?

nginx's `location /a` with `proxy_pass http://backend/` makes //b out of /a/b, which some backends take and others
refuse. The same line makes /b out of /ab. So where a path works, works as well with a slash left out, and a path that
does not exist is refused, the slash is doubled.
"""

import msgspec

from natprobe.address import Address
from natprobe.client.http import Exchanged, HttpExchange
from natprobe.client.rig import Accepting
from natprobe.events import Raised
from natprobe.model import Status
from natprobe.probe import Context, Judgement, Probe
from natprobe.web.asking import PATIENCE, ask, stray_path
from natprobe.web.slashes import without_slash

_ASKED = {"janus": "/info", "srs": "/api/v1/versions"}
"""What a gateway answers to anybody, below the path of its API."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answers to the path, to its variants without a slash, and to one that does not exist."""

    server: Address
    uri: str
    answer: HttpExchange | None = None
    """None where the path has no inner slash that could be doubled."""
    stray: HttpExchange | None = None
    joined: tuple[HttpExchange, ...] = ()
    same: str | None = None
    """The variant that got the same answer as the path."""


async def observe(ctx: Context) -> Evidence:
    """Asks for the path first; where that does not work nothing else is worth asking."""
    evidence = Evidence(server=ctx.cell.address, uri=str(ctx.cell.target))
    path = _path(ctx)
    variants = without_slash(path)
    if not variants:
        return evidence
    answer = await ask(ctx, path=path, limits=PATIENCE)
    if answer.status != 200:
        return msgspec.structs.replace(evidence, answer=answer.seen)
    stray = await ask(ctx, path=stray_path(path), limits=PATIENCE)
    joined: list[Exchanged] = []
    same = None
    for variant in variants:
        joined.append(await ask(ctx, path=variant, limits=PATIENCE))
        if _alike(answer, joined[-1]) and not _alike(answer, stray):
            same = variant
            break
    return msgspec.structs.replace(
        evidence, answer=answer.seen, stray=stray.seen, joined=tuple(each.seen for each in joined), same=same
    )


def _path(ctx: Context) -> str:
    target = ctx.cell.target
    more = _ASKED.get(target.scheme.partition("+")[0], "")
    return f"{target.path.rstrip('/')}{more}" if more else target.path


def _alike(answer: Exchanged, other: Exchanged) -> bool:
    return answer.status == other.status and answer.value("content-type") == other.value("content-type")


def judge(evidence: Evidence) -> Judgement:
    """A warning: this backend takes the doubled slash, or the path would not work."""
    answer, stray = evidence.answer, evidence.stray
    if answer is None:
        return Judgement(status=Status.SKIP, summary="not needed: the path has no inner slash")
    if answer.status != 200 or stray is None:
        said = "was not answered" if answer.status is None else f"answers {answer.status}"
        return Judgement(status=Status.SKIP, summary=f"not tested: {answer.url} {said}")
    if evidence.same is None:
        return _unseen(evidence, stray)
    detail = f"{evidence.same} works as well, so the path arrives with its slash doubled"
    facts = {"uri": evidence.uri, "address": str(evidence.server), "detail": detail}
    return Judgement(status=Status.WARN, summary=detail, raised=(Raised(id="nginx-path-rewrite", facts=facts),))


def _unseen(evidence: Evidence, stray: HttpExchange) -> Judgement:
    if stray.status == 200:
        summary = "cannot be told: a path that does not exist is answered 200 as well"
        return Judgement(status=Status.SKIP, summary=summary)
    sends = len(evidence.joined)
    return Judgement(
        status=Status.PASS, summary=f"the path arrives as it is: without a slash it is refused ({sends} tried)"
    )


PROBE = Probe(
    id="http.path",
    title="Path handed on",
    rung=5,
    schemes=frozenset(f"{kind}{scheme}" for kind in ("", "janus+", "srs+") for scheme in ("http", "https")),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=15.0,
    needs=(Accepting,),
    after=("tls.certificate",),
)
