"""Does the NAT turn packets around that this host sends to its own mapped address? (RFC 4787 section 6, RFC 5780 3.4)

Two sockets learn their mapped addresses, then each writes to the other's: so each has written to the other's outer
address, and no filter is in the way. What comes in shows the source as the NAT gave it: outer (as RFC 4787 REQ-9
wants it) or inner. A system that takes a packet with its own source address for a forged one (Linux does over IPv4)
shows the latter as silence, and there silence is no "no". Some firewalls take such packets for an attack, which is why
the user has to ask for this.
"""

import asyncio
from typing import Literal

import msgspec

from natprobe.address import Address
from natprobe.client.flight import Flight, fly
from natprobe.client.sounding import Inquiry, Sounder, Sounding, open_sounder, plain, repeat
from natprobe.client.survey import Survey, longest_way_s
from natprobe.events import Raised
from natprobe.model import NatBehaviour, Status
from natprobe.net.own_source import takes_own_source
from natprobe.net.trouble import Trouble
from natprobe.probe import Context, Judgement, Probe
from natprobe.wire.behaviour import CERTAIN, MappingVerdict, chance_of_loss, pooled

SENDS_S = (0.0, 0.06, 0.14, 0.25, 0.37, 0.5, 0.65, 0.8)
_ASK_S = (0.0, 0.1, 0.25, 0.45, 0.7)


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What two sockets of this host could send to each other by the outside."""

    trouble: str | None = None
    """Why nothing could be tried: a clause."""
    untranslated: bool = False
    """Whether there is no NAT, so that there is nothing to turn around."""
    controls: tuple[Sounding, ...] = ()
    flights: tuple[Flight, ...] = ()
    hairpinning: bool | None = None
    source: Literal["external", "internal"] | None = None
    """As whose the packets came in."""
    sees_inner: bool = True
    """Whether this system would show packets that come in with an inner source: its own address."""
    chance: float = 1.0
    """The chance that silence was mere loss."""


async def observe(ctx: Context) -> Evidence:
    """Opens two sockets, asks a server for their mapped addresses, and lets them write to each other."""
    survey = ctx.bench.get(Survey)
    verdict = ctx.bench.get(MappingVerdict) if ctx.bench.has(MappingVerdict) else None
    if verdict is not None and verdict.word == "none":
        return Evidence(untranslated=True)
    server = survey.answered[0].question.to
    opened = [open_sounder(ctx.hold, server, ctx.side.source) for _ in range(2)]
    sounders = [each for each in opened if not isinstance(each, Trouble)]
    if len(sounders) < 2:
        return Evidence(trouble="this host could not open its sockets")
    controls = [sounder.ask(plain(server)) for sounder in sounders]
    await asyncio.gather(*(repeat(each, _ASK_S, give_up_s=1.2) for each in controls))
    first, second = (control.sounding().mapped for control in controls)
    if first is None or second is None:
        return Evidence(trouble=f"{server} did not tell the mapped addresses of two sockets")
    flights = await asyncio.gather(
        _flight(ctx, sounders[0], sounders[1], second, controls[0]),
        _flight(ctx, sounders[1], sounders[0], first, controls[1]),
    )
    sees_inner = takes_own_source(ctx.side.family)
    evidence = decided(tuple(flights), tuple(each.sounding() for each in controls), sees_inner=sees_inner)
    if ctx.bench.has(NatBehaviour):
        behaviour = ctx.bench.get(NatBehaviour)
        ctx.bench.put(msgspec.structs.replace(behaviour, hairpinning=evidence.hairpinning))
    return evidence


async def _flight(ctx: Context, sender: Sounder, receiver: Sounder, mapped: Address, control: Inquiry) -> Flight:
    """From `sender` to the mapped address of `receiver`; an ordinary request travels beside each packet."""

    def send(data: bytes) -> None:
        sender.send(data, mapped)
        control.send()

    wait_s = SENDS_S[-1] + longest_way_s((control.sounding(),))
    return await fly(f"{sender.local} to {mapped}", send, receiver.mailbox, ctx.clock, sends_s=SENDS_S, wait_s=wait_s)


def decided(flights: tuple[Flight, ...], controls: tuple[Sounding, ...], *, sees_inner: bool) -> Evidence:
    """What the flights and their controls add up to. Pure."""
    arrived = next((flight for flight in flights if flight.arrived), None)
    sends = max(len(flight.sends_ms) for flight in flights)
    chance = 0.0 if arrived else chance_of_loss(pooled(each.tally for each in controls), sends)
    inner = {control.local for control in controls}
    return Evidence(
        controls=controls,
        flights=flights,
        hairpinning=True if arrived else (False if chance < CERTAIN and sees_inner else None),
        source=None if arrived is None else ("internal" if arrived.source in inner else "external"),
        sees_inner=sees_inner,
        chance=chance,
    )


def judge(evidence: Evidence) -> Judgement:
    """Turned around or not: both are results, and only a path that loses too much leaves it open."""
    if evidence.untranslated:
        return Judgement(status=Status.SKIP, summary="does not apply: there is no NAT that could turn packets around")
    if evidence.trouble is not None:
        return Judgement(status=Status.INCONCLUSIVE, summary=f"hairpinning unknown: {evidence.trouble}")
    if evidence.hairpinning:
        summary = f"packets to the own mapped address come back, with the {evidence.source} source address"
        return Judgement(status=Status.PASS, summary=summary)
    first = evidence.flights[0]
    sends = sum(len(flight.sends_ms) for flight in evidence.flights)
    waited = f"{(first.waited_ms or 0.0) / 1000:.1f} s"
    silence = f"nothing came back from the own mapped addresses ({sends} packets, waited {waited})"
    if evidence.hairpinning is None:
        why = _INVISIBLE if evidence.chance < CERTAIN else ", but the path loses much"
        return Judgement(status=Status.INCONCLUSIVE, summary=f"hairpinning unknown: {silence}{why}")
    facts = {"mapped": str(evidence.controls[0].mapped or ""), "sends": str(sends), "waited": waited}
    return Judgement(
        status=Status.PASS,
        summary=f"no hairpinning that a peer could use: {silence}",
        raised=(Raised(id="nat-no-hairpin", facts=facts),),
    )


_INVISIBLE = (
    "; a NAT that turns them around with their inner source address looks the same from here, since this system drops "
    "packets that claim to come from itself: try from a second host behind the same NAT"
)

PROBE = Probe(
    id="nat.hairpinning",
    title="Hairpinning",
    schemes=frozenset({"stun", "turn"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=6.0,
    needs=(Survey, NatBehaviour),
    scope="host",
)
