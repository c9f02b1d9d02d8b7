"""Can a channel be bound, and does ChannelData pass both ways?

RFC 8656 section 12. Calls use channels for their media: some filters let STUN messages pass and drop ChannelData. The
peer is a socket of this host, or the second relay where this host's UDP address is not known.
"""

import asyncio

import msgspec

from natprobe.address import Address
from natprobe.client.flight import Flight, Send, fly
from natprobe.client.mailbox import Mailbox
from natprobe.client.rig import Paths, Peers, Relays
from natprobe.events import Raised
from natprobe.model import Status
from natprobe.probe import Context, Judgement, Probe
from natprobe.wire.registry import CHANNEL_MIN, ERROR_NAMES
from natprobe.wire.transactions import Exchange


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The binding, and what passed over the channel."""

    server: Address
    relayed: Address
    channel: int = CHANNEL_MIN
    peer: Address | None = None
    exchanges: tuple[Exchange, ...] = ()
    there: Flight | None = None
    back: Flight | None = None
    indications_pass: bool | None = None
    """Whether Send indications reached a peer of this host; None where that was not tried."""


class _Far(msgspec.Struct, frozen=True):
    """The far end of the channel, as this host sees it."""

    peer: Address
    mailbox: Mailbox
    answer: Send


async def observe(ctx: Context) -> Evidence:
    """Binds a channel, then sends both ways at once."""
    relays, paths = ctx.bench.get(Relays), ctx.bench.get(Paths)
    relayed = relays.first.session.relayed or ctx.cell.address
    far = await _far_end(ctx, relays, relayed)
    if far is None:
        return Evidence(server=relays.first.server, relayed=relayed)
    bound = await relays.first.bind_channel(CHANNEL_MIN, far.peer)
    if not bound.succeeded:
        return Evidence(server=relays.first.server, relayed=relayed, peer=far.peer, exchanges=bound.exchanges)
    there, back = await asyncio.gather(
        fly(
            "ChannelData to the peer",
            lambda data: relays.first.send_channel(CHANNEL_MIN, data),
            far.mailbox,
            ctx.clock,
        ),
        fly("peer to ChannelData", far.answer, relays.first.stun.mailbox, ctx.clock),
    )
    dead = not (there.arrived and back.arrived)
    outward = await asyncio.shield(paths.outward) if dead else None
    return Evidence(
        server=relays.first.server,
        relayed=relayed,
        peer=far.peer,
        exchanges=bound.exchanges,
        there=there,
        back=back,
        indications_pass=None if outward is None else outward.arrived,
    )


async def _far_end(ctx: Context, relays: Relays, relayed: Address) -> _Far | None:
    if ctx.bench.has(Peers):
        peer = ctx.bench.get(Peers).channel
        mapped = peer.view.result().mapped if peer.view.done() else None
        if mapped is not None and mapped.family == relayed.family:
            return _Far(mapped, peer.mailbox, lambda data: peer.send(data, relayed))
    second = relays.second
    if second is None or second.session.relayed is None:
        return None
    if not (await second.permit(relayed)).succeeded:
        return None
    return _Far(second.session.relayed, second.stun.mailbox, lambda data: second.send(relayed, data))


def judge(evidence: Evidence) -> Judgement:
    """ChannelData is blamed only where indications to the same host pass."""
    if not evidence.exchanges:
        return Judgement(status=Status.INCONCLUSIVE, summary="not tested: there is no peer to bind a channel to")
    last = evidence.exchanges[-1]
    if last.outcome != "success":
        return _not_bound(evidence, last)
    if evidence.there is None or evidence.back is None:
        return Judgement(status=Status.INCONCLUSIVE, summary="bound, but no data was sent")
    lost = [flight for flight in (evidence.there, evidence.back) if not flight.arrived]
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
        return Judgement(status=Status.FAIL, summary=f"ChannelBind is not answered ({last.outcome})")
    phrase = ERROR_NAMES.get(last.code, "unknown code")
    summary = f"ChannelBind to {evidence.peer} is refused: {last.code} ({phrase})"
    return _failed(evidence, summary, _CODES.get(last.code, "turn-channel-refused"), None)


def _failed(evidence: Evidence, summary: str, finding: str, flight: Flight | None) -> Judgement:
    code = evidence.exchanges[-1].code
    facts = {
        "address": str(evidence.server),
        "relayed": str(evidence.relayed),
        "peer": evidence.peer.host if evidence.peer else "",
        "channel": f"0x{evidence.channel:04x}",
        "code": "none" if code is None else str(code),
        "phrase": "no answer" if code is None else ERROR_NAMES.get(code, "unknown code"),
    }
    if flight is not None:
        facts |= {"sends": str(len(flight.sends_ms)), "waited": f"{(flight.waited_ms or 0) / 1000:.1f} s"}
    return Judgement(status=Status.FAIL, summary=summary, raised=(Raised(id=finding, facts=facts),))


_CODES = {400: "turn-channel-number-400", 403: "turn-peer-denied-403", 443: "turn-peer-family-443"}

PROBE = Probe(
    id="turn.channel",
    title="Channel data",
    schemes=frozenset({"turn", "turns"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=12.0,
    needs=(Relays, Paths),
)
