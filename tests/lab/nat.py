"""An emulated NAT with every knob of RFC 4787. Pure: packets and the time come in, packets go out.

`Nat` is one router for one address family, `Chain` several of them behind each other (double NAT, CGNAT).
"""

from collections import deque
from typing import NamedTuple

import msgspec

from tests.lab.behaviour import Behaviour
from tests.lab.bindings import Bindings
from tests.lab.link import OTHER, Side
from tests.lab.packets import ICMP, ICMPV6, TCP, UDP, Endpoint, Packet, error, pack, parse_quote, quote, reset

_TRACED = 4000
_STEP: dict[Side, int] = {"near": -1, "far": 1}


class Emission(NamedTuple):
    """A packet that leaves the router on one of its sides."""

    side: Side
    packet: Packet


class Event(NamedTuple):
    """What became of a packet: evidence for a test that fails."""

    at: float
    way: str
    protocol: int
    source: Endpoint
    destination: Endpoint
    outcome: str

    def __str__(self) -> str:
        name = {UDP: "udp", TCP: "tcp"}.get(self.protocol, "icmp")
        return f"{self.at:.4f} {self.way:>3} {name} {self.source} > {self.destination} {self.outcome}"


def plain(behaviour: Behaviour) -> Behaviour:
    """What TCP and ICMP echoes get: a masquerade as Linux has it, whatever UDP suffers."""
    mapping = "none" if behaviour.mapping == "none" else "endpoint-independent"
    filtering = "open" if behaviour.filtering == "open" else "address-and-port-dependent"
    return msgspec.structs.replace(
        behaviour, mapping=mapping, filtering=filtering, ports="preserving", lifetime_s=7200.0, refresh="both"
    )


