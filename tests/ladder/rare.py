"""Faults for which a world must be changed by hand: gateways that go odd ways, routes and records that mislead."""

import datetime as dt
import json
import time

import trustme

from tests.lab.certificates import NAME, Authority
from tests.lab.coturn import LONG_TERM, USER, Coturn, cloud_addresses
from tests.lab.layout import ALL_PORTS, SERVER_IPV4, SERVER_PRIVATE_IPV4, Client, Closed, Layout
from tests.lab.nameserver import Nameserver
from tests.lab.namespace import Namespace, shell
from tests.lab.nginx import Nginx
from tests.lab.world import World
from tests.ladder.case import OPTIONS, Case
from tests.ladder.paths import TLS, TRUST, UDP

OTHER_IPV4 = "203.0.113.20"
CGNAT_IPV4 = "100.64.7.7"
IPV6 = "2001:db8:203::10"
EVERY_CIPHER = "cipher-list=ALL:@SECLEVEL=0"
"""OpenSSL 3 speaks TLS 1.0 and 1.1 at security level 0 alone."""
OWN = (f"listening-ip={SERVER_PRIVATE_IPV4}", *LONG_TERM)

NEIGHBOUR_IPV4 = "192.0.2.130"
NEIGHBOUR = Client(name="neighbour", ipv4=f"{NEIGHBOUR_IPV4}/25", ipv6="2001:db8:101::20/64")


def filtered(box: Namespace, chain: str, rule: str) -> None:
    """Adds a netfilter rule, in a table of its own."""
    table = f"table inet odd {{\n chain c {{\n {chain};\n {rule}\n }}\n}}\n"
    shell(["nsenter", f"--net={box.path}", "nft", "-f", "-"], table)


def another_way_out(world: World) -> None:
    """What the server sends first leaves from another public address, as through a NAT gateway of its own."""
    rule = f'oifname "wan" ip saddr {SERVER_PRIVATE_IPV4} udp sport 49152-65535 snat ip to {OTHER_IPV4}'
    filtered(world.cloud, "type nat hook postrouting priority srcnat - 1", rule)


def no_way_out(world: World) -> None:
    """Relayed data gets into the cloud, and not out of it."""
    rule = 'iifname "lan" udp sport 49152-65535 drop'
    filtered(world.cloud, "type filter hook prerouting priority raw", rule)


def filter_by_address(world: World) -> None:
    """A firewall that lets a host in at a relay port once the relay has written to that host, whatever its port there.

    RFC 4787 section 5 calls it address-dependent filtering.
    """
    relay, opened = "49152-65535", "ip saddr . udp dport @opened"
    shell(
        ["nsenter", f"--net={world.cloud.path}", "nft", "-f", "-"],
        f"""table inet odd {{
  set opened {{ type ipv4_addr . inet_service; flags dynamic; }}
  chain c {{
    type filter hook forward priority filter - 1;
    iifname "lan" udp sport {relay} add @opened {{ ip daddr . udp sport }}
    iifname "wan" ip version 4 udp dport {relay} {opened} accept
    iifname "wan" ip version 4 udp dport {relay} drop
  }}
}}
""",
    )


def loopback_may_leave(world: World) -> None:
    """Packets from 127.0.0.1 leave the server, and are dropped on the way.

    Where Linux refuses them, coturn 4.6.1 forgets its relays one by one, sockets and all, at a moment of its own.
    """
    assert world.server.run("sysctl", "-qw", "net.ipv4.conf.all.route_localnet=1").exit_code == 0


def old_tls_in_front(world: World) -> None:
    """nginx ends TLS in front of coturn's TCP port, and speaks no version that is still in use."""
    certificate = Authority(world.directory).issue()
    Nginx(
        world,
        stream=f"""server {{
  listen {SERVER_PRIVATE_IPV4}:5349 ssl;
  <certificate>
  ssl_protocols TLSv1 TLSv1.1;
  ssl_ciphers ALL:@SECLEVEL=0;
  proxy_pass {SERVER_PRIVATE_IPV4}:3478;
}}""",
        certificate=certificate,
    )


def cgnat_address(world: World) -> None:
    """The server has an address of the range that carriers share (RFC 6598)."""
    assert world.server.run("ip", "addr", "add", f"{CGNAT_IPV4}/32", "dev", "eth0").exit_code == 0


def without_ipv6(world: World) -> None:
    """The client has no route for IPv6."""
    assert world.client.run("ip", "-6", "route", "del", "default").exit_code == 0


