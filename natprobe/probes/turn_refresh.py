"""Can the allocation be kept alive? (RFC 8656 section 8)"""

import msgspec

from natprobe.address import Address
from natprobe.client.rig import Relays
from natprobe.events import Raised
from natprobe.model import Status
from natprobe.probe import Context, Judgement, Probe
from natprobe.wire.registry import ALLOCATION_LIFETIME_S, ERROR_NAMES
from natprobe.wire.transactions import Exchange


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The Refresh, and the lifetime that it brought."""

    server: Address
    user: str = ""
    exchanges: tuple[Exchange, ...]
    lifetime_s: int | None = None


async def observe(ctx: Context) -> Evidence:
    """Asks for the default lifetime anew."""
    client = ctx.bench.get(Relays).first
    dialogue = await client.refresh(ALLOCATION_LIFETIME_S)
    lifetime_s = client.session.lifetime_s if dialogue.succeeded else None
    return Evidence(server=client.server, user=ctx.settings.user, exchanges=dialogue.exchanges, lifetime_s=lifetime_s)


def judge(evidence: Evidence) -> Judgement:
    """437 means that the server knows no such allocation: the 5-tuple, or the server, has changed."""
    last = evidence.exchanges[-1]
    if last.outcome == "success":
        return Judgement(status=Status.PASS, summary=f"refreshed for {evidence.lifetime_s} s")
    facts = {"address": str(evidence.server), "user": evidence.user} | last.facts()
    if last.code is None:
        summary = f"Refresh is not answered ({last.outcome})"
        raised = (Raised(id="turn-refresh-unanswered", facts=facts),)
        return Judgement(status=Status.FAIL, summary=summary, raised=raised)
    phrase = ERROR_NAMES.get(last.code, "unknown code")
    finding = {437: "turn-refresh-437", 438: "turn-nonce-wrong-loop", 441: "turn-auth-441-wrong-credentials"}
    raised = (Raised(id=finding.get(last.code, "turn-refresh-refused"), facts=facts),)
    return Judgement(status=Status.FAIL, summary=f"Refresh is refused: {last.code} ({phrase})", raised=raised)


PROBE = Probe(
    id="turn.refresh",
    title="Allocation refreshed",
    rung=10,
    schemes=frozenset({"turn", "turns"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=8.0,
    needs=(Relays,),
)
