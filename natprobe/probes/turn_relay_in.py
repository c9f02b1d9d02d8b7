"""Can a stranger's packet reach the relayed address: one that comes before the relay has written to anybody here?

A stateful filter hides a closed relay range from every test that lets the relay speak first, since that opens the way
back (diagnosed calls then fail for symmetric NATs alone). So this path goes first, from a socket that the relay never
writes to, and only its early sends count as unsolicited. Where nothing arrives, the answers that another peer sends to
what the relay wrote are the control: they tell a closed range from a host whose own packets get nowhere.

The first data of a channel goes to this host too, a few milliseconds later. A filter that opens by address (RFC 4787
section 5) lets every packet of this host in from then on, and looks like the loss of the first ones. So where only
later ones arrive, the second relay is asked, which writes to nobody here.
"""

import asyncio

import msgspec

from natprobe.address import Address
from natprobe.client.flight import Flight, fly
from natprobe.client.peer import Peer
from natprobe.client.rig import Paths, Peers, Relays
from natprobe.client.turn import TurnClient
from natprobe.events import Raised
from natprobe.model import Status
from natprobe.probe import Context, Judgement, Probe

# The first sends follow the permission request at once; one of them comes after it even where they overtake each other.
SENDS_S = (0.0, 0.004, 0.03, 0.1, 0.25, 0.5, 1.0)
WAIT_S = 2.0
_NOWHERE = frozenset({"loopback", "unspecified"})


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a peer sent to the relayed address unasked, and the controls."""

    relayed: Address
    permitted: bool
    udp: bool
    """Whether this host could open a UDP socket at all."""
    peer_mapped: Address | None = None
    flight: Flight | None = None
    outward_began_ms: float | None = None
    """When the relay first wrote to this host: parcels sent later are no strangers any more."""
    second_relayed: Address | None = None
    second: Flight | None = None
    """The same at the second relay, where no stranger's parcel is known to have arrived at the first one."""
    outward_arrived: bool | None = None
    """Whether what the relay sent reached this host; None where it was not tried."""
    outward_seen: Address | None = None
    returned: bool | None = None
    """Whether an answer to what the relay sent reached the relay; None where it was not tried."""
    declared_ports: tuple[int, int] | None = None


async def observe(ctx: Context) -> Evidence:
    """Sends to the relayed address as soon as the permission is asked for; on silence awaits the controls."""
    relays, paths = ctx.bench.get(Relays), ctx.bench.get(Paths)
    relayed = relays.first.session.relayed or ctx.cell.address
    flight: Flight | None = None
    peer = ctx.bench.get(Peers).inward if ctx.bench.has(Peers) else None
    try:
        await paths.asked.wait()
        if peer is not None and peer.local.family == relayed.family and not _leads_back(relays.first):
            flight = await _unsolicited(ctx, peer, relays.first, "peer to relay, unsolicited")
    finally:
        paths.inward.set_result(flight)
    began_ms = _began_ms(paths)
    second = await _at_second(ctx, relays, peer, flight) if peer and _is_late(flight, began_ms) else None
    permitted = await asyncio.shield(paths.permitted)
    arrived = flight is not None and flight.arrived
    outward = None if arrived else await asyncio.shield(paths.outward)
    returned = None if arrived else await asyncio.shield(paths.returned)
    return Evidence(
        relayed=relayed,
        permitted=permitted,
        udp=peer is not None,
        peer_mapped=peer.view.result().mapped if peer and peer.view.done() else None,
        flight=flight,
        outward_began_ms=began_ms if arrived else _began_ms(paths),
        second_relayed=relays.second.session.relayed if second and relays.second else None,
        second=second,
        outward_arrived=None if outward is None else outward.arrived,
        outward_seen=None if outward is None else outward.source,
        returned=None if returned is None else returned.arrived,
        declared_ports=ctx.settings.relay_ports,
    )


async def _unsolicited(ctx: Context, peer: Peer, relay: TurnClient, path: str) -> Flight:
    relayed, mailbox = relay.session.relayed or ctx.cell.address, relay.stun.mailbox
    return await fly(path, lambda data: peer.send(data, relayed), mailbox, ctx.clock, sends_s=SENDS_S, wait_s=WAIT_S)


async def _at_second(ctx: Context, relays: Relays, peer: Peer, flight: Flight | None) -> Flight | None:
    """The same at the second relay; None where there is none, or it does not permit this peer."""
    two, seen = relays.second, flight.source if flight else None
    if two is None or two.session.relayed is None or seen is None or not (await two.permit(seen)).succeeded:
        return None
    return await _unsolicited(ctx, peer, two, "peer to the second relay, unsolicited")


def _leads_back(relay: TurnClient) -> bool:
    """Whether whoever sends to the relayed address sends to himself (RFC 1122 section 3.2.1.3)."""
    return (
        relay.session.relayed is not None and relay.session.relayed.kind in _NOWHERE and relay.server.kind != "loopback"
    )


def _began_ms(paths: Paths) -> float | None:
    """When the relay was first made to write to this host; None where it was not yet."""
    flight = paths.outward.result() if paths.outward.done() else None
    channelled = (paths.channelled.result(),) if paths.channelled.done() else ()
    return min((*channelled, *(flight.sends_ms[:1] if flight else ())), default=None)


