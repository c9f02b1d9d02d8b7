"""What does RFC 3489's own classification say, as pystun3 makes it, and does it agree with ours?

It is a second opinion beside ours. RFC 3489 takes one lost packet for a filter, asks everything on one socket, and
never looks where an answer came from; where the two differ, the summary says so, and ours stands.
"""

import msgspec

from natprobe.client.classic import DEADLINE_S, MISSING, Classic, classify
from natprobe.client.survey import Survey
from natprobe.model import NatBehaviour, Status
from natprobe.probe import Context, Judgement, Probe


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Both opinions."""

    classic: Classic
    ours: str


async def observe(ctx: Context) -> Evidence:
    """Asks the server that offered another address, or else the nearest one."""
    survey = ctx.bench.get(Survey)
    server = survey.offer.primary if survey.offer else survey.answered[0].question.to
    rtt_s = max(inquiry.sounding().slowest_ms for inquiry in survey.answered) / 1000
    ours = ctx.bench.get(NatBehaviour).type
    return Evidence(classic=await classify(ctx.hold, server, ctx.side.source, rtt_s), ours=ours)


def judge(evidence: Evidence) -> Judgement:
    """Agreement and difference are told; neither changes our verdict."""
    classic = evidence.classic
    if classic.trouble == MISSING:
        return Judgement(status=Status.INCONCLUSIVE, summary=f"RFC 3489: not asked: {MISSING}")
    if classic.type is None:
        why = classic.trouble or f'it says "{classic.said}"'
        return Judgement(status=Status.SKIP, summary=f"RFC 3489 (pystun3): no opinion: {why}")
    if classic.type == evidence.ours:
        return Judgement(status=Status.PASS, summary=f"RFC 3489 (pystun3): {classic.type}, as natprobe says")
    summary = f"RFC 3489 (pystun3): {classic.type}, where natprobe says {evidence.ours}: {_why(evidence)}"
    return Judgement(status=Status.PASS, summary=summary)


def _why(evidence: Evidence) -> str:
    if evidence.ours == "unknown":
        return "it takes for granted what was not proved here"
    if evidence.ours == "symmetric":
        return "it asks for a filter first, and takes a symmetric NAT with an open one for a cone"
    return "it takes a lost packet for a filter, and does not look where an answer came from"


PROBE = Probe(
    id="nat.classic",
    title="RFC 3489's opinion",
    schemes=frozenset({"stun", "turn"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=DEADLINE_S + 2.0,
    needs=(Survey, NatBehaviour),
    scope="host",
)
