"""From a layout to the commands that build it: namespaces, cables, addresses, routes. Pure; `world` runs them."""

import ipaddress
from dataclasses import dataclass, field

from tests.lab import firewall
from tests.lab.layout import (
    CONTAINER_IPV4,
    DOCKER0_IPV4,
    INTERNET_IPV4,
    INTERNET_IPV6,
    NAMESERVER_IPV4,
    SERVER_IPV4,
    SERVER_IPV6,
    SERVER_PRIVATE_IPV4,
    UNREACHABLE_IPV4,
    Client,
    HomeNat,
    Layout,
    Server,
)
from tests.lab.link import Shape

INTERNET = "internet"
CLOUD = "cloud"
SERVER = "server"
CONTAINER = "container"

_CLOUD_IPV4, _CLOUD_IPV6 = "192.0.2.2", "2001:db8:192:1::2"
_CORE_IPV4, _CORE_IPV6 = "192.0.2.1", "2001:db8:192:1::1"
_LOOSE = (("net/ipv4/conf/all/rp_filter", "0"),)
_QUIET = (  # a device neither waits for duplicate address detection nor asks for routers
    ("net/ipv6/conf/{}/accept_dad", "0"),
    ("net/ipv6/conf/{}/dad_transmits", "0"),
    ("net/ipv6/conf/{}/accept_ra", "0"),
    ("net/ipv6/conf/{}/router_solicitations", "0"),
    ("net/ipv4/conf/{}/rp_filter", "0"),
)
_FORWARDING = (("net/ipv4/ip_forward", "1"), ("net/ipv6/conf/all/forwarding", "1"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cable:
    """Two devices that are joined: by a veth pair, or where it has a shape by a tunnel process."""

    near: tuple[str, str]
    """Namespace and device; for a client's cable the client's end."""
    far: tuple[str, str]
    shape: Shape | None = None


@dataclass(slots=True, kw_only=True)
class Box:
    """One namespace: what is set, added and loaded in it, in this order."""

    sysctls: list[tuple[str, str]] = field(default_factory=lambda: list(_LOOSE))
    ip: list[str] = field(default_factory=lambda: ["link set lo up"])
    nft: str = ""

    def device(self, name: str, *addresses: str) -> None:
        """Gives a device its addresses and starts it."""
        self.sysctls += [(key.format(name), value) for key, value in _QUIET]
        self.ip += [f"addr add {address} dev {name}{_nodad(address)}" for address in addresses]
        self.ip.append(f"link set {name} up")

    def route(self, target: str, how: str) -> None:
        """Adds a route; `target` is a prefix, an address, or one of these after its kind (`blackhole X`)."""
        self.ip.append(f"route add {target} {how}".rstrip())

    def forwards(self) -> None:
        """Makes a router of it."""
        self.sysctls += _FORWARDING


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """Everything that `world` has to do."""

    boxes: dict[str, Box]
    cables: tuple[Cable, ...]


def wire(layout: Layout) -> Wiring:
    """The namespaces and cables of a layout."""
    boxes = {INTERNET: _internet(layout), CLOUD: _cloud(layout.server), SERVER: _server(layout.server)}
    cables = [Cable(near=(CLOUD, "wan"), far=(INTERNET, "cloud")), Cable(near=(SERVER, "eth0"), far=(CLOUD, "lan"))]
    if layout.server.container:
        boxes[CONTAINER] = _container()
        cables.append(Cable(near=(CONTAINER, "eth0"), far=(SERVER, "bridged")))
    for client in layout.clients:
        boxes[client.name] = _client(client)
        edge = (client.name, "eth0")
        if client.nat:
            home = f"{client.name}-home"
            boxes[home] = _home(client, client.nat)
            cables.append(Cable(near=edge, far=(home, "lan")))
            edge = (home, "wan")
        cables.append(Cable(near=edge, far=(INTERNET, client.name), shape=client.shape))
    return Wiring(boxes=boxes, cables=tuple(cables))


def _internet(layout: Layout) -> Box:
    box = Box(nft=firewall.internet_rules(layout.clients))
    box.forwards()
    # Addresses on the loopback device are this router's services: two STUN addresses and the name server.
    box.device("lo", *(_alone(host) for host in (*INTERNET_IPV4, *INTERNET_IPV6, NAMESERVER_IPV4)))
    box.device("cloud", f"{_CORE_IPV4}/30", f"{_CORE_IPV6}/64")
    box.route("203.0.113.0/24", f"via {_CLOUD_IPV4}")
    box.route("2001:db8:203::/64", f"via {_CLOUD_IPV6}")
    for client in layout.clients:
        _edge(box, client)
    box.route("blackhole 0.0.0.0/0", "")
    box.route("blackhole ::/0", "")
    box.route(f"unreachable {UNREACHABLE_IPV4}/32", "")
    return box


def _edge(box: Box, client: Client) -> None:
    """The internet's end of a client's line."""
    box.device(client.name, _alone(gateway(client.ipv4)), _alone(gateway(client.ipv6)))
    box.route(_alone(_host(client.ipv4)), f"dev {client.name}")
    box.route(_alone(_host(client.ipv6)), f"dev {client.name}")
    if client.nat:
        box.route(_network(client.nat.ipv6), f"via {_host(client.ipv6)} dev {client.name}")


def _client(client: Client) -> Box:
    box = Box(nft=firewall.client_rules(client))
    inner = client.nat or client
    box.device("eth0", inner.ipv4, inner.ipv6)
    _default(box, inner.ipv4, inner.ipv6)
    return box


def _home(client: Client, nat: HomeNat) -> Box:
    box = Box(nft=firewall.home_rules(client, nat))
    box.forwards()
    if nat.udp_timeout_s is not None:
        seconds = str(nat.udp_timeout_s)
        box.sysctls += [(f"net/netfilter/nf_conntrack_udp_timeout{kind}", seconds) for kind in ("", "_stream")]
    box.device("wan", client.ipv4, client.ipv6)
    box.device("lan", _same_network(nat.ipv4), _same_network(nat.ipv6))
    _default(box, client.ipv4, client.ipv6)
    return box


def _cloud(server: Server) -> Box:
    box = Box(nft=firewall.cloud_rules(server))
    box.forwards()
    box.device("wan", f"{_CLOUD_IPV4}/30", f"{_CLOUD_IPV6}/64")
    box.device("lan", _alone(gateway(_server_ipv4(server))), _alone(gateway(f"{SERVER_IPV6}/64")))
    box.route(_alone(_host(_server_ipv4(server))), "dev lan")
    box.route(_alone(SERVER_IPV6), "dev lan")
    _default(box, f"{_CLOUD_IPV4}/30", f"{_CLOUD_IPV6}/64")
    # What is left of the public prefixes belongs to nobody and answers nothing.
    box.route("blackhole 203.0.113.0/24", "")
    box.route("blackhole 2001:db8:203::/64", "")
    return box


def _server(server: Server) -> Box:
    box = Box()
    box.device("eth0", _server_ipv4(server), f"{SERVER_IPV6}/64")
    if server.docker0 or server.container:
        # An index before eth0's: coturn's auto-discovery takes addresses in this order, and docker0 comes first.
        box.ip += [
            "link add docker0 index 2 type bridge",
            f"addr add {DOCKER0_IPV4}/16 dev docker0",
            "link set docker0 up",
        ]
    if server.container:
        box.nft = firewall.docker_rules(server.container)
        box.forwards()
        box.ip += ["link set bridged master docker0", "link set bridged up"]
    _default(box, _server_ipv4(server), f"{SERVER_IPV6}/64")
    return box


def _container() -> Box:
    box = Box()
    box.device("eth0", f"{CONTAINER_IPV4}/16")
    _default(box, f"{CONTAINER_IPV4}/16")
    return box


def _server_ipv4(server: Server) -> str:
    return f"{SERVER_IPV4}/24" if server.nat == "none" else f"{SERVER_PRIVATE_IPV4}/24"


def _default(box: Box, *own: str) -> None:
    for address in own:
        box.route("default", f"via {gateway(address)}")


def gateway(interface: str) -> str:
    """The first host of an interface's network: where its router is."""
    return str(ipaddress.ip_interface(interface).network.network_address + 1)


def _same_network(interface: str) -> str:
    return f"{gateway(interface)}/{ipaddress.ip_interface(interface).network.prefixlen}"


def _host(interface: str) -> str:
    return str(ipaddress.ip_interface(interface).ip)


def _network(interface: str) -> str:
    return str(ipaddress.ip_interface(interface).network)


def _alone(host: str) -> str:
    return str(ipaddress.ip_interface(host))


def _nodad(address: str) -> str:
    return " nodad" if ":" in address else ""
