"""Can a channel be bound, and does ChannelData pass both ways?

RFC 8656 section 12. Calls use channels for their media: some filters between client and server let STUN messages pass
and drop ChannelData. The first data follows the binding at once, so that there and back cost two round trips with it.
The peer answers only to what arrived: packets that cross at a Linux gateway make it give the relay another port. Where
this host has no UDP for a peer of its own, the second relay is the peer, once relay to relay has been tried.
"""

import asyncio
from typing import Literal

import msgspec

from natprobe.address import Address
from natprobe.client.flight import Flight, fly
from natprobe.client.mailbox import Mailbox
from natprobe.client.opening import open_own_nat
from natprobe.client.rig import Channel, Paths, Peers, Relays
from natprobe.events import Raised
from natprobe.model import Status
from natprobe.probe import Context, Judgement, Probe
from natprobe.wire.registry import CHANNEL_MIN, ERROR_NAMES
from natprobe.wire.transactions import Exchange

CHANNEL, SECOND_CHANNEL = CHANNEL_MIN, CHANNEL_MIN + 1
STRANGERS_FIRST_S = 0.006
"""The first packets of `turn.relay-in` leave before the relay writes to anybody here, over a channel or otherwise."""
# The binding and the first data leave together; one of the next ones follows even where they overtake each other.
SENDS_S = (0.0, 0.004, 0.03, 0.1, 0.25, 0.5, 1.0)


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The binding, and what passed over the channel."""

    server: Address
    relayed: Address
    channel: int = CHANNEL
    peer: Address | None = None
    exchanges: tuple[Exchange, ...] = ()
    there: Flight | None = None
    back: Flight | None = None
    indications_pass: bool | None = None
    """Whether Send indications reached a peer of this host; None where that was not tried."""


class _Trial(msgspec.Struct, frozen=True):
    """One peer's turn."""

    peer: Address
    exchanges: tuple[Exchange, ...]
    there: Flight | None = None
    back: Flight | None = None
    channel: int = CHANNEL

    @property
    def passed(self) -> bool:
        return bool(self.there and self.there.arrived and self.back and self.back.arrived)


async def observe(ctx: Context) -> Evidence:
    """Binds a channel to a socket of this host, or else to the second relay, and sends both ways."""
    relays = ctx.bench.get(Relays)
    trial = await _over_own_peer(ctx, relays)
    if trial is None or (trial.there is not None and not trial.passed):
        # This host's own NAT may keep out what the relay sends, as one with a mapping for each destination does.
        second = await _over_second_relay(ctx, relays)
        trial = second if trial is None or (second is not None and second.passed) else trial
    if trial is not None and trial.there is not None and trial.there.source is not None and trial.passed:
        over: Literal["peer", "relay"] = "peer" if trial.channel == CHANNEL else "relay"
        ctx.bench.put(Channel(trial.channel, trial.peer, trial.there.source, over))
    outward: Flight | None = None
    if trial is not None and trial.there is not None and not trial.passed:
        outward = await asyncio.shield(ctx.bench.get(Paths).outward)
    return Evidence(
        server=relays.first.server,
        relayed=relays.first.session.relayed or ctx.cell.address,
        channel=trial.channel if trial else CHANNEL,
        peer=trial.peer if trial else None,
        exchanges=trial.exchanges if trial else (),
        there=trial.there if trial else None,
        back=trial.back if trial else None,
        indications_pass=None if outward is None else outward.arrived,
    )


async def _over_own_peer(ctx: Context, relays: Relays) -> _Trial | None:
    relayed = relays.first.session.relayed
    peer = ctx.bench.get(Peers).channel if ctx.bench.has(Peers) else None
    mapped = peer.view.result().mapped if peer and peer.view.done() else None
    if peer is None or relayed is None or mapped is None or mapped.family != relayed.family:
        return None
    binding = asyncio.create_task(relays.first.bind_channel(CHANNEL, mapped))
    await ctx.bench.get(Paths).asked.wait()
    await asyncio.sleep(STRANGERS_FIRST_S)
    ctx.bench.get(Paths).channelled.set_result(ctx.clock.now_ms())
    openers = asyncio.create_task(open_own_nat(relays.first, peer, relayed))
    there = await _there(ctx, relays, CHANNEL, peer.mailbox)
    openers.cancel()
    bound = await binding
    if there.source is None or not bound.succeeded:
        return _Trial(mapped, bound.exchanges, there if bound.succeeded else None)
    source = there.source
    back = await fly("peer to ChannelData", lambda data: peer.send(data, source), relays.first.stun.mailbox, ctx.clock)
    return _Trial(mapped, bound.exchanges, there, back)


