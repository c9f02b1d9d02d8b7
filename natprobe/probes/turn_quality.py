"""Does the relay carry the rate that a call needs, both ways at once, and how late does it come?

Made only where a rate is asked for, since it is a load (RFC 8656 sections 11 and 12 carry it). It starts when the other
paths have had their turn, so that they are not disturbed. The other end is that of the channel: a socket of this host,
or where none is reached the second relay.
"""

import asyncio
from functools import partial

import msgspec

from natprobe.address import Address
from natprobe.client.flight import Send
from natprobe.client.mailbox import Mailbox
from natprobe.client.rig import Channel, Peers, Relays
from natprobe.client.stream import Streamed, Way, stream
from natprobe.client.turn import TurnClient
from natprobe.events import Raised
from natprobe.model import Status
from natprobe.probe import Context, Judgement, Probe, Settings

DURATION_S = 3.0
LOSSY, INSUFFICIENT = 0.02, 0.1
"""Audio hides a loss of some 2 %; video with a tenth of its packets gone does not play."""
_FEWEST_LOST = 3


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A stream in each direction."""

    server: Address
    relayed: Address
    far: Address
    """The other end: a socket of this host as the relay sees it, or the second relay."""
    streams: tuple[Streamed, ...]


async def observe(ctx: Context) -> Evidence:
    """Streams both ways at once."""
    relays, channel = ctx.bench.get(Relays), ctx.bench.get(Channel)
    relayed = relays.first.session.relayed or ctx.cell.address
    there, back = _ways(ctx, relays.first, channel)
    rate_kbps = ctx.settings.expect.min_rate_kbps or 0.0
    made = (stream(way, ctx.clock, rate_kbps=rate_kbps, duration_s=DURATION_S) for way in (there, back))
    streams = await asyncio.gather(*made)
    return Evidence(server=relays.first.server, relayed=relayed, far=channel.far, streams=tuple(streams))


def _ways(ctx: Context, client: TurnClient, channel: Channel) -> tuple[Way, Way]:
    send, mailbox = _far_end(ctx, channel)
    there = Way("through the relay", partial(client.send_channel, channel.number), mailbox)
    return there, Way("back through the relay", send, client.stun.mailbox)


def _far_end(ctx: Context, channel: Channel) -> tuple[Send, Mailbox]:
    second = ctx.bench.get(Relays).second
    if channel.over == "relay" and second is not None:
        return partial(second.send, channel.near), second.stun.mailbox
    peer = ctx.bench.get(Peers).channel
    return lambda data: peer.send(data, channel.near), peer.mailbox


def judge(evidence: Evidence) -> Judgement:
    """The worse direction decides; a loss of one or two packets decides nothing."""
    worst = max(evidence.streams, key=lambda each: each.loss)
    if worst.arrived == 0:
        summary = f"not measured: of {worst.sent} packets none arrived {worst.path}"
        return Judgement(status=Status.INCONCLUSIVE, summary=summary)
    if worst.loss > INSUFFICIENT:
        return _judged(evidence, worst, Status.FAIL, "bw-relay-insufficient")
    if worst.loss > LOSSY and worst.lost >= _FEWEST_LOST:
        return _judged(evidence, worst, Status.WARN, "bw-loss-at-rate")
    return Judgement(status=Status.PASS, summary=_told(evidence, worst))


def _told(evidence: Evidence, worst: Streamed) -> str:
    lost = max(each.lost for each in evidence.streams)
    jitter = max((each.jitter_ms or 0.0 for each in evidence.streams), default=0.0)
    delay = max((each.delay_ms or 0.0 for each in evidence.streams), default=0.0)
    return (
        f"{worst.offered_kbps:g} kbit/s each way for {DURATION_S:g} s: {lost} of {worst.sent} packets lost,"
        f" {delay:.1f} ms one way, jitter {jitter:.1f} ms"
    )


def _judged(evidence: Evidence, worst: Streamed, status: Status, finding: str) -> Judgement:
    summary = (
        f"{worst.offered_kbps:g} kbit/s {worst.path}: {worst.lost} of {worst.sent} packets lost,"
        f" {worst.rate_kbps:g} kbit/s arrived"
    )
    facts = {
        "address": str(evidence.server),
        "relayed": str(evidence.relayed),
        "rate": f"{worst.rate_kbps if status is Status.FAIL else worst.offered_kbps:g} kbit/s",
        "loss": f"{worst.loss:.0%}",
        "detail": f"{worst.offered_kbps:g} kbit/s, {worst.path}",
    }
    return Judgement(status=status, summary=summary, raised=(Raised(id=finding, facts=facts),))


def _asked_for(settings: Settings) -> bool:
    return settings.expect.min_rate_kbps is not None


PROBE = Probe(
    id="turn.quality",
    title="Rate, loss and jitter",
    rung=10,
    schemes=frozenset({"turn", "turns"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=DURATION_S + 4.0,
    needs=(Relays, Channel),
    after=("turn.permission", "turn.relay-in", "turn.relay-out", "turn.relay-loop", "turn.refresh"),
    wanted=_asked_for,
)