def _is_late(flight: Flight | None, began_ms: float | None) -> bool:
    """Whether the first parcel that came in may have met a filter that the relay had opened by then."""
    if flight is None or not flight.arrived or began_ms is None:
        return False
    return flight.sends_ms[flight.arrived_send or 0] >= began_ms


def judge(evidence: Evidence) -> Judgement:
    """Closed is said only where an answered control proves that this host's packets do get through."""
    flight = evidence.flight
    if not evidence.permitted:
        return Judgement(status=Status.SKIP, summary="not tested: it needs turn.permission")
    if flight is None and evidence.udp and evidence.relayed.kind in _NOWHERE:
        summary = f"nobody outside can send to {evidence.relayed}: it is {evidence.relayed.kind}"
        return Judgement(status=Status.FAIL, summary=summary)
    if flight is None:
        return Judgement(status=Status.INCONCLUSIVE, summary="not tested: this host has no UDP socket of that family")
    if flight.arrived:
        return _arrived(evidence, flight)
    silence = (
        f"nothing came in at {evidence.relayed}: {len(flight.sends_ms)} packets, {(flight.waited_ms or 0) / 1000:.1f} s"
    )
    if evidence.outward_seen is not None and _inside(evidence.outward_seen, evidence.relayed):
        detail = f"this host stands inside the relay's own network, and sees it as {evidence.outward_seen}"
        summary = f"{silence}; {detail}"
        return _judged(evidence, Status.INCONCLUSIVE, summary, "relay-unreachable-from-here", detail=detail)
    if evidence.outward_seen is not None and evidence.outward_seen.host != evidence.relayed.host:
        return Judgement(status=Status.FAIL, summary=f"{silence}; peers see the relay as {evidence.outward_seen}")
    if evidence.returned:
        summary = f"{silence}; what the relay sends, and answers to it, do pass"
        return _judged(evidence, Status.FAIL, summary, _closed(evidence))
    if evidence.relayed.kind not in {"public", "loopback"} and evidence.outward_arrived is not True:
        return Judgement(status=Status.FAIL, summary=f"{silence}; it is {evidence.relayed.kind}")
    return _untold(evidence, silence)


def _inside(seen: Address, relayed: Address) -> bool:
    """Whether the peer stands on the relay's side of its NAT, and so sees its private address."""
    return relayed.kind == "public" and seen.kind != "public"


def _arrived(evidence: Evidence, flight: Flight) -> Judgement:
    sent_ms = flight.sends_ms[flight.arrived_send or 0]
    if _is_late(flight, evidence.outward_began_ms) and not (evidence.second and evidence.second.arrived):
        return _late(evidence, evidence.second)
    took = (flight.arrived_ms or 0.0) - sent_ms
    return Judgement(
        status=Status.PASS, summary=f"an unsolicited packet came in at {evidence.relayed} within {took:.1f} ms"
    )


def _late(evidence: Evidence, second: Flight | None) -> Judgement:
    late = "packets came in only after the relay itself had written to this host"
    if second is None or evidence.second_relayed is None:
        return Judgement(status=Status.INCONCLUSIVE, summary=f"{late}: a filter, or loss")
    silence = f"none at {evidence.second_relayed}, which had not: {len(second.sends_ms)} packets"
    summary = f"{late}, and {silence}, {(second.waited_ms or 0) / 1000:.1f} s"
    strange = msgspec.structs.replace(evidence, relayed=evidence.second_relayed, flight=second)
    return _judged(strange, Status.FAIL, summary, _closed(strange))


def _closed(evidence: Evidence) -> str:
    declared = evidence.declared_ports
    outside = declared is not None and not declared[0] <= evidence.relayed.port <= declared[1]
    return "docker-relay-range-mismatch" if outside else "relay-port-range-blocked"


def _untold(evidence: Evidence, silence: str) -> Judgement:
    if evidence.outward_arrived:
        detail = "what the relay sends arrives here, but no packet of this host reaches it, not even an answer"
    else:
        detail = "no UDP passes between this host and the relay in either direction"
    return _judged(evidence, Status.INCONCLUSIVE, f"{silence}; {detail}", "relay-unreachable-from-here", detail=detail)


def _judged(evidence: Evidence, status: Status, summary: str, finding: str, **facts: str) -> Judgement:
    flight, declared = evidence.flight, evidence.declared_ports
    known = {
        "relayed": str(evidence.relayed),
        "relayed_host": evidence.relayed.host,
        "relayed_port": str(evidence.relayed.port),
        "port": f"{declared[0]}-{declared[1]}" if declared else str(evidence.relayed.port),
    }
    if flight is not None:
        known |= flight.facts()
    if declared:
        known["range"] = f"{declared[0]}-{declared[1]}"
    return Judgement(status=status, summary=summary, raised=(Raised(id=finding, facts=known | facts),))


PROBE = Probe(
    id="turn.relay-in",
    title="Outside to relay",
    rung=6,
    schemes=frozenset({"turn", "turns"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=12.0,
    needs=(Relays, Paths),
)
