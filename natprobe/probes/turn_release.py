"""Does the server let go of the allocations, so that this check leaves nothing behind? (RFC 8656 section 8)"""

import asyncio

import msgspec

from natprobe.address import Address
from natprobe.client.rig import Relays
from natprobe.events import Raised
from natprobe.model import Status
from natprobe.probe import Context, Judgement, Probe
from natprobe.wire.transactions import Exchange


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A Refresh with lifetime 0 for each allocation."""

    server: Address
    relayed: Address
    exchanges: tuple[Exchange, ...]
    lifetime_s: int | None = None
    """How long an allocation would live on that was not released."""


async def observe(ctx: Context) -> Evidence:
    """Releases both allocations at once."""
    relays = ctx.bench.get(Relays)
    lifetime_s = relays.first.session.lifetime_s
    clients = [client for client in (relays.first, relays.second) if client is not None]
    dialogues = await asyncio.gather(*(client.release() for client in clients))
    exchanges = tuple(dialogue.last for dialogue in dialogues if dialogue is not None)
    relayed = relays.first.session.relayed or ctx.cell.address
    return Evidence(server=relays.first.server, relayed=relayed, exchanges=exchanges, lifetime_s=lifetime_s)


def judge(evidence: Evidence) -> Judgement:
    """437 is as good as success: the server holds no such allocation."""
    kept = [exchange for exchange in evidence.exchanges if exchange.outcome != "success" and exchange.code != 437]
    if not kept:
        count = len(evidence.exchanges)
        return Judgement(status=Status.PASS, summary=f"{count} allocation{'s' if count != 1 else ''} released")
    said = "not answered" if kept[0].code is None else f"refused ({kept[0].code})"
    lifetime = "" if evidence.lifetime_s is None else f"{evidence.lifetime_s} s"
    facts = {"address": str(evidence.server), "relayed": str(evidence.relayed), "lifetime": lifetime, "detail": said}
    summary = f"releasing was {said}: an allocation may live on for its lifetime"
    return Judgement(status=Status.WARN, summary=summary, raised=(Raised(id="turn-release-failed", facts=facts),))


PROBE = Probe(
    id="turn.release",
    title="Allocation released",
    rung=11,
    schemes=frozenset({"turn", "turns"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=5.0,
    needs=(Relays,),
    after=(
        "turn.permission",
        "turn.relay-in",
        "turn.relay-out",
        "turn.relay-loop",
        "turn.channel",
        "turn.refresh",
        "turn.quality",
        "turn.relay-range",
        "ice.connect",
        "ice.relay",
    ),
)
