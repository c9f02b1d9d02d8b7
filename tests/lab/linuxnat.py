"""Routers that Linux itself plays: nftables rule sets and the boxes between a client and the internet. Pure.

client ── home ── isp ── internet          IPv4 10.8.0.2, behind 198.51.100.130, or 100.64.0.2 behind 198.51.100.190
"""

from collections.abc import Iterable, Iterator
from typing import Literal

from tests.lab.layout import Layer, Ports
from tests.lab.wiring import INTERNET, Box, Cable, Wiring

Translation = Literal["none", "masquerade", "random", "static", "one-to-one"]
"""Random is fully-random; static is masquerade with UDP from outside sent on to the client, as a "DMZ host" gets it."""

HOME_IPV4, HOME_IPV6 = "198.51.100.130", "2001:db8:208:1::2"
CARRIER_IPV4 = "198.51.100.190"
_PRIVATE, _PUBLIC, _CLIENT_IPV6 = "10.8.0.2", "198.51.100.146", "2001:db8:108::2"
CLIENT, HOME, ISP = "linux", "linux-home", "linux-isp"


class LinuxRouter(Layer, frozen=True):
    """What the home router does to one address family."""

    translation: Translation = "masquerade"
    filtering: Literal["open", "address-dependent", "stateful"] = "stateful"
    udp: Literal["open", "dropped", "rejected"] = "open"
    tcp_ports: tuple[Ports, ...] | None = None


class LinuxPath(Layer, frozen=True):
    """The whole way out."""

    ipv4: LinuxRouter = LinuxRouter()
    ipv6: LinuxRouter = LinuxRouter(translation="none")
    carrier: Literal["none", "masquerade", "random"] = "none"
    """A second NAT for IPv4, the provider's; the home router then has an address of RFC 6598."""
    unsolicited: Literal["drop", "accept"] = "drop"
    """The router's own INPUT chain: where it accepts, the kernel answers with ICMP, and conntrack remembers."""
    udp_loss_percent: int = 0
    """How many UDP packets of a hundred get lost in the provider's network, each way."""


def client_address(path: LinuxPath) -> str:
    """The client's own IPv4 address."""
    return _PUBLIC if path.ipv4.translation == "none" else _PRIVATE


def wire_linux(path: LinuxPath, uplink: str) -> Wiring:
    """The boxes and cables from the client to the internet, whose device for it is called `uplink`."""
    cables = (
        Cable(near=(CLIENT, "eth0"), far=(HOME, "lan")),
        Cable(near=(HOME, "wan"), far=(ISP, "customer")),
        Cable(near=(ISP, "uplink"), far=(INTERNET, uplink)),
    )
    boxes = {CLIENT: _client(path), HOME: _home(path), ISP: _isp(path), INTERNET: _internet(uplink)}
    return Wiring(boxes=boxes, cables=cables)


def _client(path: LinuxPath) -> Box:
    box = Box()
    own = client_address(path)
    box.device("eth0", f"{own}/28", f"{_CLIENT_IPV6}/64")
    box.route("default", f"via {_before(own)}")
    box.route("default", "via 2001:db8:108::1")
    return box


def _home(path: LinuxPath) -> Box:
    box = Box(nft=home_rules(path))
    box.forwards()
    wan, gateway = ("100.64.0.2", "100.64.0.1") if path.carrier != "none" else (HOME_IPV4, "198.51.100.129")
    box.device("lan", f"{_before(client_address(path))}/28", "2001:db8:108::1/64")
    box.device("wan", f"{wan}/30", f"{HOME_IPV6}/64")
    box.route("default", f"via {gateway}")
    box.route("default", "via 2001:db8:208:1::1")
    return box


def _isp(path: LinuxPath) -> Box:
    box = Box(nft=_isp_rules(path))
    box.forwards()
    wan, gateway = ("100.64.0.2", "100.64.0.1") if path.carrier != "none" else (HOME_IPV4, "198.51.100.129")
    box.device("customer", f"{gateway}/30", "2001:db8:208:1::1/64")
    box.device("uplink", "192.0.2.66/30", "2001:db8:208:2::2/64", f"{CARRIER_IPV4}/32")
    box.route("198.51.100.144/28", f"via {wan}")
    box.route("2001:db8:108::/64", f"via {HOME_IPV6}")
    box.route("default", "via 192.0.2.65")
    box.route("default", "via 2001:db8:208:2::1")
    return box


def _internet(uplink: str) -> Box:
    box = Box()
    box.device(uplink, "192.0.2.65/30", "2001:db8:208:2::1/64")
    box.route("198.51.100.128/25", "via 192.0.2.66")
    box.route("2001:db8:108::/64", "via 2001:db8:208:2::2")
    box.route("2001:db8:208:1::/64", "via 2001:db8:208:2::2")
    return box