def dead_record(world: World) -> None:
    """SRV leads to a port at which nothing listens."""
    Nameserver(world, f"turn A {SERVER_IPV4}\n_turn._udp SRV 0 0 5350 turn\n")


def at_the_neighbour(world: World) -> Coturn:
    """A second coturn, on another host of the edge."""
    own = (f"listening-ip={NEIGHBOUR_IPV4}", f"relay-ip={NEIGHBOUR_IPV4}")
    return Coturn(world, *own, *LONG_TERM, where=world["neighbour"])


def about_to_expire(world: World) -> Coturn:
    """A coturn whose certificate ends in ten days."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(world.directory / "ca.pem")
    leaf = ca.issue_cert(NAME, not_after=dt.datetime.now(dt.UTC) + dt.timedelta(days=10))
    chain, key = world.new_file("chain.pem"), world.new_file("key.pem")
    leaf.private_key_pem.write_to_path(key)
    leaf.cert_chain_pems[0].write_to_path(chain)
    return Coturn(world, *cloud_addresses(world), *LONG_TERM, f"cert={chain}", f"pkey={key}")


def page_with_time_limited_user(world: World) -> None:
    """A page hands out time-limited credentials for a coturn that has static users."""
    server = {"urls": UDP, "username": f"{int(time.time()) + 86400}:{USER}", "credential": "A" * 27 + "="}
    (world.directory / "servers.json").write_text(json.dumps([server]))
    (world.directory / "page.toml").write_text('[[ice_servers]]\ntext = { file = "servers.json" }\n')


RARE = (
    Case(
        name="credentials-of-two-kinds",
        before=(page_with_time_limited_user,),
        target=UDP,
        arguments=("-d", "{world}/page.toml"),
        errors=frozenset({"turn-auth-mode-mismatch"}),
        culprit="expects another kind of credential",
    ),
    Case(
        name="egress-through-another-address",
        before=(another_way_out,),
        errors=frozenset({"turn-egress-nat-gateway"}),
        statuses={"turn.relay-in": "pass", "turn.relay-out": "fail", "turn.relay-loop": "pass"},
        culprit=OTHER_IPV4,
    ),
    Case(
        name="nothing-leaves-the-relay",
        before=(no_way_out,),
        errors=frozenset({"turn-one-way"}),
        statuses={"turn.relay-in": "pass", "turn.relay-out": "fail", "turn.relay-loop": "pass", "turn.channel": "pass"},
    ),
    Case(
        name="relay-range-opens-by-address",
        before=(filter_by_address,),
        errors=frozenset({"relay-port-range-blocked"}),
        statuses={"turn.relay-in": "fail", "turn.relay-out": "pass", "turn.relay-loop": "pass", "turn.channel": "pass"},
        culprit="is closed to the outside",
    ),
    Case(
        name="loopback-relayed-address",
        before=(loopback_may_leave,),
        coturn=(*OWN, "relay-ip=127.0.0.1"),
        errors=frozenset({"turn-relay-loopback", "turn-r2r-forbidden"}),
        statuses={"turn.allocate": "fail", "turn.relay-in": "fail", "turn.relay-loop": "fail", "turn.release": "pass"},
        culprit="is a loopback address",
    ),
    Case(
        name="nothing-newer-than-tls-1.1",
        prepare=(old_tls_in_front,),
        target=TLS,
        arguments=("-4", "--ca-file", "{world}/root.pem"),
        errors=frozenset({"tls-too-old-only"}),
        statuses={"turn.reach": "fail", "tls.certificate": "skip", "turn.allocate": "skip"},
        culprit="offers no TLS 1.2 or newer",
    ),
    Case(
        name="old-versions-still-on",
        certificate="good",
        coturn=(*OPTIONS, EVERY_CIPHER),
        target=TLS,
        arguments=TRUST,
        exit_code=0,
        warnings=frozenset({"tls-legacy-protocols"}),
        statuses={"tls.protocol": "warn", "turn.reach": "pass", "turn.relay-loop": "pass"},
        culprit="still accepts TLS 1.0, TLS 1.1",
    ),
    Case(
        name="old-versions-off",
        certificate="good",
        coturn=(*OPTIONS, EVERY_CIPHER, "no-tlsv1", "no-tlsv1_1"),
        target=TLS,
        arguments=TRUST,
        exit_code=0,
        statuses={"tls.protocol": "pass", "turn.relay-loop": "pass"},
    ),
    Case(
        name="old-versions-alone",
        certificate="good",
        coturn=(*OPTIONS, EVERY_CIPHER, "no-tlsv1_2"),
        target=TLS,
        arguments=TRUST,
        errors=frozenset({"tls-too-old-only"}),
        statuses={"turn.reach": "fail", "tls.certificate": "skip", "tls.protocol": "skip", "turn.allocate": "skip"},
        culprit="offers no TLS 1.2 or newer",
    ),
    Case(
        name="old-versions-alone-for-stun",
        certificate="good",
        coturn=(*OPTIONS, EVERY_CIPHER, "no-tlsv1_2"),
        target="stuns:turn.example.org",
        login=tuple,
        arguments=TRUST,
        errors=frozenset({"tls-too-old-only"}),
        statuses={"tls stun.binding": "fail", "dtls stun.binding": "fail", "tls.protocol": "skip"},
    ),
    Case(
        name="old-versions-still-on-for-stun",
        certificate="good",
        coturn=(*OPTIONS, EVERY_CIPHER),
        target="stuns:turn.example.org",
        login=tuple,
        arguments=TRUST,
        exit_code=0,
        warnings=frozenset({"tls-legacy-protocols"}),
        statuses={"stun.binding": "pass", "tls.protocol": "warn"},
    ),
    Case(
        name="nothing-newer-than-tls-1.1-for-stun",
        prepare=(old_tls_in_front,),
        target="stuns:turn.example.org",
        login=tuple,
        arguments=("-4", "--ca-file", "{world}/root.pem"),
        errors=frozenset({"tls-too-old-only", "udp-port-refused"}),
        statuses={"tls stun.binding": "fail", "dtls stun.binding": "fail"},
    ),
    Case(
        name="cgnat-relayed-address",
        before=(cgnat_address,),
        coturn=(*OWN, f"relay-ip={CGNAT_IPV4}"),
        errors=frozenset({"turn-relay-cgnat"}),
        infos=frozenset({"relay-unreachable-from-here"}),
        statuses={"turn.allocate": "fail", "turn.relay-loop": "pass"},
        culprit=CGNAT_IPV4,
    ),
    Case(
        name="no-route-for-the-only-family",
        before=(without_ipv6,),
        target=f"turn:[{IPV6}]",
        exit_code=4,
        infos=frozenset({"no-route"}),
        statuses={"turn.reach": "skip", "turn.allocate": "skip"},
    ),
    Case(
        name="no-route-for-one-family",
        before=(without_ipv6,),
        target="turn:turn.example.org?transport=udp",
        exit_code=0,
        infos=frozenset({"no-route"}),
        statuses={f"{IPV6} turn.reach": "skip", f"{SERVER_IPV4} turn.relay-loop": "pass"},
    ),
    Case(
        name="client-without-udp-at-two-servers",
        layout=Layout(clients=(Client(closed=Closed(udp=(ALL_PORTS,))), NEIGHBOUR)),
        prepare=(at_the_neighbour,),
        target=f"turn:{SERVER_IPV4} turn:{NEIGHBOUR_IPV4}",
        exit_code=4,
        warnings=frozenset({"udp-blocked-client"}),
        infos=frozenset({"relay-unreachable-from-here"}),
        statuses={"udp turn.reach": "warn", "tcp turn.relay-loop": "pass", "tcp turn.relay-in": "inconclusive"},
    ),
    Case(
        name="records-lead-to-a-dead-port",
        before=(dead_record,),
        target="turn:example.org?transport=udp",
        errors=frozenset({"udp-port-refused"}),
        infos=frozenset({"dns-srv-mismatch"}),
        statuses={"dns.resolve": "pass", "turn.reach": "fail"},
    ),
    Case(
        name="certificate-about-to-expire",
        coturn=None,
        prepare=(about_to_expire,),
        target=TLS,
        arguments=("-4", "--ca-file", "{world}/ca.pem"),
        exit_code=0,
        warnings=frozenset({"tls-expiring"}),
        statuses={"tls.certificate": "warn", "turn.allocate": "pass", "turn.relay-loop": "pass"},
    ),
    Case(
        name="no-cipher-in-common",
        coturn=(*OPTIONS, "cipher-list=ECDHE-RSA-AES128-GCM-SHA256"),
        certificate="good",
        target=TLS,
        arguments=TRUST,
        errors=frozenset({"tls-handshake-failed"}),
        statuses={"turn.reach": "fail", "tls.certificate": "skip", "turn.allocate": "skip"},
    ),
    Case(
        name="odd-user-name",
        login=lambda: ("-u", f"{USER}\N{SNOWMAN}", "-p", "whatever"),
        errors=frozenset({"turn-auth-401-bad-credentials"}),
        statuses={"turn.allocate": "fail"},
    ),
)
