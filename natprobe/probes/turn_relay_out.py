"""What does a peer see as the source of relayed traffic: the relayed address that it was told?

It begins when `turn.relay-in` has had its turn. The peer's own NAT may drop what the relay sends, so between the sends
the peer opens it by writing to the relay itself; the first send goes out before that.
"""

import asyncio

import msgspec

from natprobe.address import Address
from natprobe.client.flight import Flight
from natprobe.client.outward import answer, send_outward, unmapped
from natprobe.client.rig import Paths, Peers, Relays
from natprobe.events import Raised
from natprobe.model import Status
from natprobe.probe import Context, Judgement, Probe

_HEAD_START_RTTS = 1.5
_HEAD_START_S = 0.15


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the relay sent to a peer here, and the peer's answer."""

    server: Address
    relayed: Address
    permitted: bool
    peer_mapped: Address | None = None
    peer_local: Address | None = None
    flight: Flight | None = None
    opened: bool = False
    """Whether the peer had to write first, to open its own NAT."""
    inward_arrived: bool | None = None
    """Whether anything unsolicited came in; None where it need not be known."""
    returned: Flight | None = None
    """The peer's answer to the relay, sent only where nothing unsolicited came in."""


async def observe(ctx: Context) -> Evidence:
    """Lets the relay write to a peer, then the peer answer."""
    relays, paths = ctx.bench.get(Relays), ctx.bench.get(Paths)
    relayed = relays.first.session.relayed or ctx.cell.address
    flight: Flight | None = None
    returned: Flight | None = None
    peer = ctx.bench.get(Peers).outward if ctx.bench.has(Peers) else None
    mapped: Address | None = None
    try:
        permitted = await asyncio.shield(paths.permitted)
        if peer is not None:
            mapped = (await asyncio.shield(peer.view)).mapped or unmapped(relays.first, peer)
        if permitted and peer is not None and mapped is not None and mapped.family == relayed.family:
            await _head_start(relays, paths)
            flight = await send_outward(relays.first, peer, mapped, ctx.clock)
            paths.outward.set_result(flight)
            if not _any_came_in(paths):
                returned = await answer(relays.first, peer, flight, ctx.clock)
    finally:
        if not paths.outward.done():
            paths.outward.set_result(flight)
        paths.returned.set_result(returned)
    as_told = flight is not None and flight.source == relayed
    inward = None if as_told else await asyncio.shield(paths.inward)
    return Evidence(
        server=relays.first.server,
        relayed=relayed,
        permitted=permitted,
        peer_mapped=mapped,
        peer_local=peer.local if peer else None,
        flight=flight,
        opened=flight is not None and (flight.arrived_send or 0) > 0,
        inward_arrived=None if inward is None else inward.arrived,
        returned=returned,
    )


async def _head_start(relays: Relays, paths: Paths) -> None:
    wait_s = max(_HEAD_START_S, _HEAD_START_RTTS * (relays.first.stun.rtt_s or 0.0))
    await asyncio.wait({paths.inward}, timeout=wait_s)


def _any_came_in(paths: Paths) -> bool:
    unsolicited = paths.inward.result() if paths.inward.done() else None
    return unsolicited is not None and unsolicited.arrived


def judge(evidence: Evidence) -> Judgement:
    """The source that the peer saw is compared with XOR-RELAYED-ADDRESS: host first, then port."""
    if not evidence.permitted:
        return Judgement(status=Status.SKIP, summary="not tested: it needs turn.permission")
    if evidence.flight is None:
        summary = "not tested: no server told this host's UDP address, so the relay cannot be pointed at it"
        return _judged(evidence, Status.INCONCLUSIVE, summary, "relay-unreachable-from-here", detail=summary)
    seen = evidence.flight.source
    if seen is None:
        return _lost(evidence, evidence.flight)
    if seen == evidence.relayed:
        return Judgement(status=Status.PASS, summary=f"the peer sees {seen}, as it was told")
    if seen.host != evidence.relayed.host:
        return _other_host(evidence, seen)
    summary = f"the peer sees port {seen.port} instead of {evidence.relayed.port}"
    return _judged(evidence, Status.WARN, summary, "turn-egress-port-rewritten")


def _other_host(evidence: Evidence, seen: Address) -> Judgement:
    summary = f"the peer sees {seen}, but was told {evidence.relayed}"
    if evidence.relayed.kind != "public" and seen.kind == "public":
        return Judgement(status=Status.FAIL, summary=summary)  # turn.allocate has raised what is wrong with it
    if evidence.relayed.kind == "public" and seen.kind != "public":
        detail = f"this host stands inside the relay's own network: {summary}"
        return _judged(evidence, Status.INCONCLUSIVE, detail, "relay-unreachable-from-here", detail=detail)
    if evidence.inward_arrived:
        return _judged(evidence, Status.FAIL, summary, "turn-egress-nat-gateway")
    return _judged(evidence, Status.FAIL, summary, "turn-external-ip-wrong")


def _lost(evidence: Evidence, flight: Flight) -> Judgement:
    waited = f"{len(flight.sends_ms)} packets, {(flight.waited_ms or 0) / 1000:.1f} s"
    summary = f"nothing that the relay sent reached this host ({waited})"
    if evidence.peer_mapped is not None and evidence.peer_mapped.host == evidence.relayed.host:
        detail = "this host and the relay share one public address, so that this path is not that of a peer outside"
        summary = f"{summary}; {detail}"
        return _judged(evidence, Status.INCONCLUSIVE, summary, "relay-unreachable-from-here", detail=detail)
    if evidence.inward_arrived:
        return _judged(evidence, Status.FAIL, summary, "turn-one-way")
    also = ", and nothing of this host reached the relay" if evidence.inward_arrived is False else ""
    return Judgement(status=Status.INCONCLUSIVE, summary=summary + also)


def _judged(evidence: Evidence, status: Status, summary: str, finding: str, **facts: str) -> Judgement:
    flight = evidence.flight
    known = {
        "address": str(evidence.server),
        "relayed": str(evidence.relayed),
        "relayed_host": evidence.relayed.host,
        "relayed_port": str(evidence.relayed.port),
        "kind": evidence.relayed.kind,
        "mapped": str(evidence.peer_mapped or ""),
        "detail": summary,
    }
    if flight is not None:
        known |= flight.facts()
    return Judgement(status=status, summary=summary, raised=(Raised(id=finding, facts=known | facts),))


PROBE = Probe(
    id="turn.relay-out",
    title="Relay to outside",
    rung=7,
    schemes=frozenset({"turn", "turns"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=14.0,
    needs=(Relays, Paths),
)
