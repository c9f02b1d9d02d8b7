"""Are the server's relay ports open as a range, or only some of them?

A relay port is open only while it is allocated, so the range is looked at by further allocations, a few at a time:
a load on the server and on its user's quota, made only where it is asked for. It begins when the other paths have had
their turn. Each allocation is released as soon as it was looked at.
"""

import asyncio
from itertools import groupby

import msgspec

from natprobe.address import Address
from natprobe.client.line import Way
from natprobe.client.relay_sample import Fate, Sample, take_sample
from natprobe.client.rig import Paths, Relays
from natprobe.events import Raised
from natprobe.expectations import MOST_SAMPLES, SAMPLES_AT_ONCE, sampling_s
from natprobe.model import Status
from natprobe.probe import Context, Judgement, Probe, Settings

_LAST_START_S = sampling_s(MOST_SAMPLES) - 1.0
_LONGEST_ROUND_S = 9.0


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The relayed ports that were looked at."""

    server: Address
    asked: int
    """How many were asked for."""
    permitted: bool = True
    """Whether the server permits this host as a peer at all."""
    samples: tuple[Sample, ...] = ()
    ended: str | None = None
    """Why fewer than `asked` were looked at."""
    cut_off: bool = False
    """Whether the check was cut off in between."""
    declared_ports: tuple[int, int] | None = None


async def observe(ctx: Context) -> Evidence:
    """Takes the samples, a few at once, until there are enough or there is a reason to end."""
    client, paths = ctx.bench.get(Relays).first, ctx.bench.get(Paths)
    asked = ctx.settings.expect.relay_samples or 0
    permitted = not paths.permitted.done() or paths.permitted.result()
    samples: list[Sample] = []
    began_s = ctx.clock.now()
    ended: str | None = None

    def found(*, cut_off: bool = False) -> Evidence:
        return Evidence(
            server=client.server,
            asked=asked,
            permitted=permitted,
            samples=tuple(samples),
            ended=ended if len(samples) < asked else None,
            cut_off=cut_off,
            declared_ports=ctx.settings.relay_ports,
        )

    ctx.keep(lambda: found(cut_off=True) if samples else None)
    while permitted and ended is None and len(samples) < asked:
        refused = await _round(ctx, samples, min(SAMPLES_AT_ONCE, asked - len(samples)))
        ctx.advance(len(samples), asked, "relayed ports")
        ended = refused or _why_end(samples, ctx.clock.now() - began_s)
    return found()


async def _round(ctx: Context, samples: list[Sample], number: int) -> str | None:
    """Adds to `samples` as they are taken; the words why there was no further allocation, where there was none."""
    client = ctx.bench.get(Relays).first
    way = Way(ctx.cell.transport, client.server, ctx.cell.target.host)
    family = (client.session.relayed or client.server).family

    async def take() -> str | None:
        taken = await take_sample(ctx.hold, way, ctx.settings.login, family)
        if isinstance(taken, str):
            return taken
        samples.append(taken)
        return None

    told = await asyncio.gather(*(take() for _ in range(number)))
    return next(filter(None, told), None)


def _why_end(samples: list[Sample], spent_s: float) -> str | None:
    """Why further samples would tell no more, or may not begin."""
    if all(sample.fate == "untold" for sample in samples):
        return f"none of the first {len(samples)} could be told"
    return f"the check had taken {spent_s:.0f} s" if spent_s > _LAST_START_S else None


def judge(evidence: Evidence) -> Judgement:
    """Closed ports are told however few; that all are open, only of half of what was asked for or more."""
    if not evidence.permitted:
        return Judgement(status=Status.SKIP, summary="not tested: it needs turn.permission")
    closed, untold = _of(evidence, "closed"), _of(evidence, "untold")
    if not evidence.samples:
        return Judgement(status=Status.INCONCLUSIVE, summary=f"no further allocation: {evidence.ended}")
    if closed:
        return _closed(evidence, closed)
    if untold:
        return _untold(evidence, untold[0])
    told = f"{_counted(evidence)} take packets from outside{_end(evidence)}"
    enough = 2 * len(evidence.samples) >= evidence.asked and not evidence.cut_off
    return Judgement(status=Status.PASS if enough else Status.INCONCLUSIVE, summary=told)


def _of(evidence: Evidence, fate: Fate) -> list[Sample]:
    """The samples that ended so, one a port, ascending."""
    fitting = {sample.relayed.port: sample for sample in evidence.samples if sample.fate == fate}
    return [fitting[port] for port in sorted(fitting)]


def _counted(evidence: Evidence) -> str:
    """How many of the ports are open: "8 of 8 relayed ports between 49163 and 65012"."""
    ports = {sample.relayed.port for sample in evidence.samples}
    return f"{len(_of(evidence, 'open'))} of {len(ports)} relayed ports between {min(ports)} and {max(ports)}"


def _end(evidence: Evidence) -> str:
    if evidence.cut_off:
        return f"; {evidence.asked} were asked for"
    return f"; {evidence.asked} were asked for, but {evidence.ended}" if evidence.ended else ""


def _closed(evidence: Evidence, closed: list[Sample]) -> Judgement:
    """Ports outside the declared range are docker's fault, those inside it the filter's."""
    declared = evidence.declared_ports
    outside = [each for each in closed if declared and not declared[0] <= each.relayed.port <= declared[1]]
    inside = [each for each in closed if each not in outside]
    raised = [_raised(evidence, "docker-relay-range-mismatch", outside)] if outside else []
    if inside:
        some = "relay-port-range-partly-blocked" if _of(evidence, "open") else "relay-port-range-blocked"
        raised.append(_raised(evidence, some, inside))
    tried = _tries(closed[0])
    summary = (
        f"{_counted(evidence)} take packets from outside; closed: {_spans(evidence, 'closed')}"
        f", where {tried['sends']} packets each went in vain for {tried['waited']}{_end(evidence)}"
    )
    return Judgement(status=Status.FAIL, summary=summary, raised=tuple(raised))


def _untold(evidence: Evidence, first: Sample) -> Judgement:
    detail = "neither packets to some relayed ports nor answers to what these send get through"
    if first.inward is None:
        detail = "this host is no permitted peer of that address family, with UDP of its own"
    elif first.outward is not None and first.outward.source is not None:
        detail = f"peers see the relay as {first.outward.source}"
    summary = f"{_counted(evidence)} take packets from outside; not told: {_spans(evidence, 'untold')}; {detail}"
    raised = _raised(evidence, "relay-unreachable-from-here", [first], detail=detail)
    return Judgement(status=Status.INCONCLUSIVE, summary=summary + _end(evidence), raised=(raised,))


def _raised(evidence: Evidence, finding: str, samples: list[Sample], **facts: str) -> Raised:
    first, declared = samples[0], evidence.declared_ports
    known = {
        "relayed": str(first.relayed),
        "relayed_host": first.relayed.host,
        "relayed_port": str(first.relayed.port),
        "port": f"{declared[0]}-{declared[1]}" if declared else ",".join(str(each.relayed.port) for each in samples),
        "detail": f"open are {_spans(evidence, 'open')}; closed are {_spans(evidence, 'closed')}",
    }
    if declared:
        known["range"] = f"{declared[0]}-{declared[1]}"
    return Raised(id=finding, facts=known | _tries(first) | facts)


def _tries(sample: Sample) -> dict[str, str]:
    return sample.inward.facts() if sample.inward else {}


def _spans(evidence: Evidence, fate: Fate) -> str:
    """The ports that ended so, those beside each other as one range: "49163-57001 (5 tried), 61000"."""
    by_port = {sample.relayed.port: sample.fate for sample in evidence.samples}
    runs = [
        [port for port, _ in run]
        for each, run in groupby(sorted(by_port.items()), lambda item: item[1])
        if each == fate
    ]
    return ", ".join(f"{run[0]}-{run[-1]} ({len(run)} tried)" if len(run) > 1 else str(run[0]) for run in runs)


def _asked_for(settings: Settings) -> bool:
    return settings.expect.relay_samples is not None


PROBE = Probe(
    id="turn.relay-range",
    title="Relay range open",
    rung=10,
    schemes=frozenset({"turn", "turns"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=sampling_s(MOST_SAMPLES) + _LONGEST_ROUND_S,
    needs=(Relays, Paths),
    after=(
        "turn.permission",
        "turn.relay-in",
        "turn.relay-out",
        "turn.relay-loop",
        "turn.channel",
        "turn.refresh",
        "turn.quality",
    ),
    wanted=_asked_for,
)