def _before(host: str) -> str:
    head, _, last = host.rpartition(".")
    return f"{head}.{int(last) - 1}"


def home_rules(path: LinuxPath) -> str:
    """The home router's rule set."""
    families = (("ipv4", "ip", path.ipv4), ("ipv6", "ip6", path.ipv6))
    forward = [rule for family, ip, router in families for rule in _filter(family, ip, router)]
    inward = ['iifname "wan" ct state established,related accept', 'iifname "wan" meta l4proto udp drop']
    return _table(
        "home",
        *(_set(ip, family) for family, ip, _ in families),
        _chain("through", "filter", "forward", "filter", forward),
        _chain("inp", "filter", "input", "filter", inward if path.unsolicited == "drop" else ()),
        _chain("pre", "nat", "prerouting", "dstnat", _destination(path.ipv4)),
        _chain("post", "nat", "postrouting", "srcnat", _source(path.ipv4)),
    )


def _filter(family: str, ip: str, router: LinuxRouter) -> Iterator[str]:
    only = f"meta nfproto {family}"
    if router.udp != "open":
        verdict = "drop" if router.udp == "dropped" else "reject with icmpx type admin-prohibited"
        yield f'iifname "lan" {only} meta l4proto udp {verdict}'
    if router.tcp_ports is not None:
        ranges = ", ".join(f"{first}-{last}" for first, last in router.tcp_ports)
        yield f'iifname "lan" {only} tcp dport != {{ {ranges} }} drop'
    if router.filtering == "open":
        return
    if router.filtering == "address-dependent":
        # Who was written to, and from which port: the filter belongs to one internal endpoint (RFC 4787 section 5).
        yield f'iifname "lan" {only} meta l4proto udp update @seen_{ip} {{ {ip} daddr . udp sport }}'
        yield f'iifname "wan" {only} {ip} saddr . udp dport @seen_{ip} accept'
    yield f'iifname "wan" {only} ct state established,related accept'
    yield f'iifname "wan" {only} meta l4proto {{ tcp, udp }} drop'


def _destination(router: LinuxRouter) -> Iterator[str]:
    if router.translation == "static":
        yield f'iifname "wan" ip daddr {HOME_IPV4} udp dport 1024-65535 dnat ip to {_PRIVATE}'
    if router.translation == "one-to-one":
        yield f'iifname "wan" ip daddr {HOME_IPV4} dnat ip to {_PRIVATE}'


def _source(router: LinuxRouter) -> Iterator[str]:
    match router.translation:
        case "masquerade" | "static":
            yield 'oifname "wan" meta nfproto ipv4 masquerade'
        case "random":
            yield 'oifname "wan" meta nfproto ipv4 masquerade random,fully-random'
        case "one-to-one":
            yield f'oifname "wan" ip saddr {_PRIVATE} snat ip to {HOME_IPV4}'


def _isp_rules(path: LinuxPath) -> str:
    return _carrier(path) + _loss(path.udp_loss_percent)


def _loss(percent: int) -> str:
    rule = f"meta l4proto udp numgen random mod 100 < {percent} drop"
    return _table("loss", _chain("through", "filter", "forward", "filter", (rule,))) if percent else ""


def _carrier(path: LinuxPath) -> str:
    if path.carrier == "none":
        return ""
    how = ":1024-65535 random,fully-random" if path.carrier == "random" else ""
    rule = f'oifname "uplink" ip saddr 100.64.0.0/10 meta l4proto {{ tcp, udp }} snat ip to {CARRIER_IPV4}{how}'
    guarded = (
        'iifname "uplink" ct state established,related accept',
        'iifname "uplink" meta l4proto { tcp, udp } drop',
    )
    return _table(
        "carrier",
        _chain("post", "nat", "postrouting", "srcnat", (rule,)),
        _chain("inp", "filter", "input", "filter", guarded),
    )


def _set(ip: str, family: str) -> str:
    return f"  set seen_{ip} {{ type {family}_addr . inet_service; flags dynamic,timeout; timeout 5m; size 4096; }}\n"


def _chain(name: str, kind: str, hook: str, priority: str, rules: Iterable[str]) -> str:
    lines = "".join(f"    {rule}\n" for rule in rules)
    return f"  chain {name} {{\n    type {kind} hook {hook} priority {priority};\n{lines}  }}\n"


def _table(name: str, *parts: str) -> str:
    return f"table inet {name} {{\n{''.join(parts)}}}\n"
