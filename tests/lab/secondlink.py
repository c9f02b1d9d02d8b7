"""A second way out for the client of a world: `second_link(world)`, and what becomes of packets on it.

client ── eth0 ── … internet
      └─ wlan0 ──────┘       198.51.101.5, with a routing table of its own
"""

from typing import Literal

from tests.lab.namespace import Namespace, shell
from tests.lab.world import World

SECOND_IPV4 = "198.51.101.5"
_GATEWAY = "198.51.101.1"
_TABLE = 7

_FILTER = """\
table ip filter-{device} {{
  chain way {{
    type filter hook forward priority -5;
    iifname "{device}" meta l4proto udp {verdict}
  }}
}}
"""

Fate = Literal["pass", "drop", "reject", "unroutable"]
"""What becomes of UDP that leaves from there: a router on the way lets it through or not, or this host has no route."""


def second_link(world: World, fate: Fate = "pass") -> None:
    """Raises the link. Packets whose source is its address leave through it; routing still picks eth0."""
    client, internet = world.client, world.internet
    _quiet(client)
    _quiet(internet)
    _ip(client, f"link add wlan0 type veth peer name second netns {internet.name}")
    _ip(internet, f"addr add {_GATEWAY}/24 dev second", "link set second up")
    _ip(client, f"addr add {SECOND_IPV4}/24 dev wlan0", "link set wlan0 up")
    if fate == "unroutable":
        _ip(client, f"rule add from {SECOND_IPV4} unreachable")
        return
    _ip(client, f"rule add from {SECOND_IPV4} table {_TABLE}", f"route add default via {_GATEWAY} table {_TABLE}")
    if fate != "pass":
        filter_udp(internet, "second", fate)


def filter_udp(internet: Namespace, device: str, fate: Literal["drop", "reject"]) -> None:
    """Lets no UDP through that comes in on `device`, from now on."""
    verdict = "drop" if fate == "drop" else "reject with icmp admin-prohibited"
    shell(internet.command("nft", "-f", "-"), _FILTER.format(device=device, verdict=verdict))


def without_default_route(world: World) -> None:
    """Leaves the client no way out that routing picks by itself; what is sent from the second link's address goes."""
    _ip(world.client, "route del default")


def further_addresses(world: World, count: int) -> None:
    """Gives the client so many addresses more, each a network of its own."""
    _ip(world.client, *(f"addr add 198.51.102.{number}/32 dev eth0" for number in range(1, count + 1)))
    _ip(world.internet, f"route add 198.51.102.0/24 dev {world.layout.clients[0].name}")


def neighbour_address(world: World) -> None:
    """Gives the client one address more in the network that it has."""
    _ip(world.client, "addr add 198.51.100.21/24 dev eth0")
    _ip(world.internet, f"route add 198.51.100.21/32 dev {world.layout.clients[0].name}")


def unique_local_address(world: World) -> None:
    """Gives the client an IPv6 address that is for its own site alone, as home routers do beside a global one."""
    _ip(world.client, "addr add fd00:20::20/64 dev eth0 nodad")


def _quiet(box: Namespace) -> None:
    shell(box.command("sh", "-e"), "echo 0 > /proc/sys/net/ipv4/conf/default/rp_filter\n")


def _ip(box: Namespace, *lines: str) -> None:
    shell(["ip", "-n", box.name, "-batch", "-"], "\n".join(lines) + "\n")