class Nat:
    """One router. Its packets must be whole: see `fragments` for what comes in pieces."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.trace: deque[Event] = deque(maxlen=_TRACED)
        others = Bindings(plain(behaviour))
        self._bindings = {UDP: Bindings(behaviour), TCP: Bindings(plain(behaviour)), ICMP: others, ICMPV6: others}
        self._pool = frozenset(pack(host) for host in behaviour.pool)
        self._router = pack(behaviour.router) if behaviour.router else None

    def outbound(self, packet: Packet, now: float) -> list[Emission]:
        """What leaves because of a packet from the inside."""
        refused = self._refused(packet)
        if refused is not None:
            return self._done(now, "out", packet, "blocked", refused)
        if packet.ttl <= 1:
            return self._done(now, "out", packet, "ttl", self._told(packet, "time-exceeded"))
        if packet.is_error:
            return self._error_out(packet, now)
        if packet.destination.host in self._pool and self.behaviour.hairpinning == "none":
            return self._done(now, "out", packet, "no hairpinning", [])
        if self._is_too_big(packet):
            return self._done(now, "out", packet, "too big", self._told_size(packet))
        binding = self._bindings[packet.protocol].outbound(packet.source, packet.destination, now)
        if binding is None:
            return self._done(now, "out", packet, "no binding left", [])
        sent = self._rewritten(packet, source=binding.external)
        if packet.destination.host in self._pool:
            return self._hairpin(packet, sent, now)
        return self._done(now, "out", packet, f"as {binding.external}", [Emission("far", sent)])

    def inbound(self, packet: Packet, now: float) -> list[Emission]:
        """What leaves because of a packet from the outside."""
        if packet.is_error:
            return self._error_in(packet, now)
        binding = self._bindings[packet.protocol].inbound(packet.destination, packet.source, now)
        if binding is None:
            return self._done(now, "in", packet, "filtered", self._unsolicited(packet))
        if packet.ttl <= 1:
            return self._done(now, "in", packet, "ttl", [])
        got = self._rewritten(packet, destination=binding.internal)
        return self._done(now, "in", packet, f"to {binding.internal}", [Emission("near", got)])

    def _hairpin(self, packet: Packet, sent: Packet, now: float) -> list[Emission]:
        emissions = self.inbound(sent, now)
        if self.behaviour.hairpinning == "external-source":
            return emissions
        # RFC 4787 section 6 calls this "Internal source IP address and port": the inside sees its own addresses.
        return [Emission(side, got._replace(source=packet.source)) for side, got in emissions if side == "near"]

    def _refused(self, packet: Packet) -> list[Emission] | None:
        """The answer to what is not allowed out; None for what is."""
        if packet.protocol == UDP and self.behaviour.udp != "open":
            return self._told(packet, "prohibited") if self.behaviour.udp == "rejected" else []
        if packet.protocol != TCP or self.behaviour.tcp_ports is None:
            return None
        if any(first <= packet.destination.port <= last for first, last in self.behaviour.tcp_ports):
            return None
        return [Emission("near", reset(packet))] if self.behaviour.tcp_refusal == "rejected" else []

    def _unsolicited(self, packet: Packet) -> list[Emission]:
        if self.behaviour.unsolicited == "dropped" or packet.protocol != UDP:
            return []
        return [Emission("far", error(packet, "port-unreachable", packet.destination.host))]

    def _is_too_big(self, packet: Packet) -> bool:
        return packet.dont_fragment and packet.size > self.behaviour.mtu

    def _told_size(self, packet: Packet) -> list[Emission]:
        return self._told(packet, "too-big") if self.behaviour.too_big == "told" else []

    def _told(self, about: Packet, kind: str) -> list[Emission]:
        if self._router is None:
            return []
        return [Emission("near", error(about, kind, self._router, mtu=self.behaviour.mtu))]

    def _error_in(self, packet: Packet, now: float) -> list[Emission]:
        """RFC 5508 section 4.2: the quoted packet is one that we sent out, so its source is ours."""
        about = parse_quote(packet.payload)
        binding = self._bindings[about.protocol].at(about.source, now) if about else None
        if about is None or binding is None:
            return self._done(now, "in", packet, "error about nothing", [])
        inner = quote(about._replace(source=binding.internal))
        got = packet._replace(destination=binding.internal._replace(port=0), body=packet.body[:8] + inner)
        return self._done(now, "in", packet, f"error to {binding.internal}", [Emission("near", _hop(got))])

    def _error_out(self, packet: Packet, now: float) -> list[Emission]:
        """RFC 5508 section 4.3: the quoted packet is one that we let in, so its destination is the inside's."""
        about = parse_quote(packet.payload)
        binding = self._bindings[about.protocol].find(about.destination, about.source, now) if about else None
        if about is None or binding is None:
            return self._done(now, "out", packet, "error about nothing", [])
        inner = quote(about._replace(destination=binding.external))
        sent = packet._replace(source=binding.external._replace(port=0), body=packet.body[:8] + inner)
        return self._done(now, "out", packet, "error", [Emission("far", _hop(sent))])

    def _rewritten(
        self, packet: Packet, *, source: Endpoint | None = None, destination: Endpoint | None = None
    ) -> Packet:
        moved = packet._replace(source=source or packet.source, destination=destination or packet.destination)
        if not self.behaviour.alg or packet.protocol != UDP:
            return _hop(moved)
        was, now = (packet.source, moved.source) if source else (packet.destination, moved.destination)
        return _hop(moved._replace(body=packet.body[:8] + packet.payload.replace(was.host, now.host)))

    def _done(self, now: float, way: str, packet: Packet, outcome: str, emissions: list[Emission]) -> list[Emission]:
        self.trace.append(Event(now, way, packet.protocol, packet.source, packet.destination, outcome))
        return emissions


def _hop(packet: Packet) -> Packet:
    return packet._replace(ttl=packet.ttl - 1)


class Chain:
    """Routers behind each other, the client's first. What one emits inwards goes through those before it."""

    def __init__(self, nats: tuple[Nat, ...]) -> None:
        self.nats = nats

    def forward(self, side: Side, packet: Packet, now: float) -> list[Emission]:
        """What leaves the chain at its two ends."""
        left: list[Emission] = []
        moving: list[tuple[int, Side, Packet]] = [(0 if side == "near" else len(self.nats) - 1, side, packet)]
        while moving:
            place, came_from, current = moving.pop(0)
            if not 0 <= place < len(self.nats):
                left.append(Emission(OTHER[came_from], current))
                continue
            nat = self.nats[place]
            emissions = (nat.outbound if came_from == "near" else nat.inbound)(current, now)
            moving += [(place + _STEP[side], OTHER[side], emitted) for side, emitted in emissions]
        return left
