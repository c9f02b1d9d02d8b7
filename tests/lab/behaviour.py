"""Every knob of an emulated NAT, as data. The words are RFC 4787's; the defaults a common home router's."""

from typing import Literal

import msgspec

from tests.lab.layout import Layer, Ports
from tests.lab.link import Shape

Mapping = Literal["none", "endpoint-independent", "address-dependent", "address-and-port-dependent"]
"""RFC 4787 section 4.1; none is a router that translates nothing."""

Filtering = Literal["open", "endpoint-independent", "address-dependent", "address-and-port-dependent"]
"""RFC 4787 section 5; open lets in what no outbound packet has asked for as well (behind a mapping: static DNAT)."""

Refusal = Literal["dropped", "rejected"]
"""Nothing at all, or an ICMP error (TCP: a reset)."""


class Behaviour(Layer, frozen=True):
    """One router, for one address family."""

    mapping: Mapping = "endpoint-independent"
    filtering: Filtering = "address-and-port-dependent"
    filter_scope: Literal["mapping", "endpoint"] = "mapping"
    """Whether a host that was written to may answer to that mapping only, or to any of the internal endpoint's."""
    ports: Literal["preserving", "random", "sequential", "parity"] = "random"
    """RFC 4787 section 4.2: preserving takes another one where the port is in use."""
    port_range: Ports = (20000, 60000)
    pool: tuple[str, ...] = ()
    """The NAT's public addresses."""
    pooling: Literal["paired", "arbitrary"] = "paired"
    """RFC 4787 section 4.1: whether an internal host keeps to one address of the pool."""
    hairpinning: Literal["none", "internal-source", "external-source"] = "none"
    """RFC 4787 section 6: whether packets to the own pool come back, and as whose."""
    lifetime_s: float = 300.0
    refresh: Literal["outbound", "inbound", "both"] = "both"
    """Which packets keep a binding alive (RFC 4787 section 4.3)."""
    bindings_per_s: int | None = None
    """New bindings that a second allows; the packets of further ones vanish (RFC 5780 section 4.5)."""
    unsolicited: Refusal = "dropped"
    """What becomes of inbound packets that the filter keeps out."""
    udp: Literal["open", "dropped", "rejected"] = "open"
    tcp_ports: tuple[Ports, ...] | None = None
    """Destination ports that TCP may go to; None is all."""
    tcp_refusal: Refusal = "dropped"
    alg: bool = False
    """Whether the own addresses are replaced in payloads too, as some gateways do to everybody (RFC 8489 14.2)."""
    fragments: Literal["passed", "dropped"] = "passed"
    mtu: int = 1500
    too_big: Literal["told", "dropped"] = "told"
    """Whether a packet that may not be fragmented and is larger than `mtu` is told by ICMP."""
    dmz: str | None = None
    """The internal host that gets what an open filter lets in unasked."""
    router: str | None = None
    """The address that ICMP errors come from; None tells nothing."""
    seed: int = 1


class Path(Layer, frozen=True):
    """What the client's way out does: the line, and its routers from the client outwards."""

    ipv4: tuple[Behaviour, ...] = ()
    ipv6: tuple[Behaviour, ...] = ()
    up: Shape = Shape()
    down: Shape = Shape()

    def seeded(self, seed: int) -> "Path":
        """The same with other dice."""
        change = msgspec.structs.replace
        return change(self, up=change(self.up, seed=2 * seed), down=change(self.down, seed=2 * seed + 1))
