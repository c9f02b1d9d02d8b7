"""Is the round trip to the server as short as the user expects?

Put only where an expectation is stated (`max_rtt_ms`). Several requests one after the other over a line of their own,
when the first ones of the ladder have been answered; their median decides, so that one late answer changes nothing.
"""

import msgspec

from natprobe.address import Address
from natprobe.client.line import Way, open_line
from natprobe.events import Raised
from natprobe.measured import median
from natprobe.model import Status
from natprobe.net.trouble import Trouble
from natprobe.probe import Context, Judgement, Probe, Settings
from natprobe.wire.registry import Method
from natprobe.wire.session import Session
from natprobe.wire.transactions import Exchange

REQUESTS = 7
_FEWEST = 3


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Some Bindings, and what was expected of them."""

    server: Address
    max_rtt_ms: float
    trouble: Trouble | None = None
    """Why nothing could be asked."""
    exchanges: tuple[Exchange, ...] = ()


async def observe(ctx: Context) -> Evidence:
    """Asks one Binding after the other; the first that is not answered is the last."""
    cell, expected_ms = ctx.cell, ctx.settings.expect.max_rtt_ms or 0.0
    way = Way(cell.transport, cell.address, cell.target.host)
    line = await open_line(way, ctx.clock, ctx.hold.trace, ctx.hold.roots)
    if isinstance(line, Trouble):
        return Evidence(server=cell.address, max_rtt_ms=expected_ms, trouble=line)
    pump = ctx.hold.tasks.create_task(line.client.pump())
    ctx.hold.closing.push_async_callback(line.client.endpoint.close)
    ctx.hold.closing.callback(pump.cancel)
    exchanges: list[Exchange] = []
    while len(exchanges) < REQUESTS and all(each.answered_ms is not None for each in exchanges):
        reply = await line.client.ask(Session().compose(Method.BINDING), cell.address)
        exchanges.append(reply.exchange)
    return Evidence(server=cell.address, max_rtt_ms=expected_ms, exchanges=tuple(exchanges))


def judge(evidence: Evidence) -> Judgement:
    """Round trips that may belong to more than one send do not count; whoever is silent is the other checks' matter."""
    measured = [each.rtt_ms for each in evidence.exchanges if each.rtt_ms is not None]
    if not measured:
        why = evidence.trouble.detail if evidence.trouble else f"{evidence.server} does not answer"
        return Judgement(status=Status.SKIP, summary=f"not tested: {why}")
    if len(measured) < _FEWEST:
        summary = f"not decided: {len(measured)} of {len(evidence.exchanges)} requests have a round trip, too few"
        return Judgement(status=Status.INCONCLUSIVE, summary=summary)
    middle_ms, count = median(measured), len(measured)
    summary = f"{middle_ms:.1f} ms, the middle of {count}; {evidence.max_rtt_ms:g} ms are expected at most"
    if middle_ms <= evidence.max_rtt_ms:
        return Judgement(status=Status.PASS, summary=summary)
    facts = {
        "address": str(evidence.server),
        "seen": f"{middle_ms:.1f} ms",
        "detail": f"{evidence.max_rtt_ms:g} ms",
        "sends": str(count),
    }
    raised = (Raised(id="stun-rtt-above-expected", facts=facts),)
    return Judgement(status=Status.FAIL, summary=summary, raised=raised)


def _asked_for(settings: Settings) -> bool:
    return settings.expect.max_rtt_ms is not None


PROBE = Probe(
    id="stun.rtt",
    title="Round trip as expected",
    rung=3,
    schemes=frozenset({"stun", "stuns", "turn", "turns"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=12.0,
    after=("turn.reach", "stun.binding"),
    wanted=_asked_for,
)
