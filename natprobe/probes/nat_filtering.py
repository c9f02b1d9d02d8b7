"""Whom does the NAT, or a firewall, let in to a socket of this host? (RFC 4787 section 5, RFC 5780 section 4.4)

A server that offers another address writes from there itself. Where none does, a TURN relay is the stranger, if there
are credentials for one. Where there is neither, the answer is "unknown", and the summary says what would tell it.
"""

import msgspec

from natprobe.address import Address
from natprobe.client.by_change import Change, by_change
from natprobe.client.by_relay import RelayTrials, by_relay
from natprobe.client.survey import Survey
from natprobe.events import Raised
from natprobe.model import Status
from natprobe.net.trouble import Trouble
from natprobe.probe import Context, Judgement, Probe
from natprobe.wire.behaviour import FilteringVerdict, filtering_of

_MISSING = (
    "it takes a server that offers another address (RFC 5780; coturn: `rfc5780` and two listening addresses), "
    "or a TURN server with credentials (turn:HOST -u USER)"
)


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What strangers could do."""

    mapped: Address | None = None
    changes: tuple[Change, ...] = ()
    """By CHANGE-REQUEST: from another address and port, and from another port alone."""
    relay: RelayTrials | None = None
    """By a TURN relay."""
    trouble: Trouble | None = None
    verdict: FilteringVerdict


async def observe(ctx: Context) -> Evidence:
    """By CHANGE-REQUEST where it is offered; by a relay where that is not enough and there are credentials."""
    survey = ctx.bench.get(Survey)
    evidence = await _by_change(ctx, survey)
    if evidence.verdict.word == "unknown" and ctx.settings.login is not None:
        evidence = await _by_relay(ctx, survey, evidence)
    ctx.bench.put(evidence.verdict)
    return evidence


async def _by_change(ctx: Context, survey: Survey) -> Evidence:
    if survey.offer is None:
        return Evidence(verdict=FilteringVerdict(word="unknown", why=_MISSING))
    tested = await by_change(ctx.hold, survey, survey.offer, ctx.side.source)
    if isinstance(tested, Trouble):
        return Evidence(trouble=tested, verdict=FilteringVerdict(word="unknown", why=tested.detail))
    address, port = tested
    return Evidence(
        mapped=address.control.mapped or port.control.mapped,
        changes=tested,
        verdict=msgspec.structs.replace(filtering_of(address.trial, port.trial), method="rfc5780"),
    )


async def _by_relay(ctx: Context, survey: Survey, before: Evidence) -> Evidence:
    servers = [server.address for server in ctx.side.servers if server.target.scheme == "turn"]
    if not servers:
        return before
    trials = await by_relay(ctx.hold, survey, servers[0], ctx.settings.login, ctx.side.source)
    verdict = filtering_of(trials.address, trials.port)
    if verdict.word == "unknown" and trials.trouble is not None:
        why = f"{before.verdict.why}; the relay at {servers[0]} does not help: {trials.trouble}"
        return msgspec.structs.replace(before, relay=trials, verdict=FilteringVerdict(word="unknown", why=why))
    verdict = msgspec.structs.replace(verdict, method="relay")
    return msgspec.structs.replace(before, relay=trials, verdict=verdict, mapped=before.mapped or trials.mapped)


def judge(evidence: Evidence) -> Judgement:
    """Every filter is a result; where it could not be told, the summary says why."""
    verdict = evidence.verdict
    if verdict.word == "unknown":
        return Judgement(status=Status.INCONCLUSIVE, summary=f"filtering unknown: {verdict.why}")
    raised = Raised(id=_FINDINGS[verdict.word], facts={"mapped": str(evidence.mapped or "this host")})
    return Judgement(status=Status.PASS, summary=f"{verdict.word} filtering: {verdict.why}", raised=(raised,))


_FINDINGS = {
    "endpoint-independent": "nat-filter-eif",
    "address-dependent": "nat-filter-adf",
    "address-and-port-dependent": "nat-filter-apdf",
}

PROBE = Probe(
    id="nat.filtering",
    title="Filtering behaviour",
    schemes=frozenset({"stun", "turn"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=9.0,
    needs=(Survey,),
    gives=(FilteringVerdict,),
    scope="host",
)
