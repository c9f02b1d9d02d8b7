"""For how long does the NAT remember a binding that is left alone? (RFC 4787 section 4.3, RFC 5780 section 4.6)

It takes as long as the silence that it finds, so the user has to ask for it. See `natprobe.client.patience`. Where a
socket can only ask again, its unchanged address counts as survival once another one has changed: a NAT that gives new
ports to some new bindings is taken to do so to all.
"""

import asyncio

import msgspec

from natprobe.address import Address
from natprobe.client.patience import Method, Silence, left_alone
from natprobe.client.survey import Survey
from natprobe.events import Raised
from natprobe.model import NatBehaviour, Status
from natprobe.probe import Context, Judgement, Probe
from natprobe.wire.behaviour import Bracket, MappingVerdict, bracket_of, finer, grid
from natprobe.wire.behaviour.lifetime import REQUIRED_S

LONGEST_S = 600.0
_TICK_S = 0.25
_APART_S = 0.12
"""Between two new bindings: NATs are known that limit how many they open in a second (RFC 5780 section 4.5)."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Every binding that was left alone."""

    server: Address
    cap_s: float
    untranslated: bool = False
    method: Method = "ask-again"
    silences: tuple[Silence, ...] = ()
    bracket: Bracket = Bracket()


async def observe(ctx: Context) -> Evidence:
    """Leaves bindings alone for many times at once, then for times between those that differ."""
    survey, cap_s = ctx.bench.get(Survey), ctx.settings.lifetime_cap_s
    server = survey.offer.primary if survey.offer else survey.answered[0].question.to
    verdict = ctx.bench.get(MappingVerdict) if ctx.bench.has(MappingVerdict) else None
    if verdict is not None and verdict.word == "none":
        return Evidence(server=server, cap_s=cap_s, untranslated=True)
    telling = asyncio.create_task(_tell_progress(ctx, cap_s))
    try:
        method = await _method(ctx, survey, server)
        silences = await _bisected(ctx, server, method, cap_s)
    finally:
        telling.cancel()
    bracket = bracket_of(fates(silences))
    if bracket.found_s is not None:
        ctx.bench.put(msgspec.structs.replace(ctx.bench.get(NatBehaviour), binding_lifetime_s=bracket.found_s))
    return Evidence(server=server, cap_s=cap_s, method=method, silences=silences, bracket=bracket)


async def _tell_progress(ctx: Context, cap_s: float) -> None:
    began = ctx.clock.now()
    while True:
        ctx.advance(min(round(ctx.clock.now() - began, 1), cap_s), cap_s, "seconds at most")
        await asyncio.sleep(_TICK_S)


async def _bisected(ctx: Context, server: Address, method: Method, cap_s: float) -> tuple[Silence, ...]:
    began = ctx.clock.now()
    silences = await _all(ctx, server, method, grid(cap_s))
    more = finer(bracket_of(fates(silences)), cap_s - (ctx.clock.now() - began))
    return silences + await _all(ctx, server, method, more)


async def _method(ctx: Context, survey: Survey, server: Address) -> Method:
    """RESPONSE-PORT goes to a server with RFC 5780 alone, and must be seen to work on a binding that surely stands."""
    if survey.offer is None:
        return "ask-again"
    at_once = await left_alone(ctx.hold, server, ctx.side.source, 0.0, "response-port")
    return "response-port" if at_once.fate == "alive" else "ask-again"


async def _all(ctx: Context, server: Address, method: Method, times_s: tuple[float, ...]) -> tuple[Silence, ...]:
    """One binding for each of `times_s`; once one is gone, those that would wait for longer are given up."""
    tasks = [
        asyncio.create_task(_after(number * _APART_S, ctx, server, idle_s, method))
        for number, idle_s in enumerate(times_s)
    ]
    ended: list[Silence] = []
    try:
        for next_one in asyncio.as_completed(tasks):
            silence = await next_one
            ended.append(silence)
            if silence.fate == "gone" and {each.idle_s for each in ended} >= {t for t in times_s if t < silence.idle_s}:
                break
    finally:
        for task in tasks:
            task.cancel()
    return tuple(sorted(ended, key=lambda each: each.idle_s))


async def _after(wait_s: float, ctx: Context, server: Address, idle_s: float, method: Method) -> Silence:
    await asyncio.sleep(wait_s)
    return await left_alone(ctx.hold, server, ctx.side.source, idle_s, method)


def fates(silences: tuple[Silence, ...]) -> tuple[tuple[float, str], ...]:
    """Each silence (seconds) with its fate. The same address is the old binding where new ones are seen to differ."""
    renewed = any(silence.fate == "gone" for silence in silences)
    return tuple(
        (silence.idle_s, "alive" if renewed and silence.fate == "same" else silence.fate) for silence in silences
    )


def judge(evidence: Evidence) -> Judgement:
    """Shorter than the two minutes of RFC 4787 REQ-5 is a warning."""
    if evidence.untranslated:
        return Judgement(status=Status.SKIP, summary="does not apply: there is no NAT that could forget a binding")
    alive, gone = evidence.bracket.alive_s, evidence.bracket.gone_s
    if evidence.bracket.contradictory:
        detail = f"one binding was gone after {gone:g} s, another stood after {alive:g} s"
        raised = Raised(id="nat-nondeterministic", facts={"detail": detail})
        return Judgement(status=Status.INCONCLUSIVE, summary=f"lifetime unknown: {detail}", raised=(raised,))
    if alive is None and gone is None:
        return Judgement(status=Status.INCONCLUSIVE, summary=f"lifetime unknown: {_missing(evidence)}")
    if gone is None:
        return Judgement(
            status=Status.PASS, summary=f"an idle binding lives for {alive:g} s at least; how much longer was not tried"
        )
    if gone > REQUIRED_S:
        return Judgement(status=Status.PASS, summary=_between(alive, gone))
    raised = Raised(id="nat-short-udp-timeout", facts={"lifetime": f"{gone:g} s"})
    return Judgement(status=Status.WARN, summary=_between(alive, gone), raised=(raised,))


def _between(alive: float | None, gone: float) -> str:
    stood = f"stands after {alive:g} s, and " if alive is not None else ""
    return f"an idle binding {stood}is gone after {gone:g} s"


def _missing(evidence: Evidence) -> str:
    if evidence.method == "ask-again":
        return (
            f"up to {evidence.cap_s:g} s a socket kept its mapped address, which may be by the old binding or by a "
            "new one; it takes a server with RFC 5780 (RESPONSE-PORT) to tell"
        )
    return "the path loses too much"


PROBE = Probe(
    id="nat.lifetime",
    title="Binding lifetime",
    schemes=frozenset({"stun", "turn"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=2 * LONGEST_S,
    needs=(Survey, NatBehaviour),
    scope="host",
)
