"""Do all destinations see this host's socket at the same address? (RFC 4787 section 4.1, RFC 5780 section 4.3)

Everything is compared on one socket. Where a server has offered another address, its other address and port are asked
too, all at once; what they say counts only because they answer. Without such a server two plain ones at different
addresses tell whether the mapping depends on the destination, though not on what of it.
"""

import asyncio
from typing import Literal

import msgspec

from natprobe.address import Address
from natprobe.client.sounding import Inquiry, Sounding, repeat, until
from natprobe.client.survey import Port, Survey
from natprobe.events import Raised
from natprobe.model import Status
from natprobe.probe import Context, Judgement, Probe
from natprobe.wire.behaviour import MappingVerdict, View, mapping_of

SENDS_S = (0.0, 0.1, 0.25, 0.45, 0.7, 1.0, 1.3)
LONGEST_S = 1.6
_ENOUGH_HOSTS = 3


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What each destination saw."""

    local: Address
    soundings: tuple[Sounding, ...]
    alternates: tuple[Sounding, ...] = ()
    """The other addresses of the server that offered them."""
    method: Literal["rfc5780", "servers"]
    verdict: MappingVerdict
    rewritten: Address | None = None
    """A MAPPED-ADDRESS that differs from the XOR-MAPPED-ADDRESS beside it (RFC 5780 section 3.6)."""
    tampered: bool = False
    """Whether the FINGERPRINT of an answer is wrong, so that it was changed on the way."""


async def observe(ctx: Context) -> Evidence:
    """Asks the other addresses, and the servers that have not answered yet, until the comparison can be made."""
    survey = ctx.bench.get(Survey)
    alternates = survey.alternates.everyone if survey.alternates else ()
    missing = tuple(each for each in survey.servers if not _settled(each))
    longest_s = max(LONGEST_S, SENDS_S[-1] + survey.wait_s)
    async with asyncio.TaskGroup() as group:
        asking = [group.create_task(repeat(each, SENDS_S, give_up_s=longest_s)) for each in (*alternates, *missing)]
        await until(survey.sounder, lambda: _enough(survey), longest_s)
        for task in asking:
            task.cancel()
    evidence = _compared(survey)
    ctx.bench.put(evidence.verdict)
    for sounding in (*evidence.soundings, *evidence.alternates)[:1]:
        if sounding.mapped is not None:
            survey.ports.append(Port(sounding.local, sounding.mapped))
    return evidence


def _settled(inquiry: Inquiry) -> bool:
    return inquiry.heard.is_set() or inquiry.hopeless


def _enough(survey: Survey) -> bool:
    if survey.alternates is not None and all(_settled(each) for each in survey.alternates.everyone):
        return all(each.heard.is_set() for each in survey.alternates.everyone) or _enough_servers(survey)
    return survey.alternates is None and _enough_servers(survey)


def _enough_servers(survey: Survey) -> bool:
    hosts = {each.question.to.host for each in survey.answered}
    return len(hosts) >= _ENOUGH_HOSTS or all(_settled(each) for each in survey.servers)


def _compared(survey: Survey) -> Evidence:
    soundings = tuple(each.sounding() for each in survey.servers)
    alternates = tuple(each.sounding() for each in survey.alternates.everyone) if survey.alternates else ()
    verdict = mapping_of(_views((*soundings, *alternates)), survey.sounder.local)
    return Evidence(
        local=survey.sounder.local,
        soundings=soundings,
        alternates=alternates,
        method="rfc5780" if any(each.arrived for each in alternates) else "servers",
        verdict=verdict,
        rewritten=_rewritten((*soundings, *alternates)),
        tampered=any(echo.tampered for sounding in (*soundings, *alternates) for echo in sounding.echoes),
    )


def _views(soundings: tuple[Sounding, ...]) -> tuple[View, ...]:
    return tuple(
        View(sounding.to, echo.mapped) for sounding in soundings for echo in sounding.echoes if echo.mapped is not None
    )


def _rewritten(soundings: tuple[Sounding, ...]) -> Address | None:
    echoes = (echo for sounding in soundings for echo in sounding.echoes)
    return next((echo.plain_mapped for echo in echoes if echo.plain_mapped not in {None, echo.mapped}), None)


def judge(evidence: Evidence) -> Judgement:
    """Every behaviour is a result; only a symmetric one, and meddling on the way, are warnings."""
    verdict = evidence.verdict
    raised = tuple(Raised(id=finding, facts=_facts(evidence)) for finding in _findings(evidence))
    if verdict.contradictory:
        return Judgement(status=Status.INCONCLUSIVE, summary=f"mapping unknown: {verdict.why}", raised=raised)
    if verdict.word == "unknown" and not verdict.dependent:
        return Judgement(status=Status.INCONCLUSIVE, summary=f"mapping unknown: {verdict.why}", raised=raised)
    status = Status.WARN if _warns(evidence) else Status.PASS
    return Judgement(status=status, summary=f"{_said(verdict)} ({verdict.why})", raised=raised)


def _said(verdict: MappingVerdict) -> str:
    if verdict.word == "none":
        return f"no NAT: {verdict.mapped} is this host's own address"
    if verdict.word == "unknown":
        return f"the mapping depends on the destination: {verdict.mapped} and {verdict.seen}"
    return f"{verdict.word} mapping, {verdict.mapped}"


def _warns(evidence: Evidence) -> bool:
    symmetric = evidence.verdict.word in {"address-and-port-dependent", "unknown"}
    odd = evidence.verdict.dissent is not None or evidence.rewritten is not None
    return symmetric or odd or evidence.tampered


_WORDS = {
    "none": "nat-none",
    "endpoint-independent": "nat-eim",
    "address-dependent": "nat-adm",
    "address-and-port-dependent": "nat-apdm",
}


def _findings(evidence: Evidence) -> tuple[str, ...]:
    verdict = evidence.verdict
    found = [_WORDS[verdict.word]] if verdict.word in _WORDS else []
    if verdict.word == "unknown" and verdict.dependent:
        found.append("nat-symmetric")
    if verdict.dissent is not None:
        found.append("nat-server-dissents")
    if verdict.unstable:  # where destinations contradict each other, one of them may lie
        found.append("nat-nondeterministic")
    if evidence.tampered:
        found.append("nat-alg-sip")
    elif evidence.rewritten is not None:
        found.append("stun-xor-vs-mapped-differs")
    if verdict.mapped is not None and verdict.mapped.kind == "cgnat" and verdict.word != "none":
        found.append("nat-cgnat")
    return tuple(found)


def _facts(evidence: Evidence) -> dict[str, str]:
    verdict = evidence.verdict
    seen = verdict.seen or evidence.rewritten
    detail = f"MAPPED-ADDRESS says {evidence.rewritten}" if evidence.rewritten else "the FINGERPRINT is wrong"
    facts = {
        "mapped": str(verdict.mapped or ""),
        "detail": detail if evidence.tampered else verdict.why,
        "address": str(evidence.soundings[0].to),
    }
    return facts | ({"seen": str(seen)} if seen else {})


PROBE = Probe(
    id="nat.mapping",
    title="Mapping behaviour",
    schemes=frozenset({"stun", "turn"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=5.0,
    needs=(Survey,),
    gives=(MappingVerdict,),
    scope="host",
)
