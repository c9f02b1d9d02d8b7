"""Is the API of SRS there, and which version answers?"""

import msgspec

from natprobe.address import Address
from natprobe.client.http import HttpExchange
from natprobe.client.rig import Accepting
from natprobe.events import Raised
from natprobe.gateway.srs import VersionTold, ask_versions, code_of, told, version_of
from natprobe.model import Status
from natprobe.probe import Context, Judgement, Probe
from natprobe.signalling.controls import is_fallback
from natprobe.signalling.refusals import is_of_tls, status_words, unanswered
from natprobe.web.pages import is_html


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer to /api/v1/versions."""

    server: Address
    uri: str
    exchange: HttpExchange
    code: int | None = None
    """None where the answer has none."""
    version: str | None = None
    html: bool = False
    fallback: bool = False
    """The answer is the page that the server gives for any path."""


async def observe(ctx: Context) -> Evidence:
    """Asks; puts `VersionTold` on the bench where SRS answers."""
    answer = await ask_versions(ctx)
    message = told(answer)
    code, version = code_of(message), version_of(message)
    if code == 0 and version is not None:
        ctx.bench.put(VersionTold(version))
    return Evidence(
        server=ctx.cell.address,
        uri=str(ctx.cell.target),
        exchange=answer.seen,
        code=code,
        version=version,
        html=is_html(answer),
        fallback=is_html(answer) and await is_fallback(ctx, answer),
    )


def judge(evidence: Evidence) -> Judgement:
    """HTTP's own status says little: `code` 0 and a version do."""
    if evidence.code == 0 and evidence.version is not None:
        return Judgement(status=Status.PASS, summary=f"SRS {evidence.version}")
    if evidence.exchange.status is None and is_of_tls(evidence.exchange):
        return unanswered(evidence.exchange, evidence.uri)
    detail = _detail(evidence)
    facts = {"uri": evidence.uri, "detail": detail, "code": str(evidence.exchange.status or "")}
    finding = "http-spa-fallback" if evidence.fallback else "srs-api-unreachable"
    raised = (Raised(id=finding, facts=facts),)
    return Judgement(status=Status.FAIL, summary=f"no version: {detail}", raised=raised)


def _detail(evidence: Evidence) -> str:
    exchange = evidence.exchange
    if exchange.status is None:
        return exchange.trouble.detail if exchange.trouble else "nothing came"
    if evidence.fallback:
        return f"{status_words(exchange)} and the page that any path gets"
    if evidence.html:
        return f"{status_words(exchange)} and a page"
    return f"{status_words(exchange)} and " + ("no code" if evidence.code is None else f"code {evidence.code}")


PROBE = Probe(
    id="srs.version",
    title="SRS",
    rung=5,
    schemes=frozenset({"srs+http", "srs+https"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=20.0,
    needs=(Accepting,),
    gives=(VersionTold,),
    after=("tls.certificate",),
)
