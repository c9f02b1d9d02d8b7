"""A layout's filters and translators as nftables rule sets: pure text, one function a box."""

from collections.abc import Iterable, Iterator

from tests.lab.layout import (
    CONTAINER_IPV4,
    SERVER_IPV4,
    SERVER_IPV6,
    SERVER_PRIVATE_IPV4,
    Client,
    Container,
    HomeNat,
    Ports,
    Server,
    Verdict,
)

_REJECT = {"udp": "reject with icmpx type admin-prohibited", "tcp": "reject with tcp reset"}
_HIGH_PORTS = "1024-65535"


def client_rules(client: Client) -> str:
    """The firewall on the client itself."""
    if client.closed.where == "path":
        return ""
    return _table("host", _chain("out", "output", "filter", _closed(client)))


def home_rules(client: Client, nat: HomeNat) -> str:
    """A NAT that translates IPv4 and lets nothing unasked in, for IPv6 neither."""
    masquerade = "masquerade random,fully-random" if nat.ports == "random" else "masquerade"
    guarded = ("ct state established,related accept", 'iifname "wan" meta nfproto ipv4 drop')
    forward = _chain("through", "forward", "filter", (*guarded, 'iifname "wan" drop'))
    # ICMPv6 keeps neighbour discovery alive on the NAT's own addresses.
    inward = _chain("inp", "input", "filter", guarded)
    return _table("home", forward, inward) + _table(
        "home_nat", _chain("post", "postrouting", "srcnat", (f'oifname "wan" meta nfproto ipv4 {masquerade}',))
    )


def internet_rules(clients: Iterable[Client]) -> str:
    """What routers on the way do to each client's traffic."""
    return _table("path", _chain("through", "forward", "filter", [rule for each in clients for rule in _path(each)]))


def _path(client: Client) -> Iterator[str]:
    yield from (
        f'iifname "{client.name}" {rule}' for rule in (_closed(client) if client.closed.where == "path" else ())
    )
    if client.unsolicited == "drop":
        yield f'oifname "{client.name}" ct state new,untracked,invalid drop'


def _closed(client: Client) -> list[str]:
    towards = (("udp", client.closed.udp), ("tcp", client.closed.tcp))
    return [
        f"{protocol} dport {_set(ports)} {_verdict(client.closed.verdict, protocol)}"
        for protocol, ports in towards
        if ports
    ]


def cloud_rules(server: Server) -> str:
    """The gateway: stateful firewall, stateless filter, 1:1 NAT."""
    stateful = _table("cloud", _chain("through", "forward", "filter", _stateful(server)))
    stateless = _table("stateless", _chain("pre", "prerouting", "raw", _stateless(server)))
    return stateful + stateless + _translation(server)


def _stateful(server: Server) -> Iterator[str]:
    # One gate for both address families: behind the 1:1 NAT the destination is the private address by now.
    yield "ct state established,related accept"
    yield 'iifname "lan" accept'
    yield "meta l4proto { icmp, ipv6-icmp } accept"
    if server.open_udp:
        yield f"udp dport {_set(server.open_udp)} accept"
    if server.open_tcp:
        yield f"tcp dport {_set(server.open_tcp)} accept"
    yield f"meta l4proto udp {_verdict(server.unsolicited, 'udp')}"
    yield f"meta l4proto tcp {_verdict(server.unsolicited, 'tcp')}"
    yield "drop"


def _stateless(server: Server) -> Iterator[str]:
    if server.closed_both_ways:
        yield f'iifname "wan" udp dport {_set(server.closed_both_ways)} drop'
        yield f'iifname "lan" udp sport {_set(server.closed_both_ways)} drop'


def _translation(server: Server) -> str:
    own = SERVER_IPV4 if server.nat == "none" else SERVER_PRIVATE_IPV4
    if server.nat == "none" and server.egress_ports == "kept":
        return ""
    source = [f"ip saddr {own} snat ip to {SERVER_IPV4}"]
    if server.egress_ports == "random":
        pairs = (("ip", own, f"{SERVER_IPV4}"), ("ip6", SERVER_IPV6, f"[{SERVER_IPV6}]"))
        source[:0] = [
            f"{ip} saddr {was} meta l4proto udp snat {ip} to {now}:{_HIGH_PORTS} random,fully-random"
            for ip, was, now in pairs
        ]
    inside = 'oifname "lan" ip saddr 172.31.0.0/16 masquerade' if server.hairpin else ""
    return _table(
        "cloud_nat",
        _chain("pre", "prerouting", "dstnat", _destination(server)),
        _chain("post", "postrouting", "srcnat", [*(f'oifname "wan" {rule}' for rule in source), inside]),
    )


def _destination(server: Server) -> Iterator[str]:
    if server.nat == "one-to-one":
        where = "" if server.hairpin else 'iifname "wan" '
        yield f"{where}ip daddr {SERVER_IPV4} dnat ip to {SERVER_PRIVATE_IPV4}"


def docker_rules(container: Container) -> str:
    """What docker does on its host for a container on the bridge: publishing, and masquerading."""
    published = (("udp", container.published_udp), ("tcp", container.published_tcp))
    inward = [
        f"fib daddr type local {protocol} dport {_set(ports)} dnat ip to {CONTAINER_IPV4}"
        for protocol, ports in published
        if ports
    ]
    outward = f'ip saddr {CONTAINER_IPV4} oifname != "docker0" masquerade'
    return _table(
        "docker",
        _chain("pre", "prerouting", "dstnat", [f"meta nfproto ipv4 {rule}" for rule in inward]),
        _chain("post", "postrouting", "srcnat", [outward]),
    )


def _verdict(verdict: Verdict, protocol: str) -> str:
    return _REJECT[protocol] if verdict == "reject" else "drop"


def _set(ranges: Iterable[Ports]) -> str:
    return "{ " + ", ".join(f"{first}-{last}" for first, last in ranges) + " }"


def _chain(name: str, hook: str, priority: str, rules: Iterable[str]) -> str:
    kind = "nat" if priority.endswith("nat") else "filter"
    lines = "\n".join(f"    {rule}" for rule in rules)
    return f"  chain {name} {{\n    type {kind} hook {hook} priority {priority};\n{lines}\n  }}\n"


def _table(name: str, *chains: str) -> str:
    return f"table inet {name} {{\n{''.join(chains)}}}\n"
