"""Does the TURN server answer STUN Bindings as well, so that clients get a server reflexive candidate from it?

The Binding left with the first flight; its answer costs nothing more. That it is missing breaks no relayed call, hence
warnings only.
"""

import msgspec

from natprobe.address import Address
from natprobe.client.rig import Greetings
from natprobe.events import Raised
from natprobe.model import Status
from natprobe.probe import Context, Judgement, Probe
from natprobe.wire.attributes import mapped_address, xor_mapped_address
from natprobe.wire.registry import ERROR_NAMES
from natprobe.wire.transactions import Exchange


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer to a Binding on the line that the allocation uses."""

    server: Address
    transport: str
    exchange: Exchange
    mapped: Address | None = None
    """XOR-MAPPED-ADDRESS."""
    plain_mapped: Address | None = None
    """MAPPED-ADDRESS, which an application layer gateway on the way may rewrite."""


async def observe(ctx: Context) -> Evidence:
    """Awaits the answer to the Binding of the first flight."""
    reply = await ctx.bench.get(Greetings).binding
    return Evidence(
        server=ctx.cell.address,
        transport=ctx.cell.transport,
        exchange=reply.exchange,
        mapped=xor_mapped_address(reply.message) if reply.message else None,
        plain_mapped=mapped_address(reply.message) if reply.message else None,
    )


def judge(evidence: Evidence) -> Judgement:
    """Answered, refused and silent are three answers."""
    exchange = evidence.exchange
    if evidence.mapped is not None:
        return _mapped(evidence, evidence.mapped)
    if exchange.code is not None:
        phrase = ERROR_NAMES.get(exchange.code, "unknown code")
        finding = {401: "stun-binding-401", 420: "stun-420"}.get(exchange.code, "stun-binding-refused")
        return _warned(evidence, f"Binding is refused: {exchange.code} ({phrase})", finding)
    if exchange.outcome == "success":
        finding = "stun-classic-only" if evidence.plain_mapped else "stun-answer-malformed"
        return _warned(evidence, "the answer to Binding holds no XOR-MAPPED-ADDRESS", finding)
    sends, waited = len(exchange.sends_ms), f"{(exchange.waited_ms or 0) / 1000:.1f} s"
    return _warned(evidence, f"Binding is not answered ({exchange.outcome}: sent {sends}, {waited})", "stun-disabled")


def _mapped(evidence: Evidence, mapped: Address) -> Judgement:
    if evidence.plain_mapped not in {None, mapped}:
        summary = f"MAPPED-ADDRESS {evidence.plain_mapped} differs from XOR-MAPPED-ADDRESS {mapped}"
        return _warned(evidence, summary, "stun-xor-vs-mapped-differs")
    return Judgement(status=Status.PASS, summary=f"mapped address {mapped}")


def _warned(evidence: Evidence, summary: str, finding: str) -> Judgement:
    facts = {
        "address": str(evidence.server),
        "host": evidence.server.host,
        "transport": evidence.transport,
        "mapped": str(evidence.mapped or ""),
        "seen": str(evidence.plain_mapped or ""),
        "detail": summary,
    }
    raised = (Raised(id=finding, facts=facts | evidence.exchange.facts()),)
    return Judgement(status=Status.WARN, summary=summary, raised=raised)


PROBE = Probe(
    id="turn.binding",
    title="Mapped address",
    rung=2,
    schemes=frozenset({"turn", "turns"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=8.0,
    needs=(Greetings,),
)