async def _over_second_relay(ctx: Context, relays: Relays) -> _Trial | None:
    one, two = relays.first, relays.second
    if two is None or two.session.relayed is None or one.session.relayed is None:
        return None
    await asyncio.shield(ctx.bench.get(Paths).looped)
    far, near = two.session.relayed, one.session.relayed
    bound = await one.bind_channel(SECOND_CHANNEL, far)
    if not bound.succeeded:
        return _Trial(far, bound.exchanges, channel=SECOND_CHANNEL)
    there, back = await asyncio.gather(
        _there(ctx, relays, SECOND_CHANNEL, two.stun.mailbox),
        fly("peer to ChannelData", lambda data: two.send(near, data), one.stun.mailbox, ctx.clock),
    )
    return _Trial(far, bound.exchanges, there, back, SECOND_CHANNEL)


async def _there(ctx: Context, relays: Relays, channel: int, mailbox: Mailbox) -> Flight:
    send = relays.first.send_channel
    return await fly("ChannelData to the peer", lambda data: send(channel, data), mailbox, ctx.clock, sends_s=SENDS_S)


def judge(evidence: Evidence) -> Judgement:
    """ChannelData is blamed only where indications to the same host pass."""
    if not evidence.exchanges:
        return Judgement(status=Status.INCONCLUSIVE, summary="not tested: there is no peer to bind a channel to")
    last = evidence.exchanges[-1]
    if last.outcome != "success":
        return _not_bound(evidence, last)
    if evidence.there is None:
        return Judgement(status=Status.INCONCLUSIVE, summary="bound, but no data was sent")
    lost = [flight for flight in (evidence.there, evidence.back) if flight is not None and not flight.arrived]
    name = f"channel 0x{evidence.channel:04x}"
    if not lost:
        return Judgement(status=Status.PASS, summary=f"{name} to {evidence.peer} carries data both ways")
    packets = f"{len(lost[0].sends_ms)} packets, {(lost[0].waited_ms or 0) / 1000:.1f} s"
    which = " and ".join(flight.path for flight in lost)
    if evidence.indications_pass and not evidence.there.arrived:
        summary = f"{name}: ChannelData is lost ({packets}), while Send indications arrive"
        return _failed(evidence, summary, "turn-channeldata-dropped", evidence.there)
    return Judgement(status=Status.INCONCLUSIVE, summary=f"{name} is bound, but lost: {which} ({packets})")


def _not_bound(evidence: Evidence, last: Exchange) -> Judgement:
    if last.code is None:
        summary = f"ChannelBind is not answered ({last.outcome})"
        return _failed(evidence, summary, "turn-channel-unanswered", None)
    phrase = ERROR_NAMES.get(last.code, "unknown code")
    summary = f"ChannelBind to {evidence.peer} is refused: {last.code} ({phrase})"
    return _failed(evidence, summary, _CODES.get(last.code, "turn-channel-refused"), None)


def _failed(evidence: Evidence, summary: str, finding: str, flight: Flight | None) -> Judgement:
    facts = {
        "address": str(evidence.server),
        "relayed": str(evidence.relayed),
        "peer": evidence.peer.host if evidence.peer else "",
        "channel": f"0x{evidence.channel:04x}",
    }
    facts |= flight.facts() if flight is not None else evidence.exchanges[-1].facts()
    return Judgement(status=Status.FAIL, summary=summary, raised=(Raised(id=finding, facts=facts),))


_CODES = {400: "turn-channel-number-400", 403: "turn-peer-denied-403", 443: "turn-peer-family-443"}

PROBE = Probe(
    id="turn.channel",
    title="Channel data",
    rung=9,
    schemes=frozenset({"turn", "turns"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=12.0,
    needs=(Relays, Paths),
    gives=(Channel,),
)
