"""What a lab world looks like, as data: who stands where, and what each box on the way does to packets.

    client ── [home NAT] ── [shaped link] ── internet ── cloud gateway ── server
    198.51.100.20                          192.0.2.34/35  firewall, 1:1 NAT  203.0.113.10 = 172.31.0.11

The defaults are a world in which everything works; each field breaks one thing. IPv6 is routed everywhere.
"""

from typing import Literal

import msgspec

from tests.lab.link import Shape

Ports = tuple[int, int]
"""First and last port of a range, both included."""

Verdict = Literal["drop", "reject"]
"""What a firewall does with what it does not want: nothing at all, or an ICMP error (TCP: a reset)."""

PortChoice = Literal["kept", "random"]
"""Which source port a translator gives a flow: the host's own where it is free, or a new random one for each flow."""

ALL_PORTS: Ports = (1, 65535)
RELAY_PORTS: Ports = (49152, 65535)
TURN_PORTS: tuple[Ports, ...] = ((3478, 3479), (5349, 5350))
WEB_PORTS: tuple[Ports, ...] = ((80, 80), (443, 443))

SERVER_IPV4 = "203.0.113.10"
SERVER_IPV6 = "2001:db8:203::10"
SERVER_PRIVATE_IPV4 = "172.31.0.11"
DOCKER0_IPV4 = "172.17.0.1"
CONTAINER_IPV4 = "172.17.0.2"
INTERNET_IPV4 = ("192.0.2.34", "192.0.2.35")
INTERNET_IPV6 = ("2001:db8:192::34", "2001:db8:192::35")
NAMESERVER_IPV4 = "192.0.2.53"
THIRD_IPV4 = "192.0.2.37"
SHUT_IPV4 = "192.0.2.36"
"""An address on the internet from which no UDP leaves: its own firewall drops it."""
SILENT_IPV4 = "203.0.113.66"
"""Routed nowhere: packets to it vanish."""
UNREACHABLE_IPV4 = "192.0.2.99"
"""A router answers for it with ICMP host unreachable."""


class Layer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the layout's tables: frozen, and strict about names when read from TOML."""


class Closed(Layer, frozen=True):
    """Ports towards which nothing leaves a client."""

    udp: tuple[Ports, ...] = ()
    tcp: tuple[Ports, ...] = ()
    verdict: Verdict = "drop"
    where: Literal["path", "host"] = "path"
    """A router on the way, or the host's own firewall (there a dropped UDP datagram is an EPERM for the sender)."""


class HomeNat(Layer, frozen=True):
    """A port-restricted NAT (Linux netfilter): endpoint-independent mapping while ports are kept and free."""

    ipv4: str = "10.7.0.2/24"
    ipv6: str = "2001:db8:107::2/64"
    ports: PortChoice = "kept"
    udp_timeout_s: int | None = None
    """Seconds until an idle UDP mapping is forgotten; None leaves the kernel's own (30 s, 120 s once answered)."""


class Client(Layer, frozen=True):
    """A host at the edge. `ipv4` and `ipv6` are its public addresses; behind a NAT they are the NAT's."""

    name: str = "client"
    ipv4: str = "198.51.100.20/24"
    ipv6: str = "2001:db8:100::20/64"
    nat: HomeNat | None = None
    closed: Closed = Closed()
    unsolicited: Literal["pass", "drop"] = "pass"
    """Whether a stateful firewall before the client keeps unasked-for packets out (a "symmetric UDP firewall")."""
    shape: Shape | None = None
    """Delay, loss and rate between the client (or its NAT) and the internet; needs /dev/net/tun."""


class Container(Layer, frozen=True):
    """A box on the bridge that docker makes, and the ports that it is published with (`-p A-B:A-B`).

    Docker's own address translation: published ports of the server lead into the container; what the container sends
    leaves from the server's address.
    """

    published_udp: tuple[Ports, ...] = ()
    published_tcp: tuple[Ports, ...] = ()


class Server(Layer, frozen=True):
    """The cloud: a gateway with a stateful firewall, perhaps a 1:1 NAT, and the host on which coturn runs."""

    nat: Literal["none", "one-to-one"] = "one-to-one"
    open_udp: tuple[Ports, ...] = (*TURN_PORTS, RELAY_PORTS)
    open_tcp: tuple[Ports, ...] = (*TURN_PORTS, *WEB_PORTS, RELAY_PORTS)
    unsolicited: Verdict = "drop"
    closed_both_ways: tuple[Ports, ...] = ()
    """UDP ports of the server that a stateless filter closes inwards and outwards."""
    egress_ports: PortChoice = "kept"
    """Random is MASQUERADE --random-fully: UDP flows that the server opens leave from a port it does not know."""
    docker0: bool = False
    container: Container | None = None
    """Runs on docker0, which is there then as well."""
    hairpin: bool = False
    """Whether the gateway turns packets from the server to its own public address around."""


class Layout(Layer, frozen=True):
    """A whole world."""

    clients: tuple[Client, ...] = (Client(),)
    server: Server = Server()


def from_toml(text: str) -> Layout:
    """The layout that a TOML document describes; raises msgspec.ValidationError where it does not fit."""
    return msgspec.toml.decode(text, type=Layout)
