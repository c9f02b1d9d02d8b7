"""The lab is what it claims to be: proofs by packets, and by nothing of natprobe."""

import os
import sys
from typing import Any

import pytest

from tests.conftest import BuildWorld
from tests.lab import namespace
from tests.lab.ask import Transport, ask, is_silent
from tests.lab.certificates import Authority, Kind
from tests.lab.coturn import LONG_TERM, PASSWORD, USER, Coturn, cloud_addresses
from tests.lab.layout import (
    ALL_PORTS,
    INTERNET_IPV4,
    RELAY_PORTS,
    SERVER_IPV4,
    SERVER_IPV6,
    SERVER_PRIVATE_IPV4,
    SILENT_IPV4,
    UNREACHABLE_IPV4,
    Client,
    Closed,
    HomeNat,
    Layout,
    Server,
)
from tests.lab.link import Shape
from tests.lab.nameserver import Nameserver
from tests.lab.world import World

pytestmark = pytest.mark.lab

HOSTS = (SERVER_IPV4, SERVER_IPV6)
RELAY_CLOSED = ((3478, 3479), (5349, 5350))


def server_world(build_world: BuildWorld, **server: Any) -> World:
    """The default world with another server."""
    return build_world(Layout(server=Server(**server)))


def client_world(build_world: BuildWorld, **client: Any) -> World:
    """The default world with another client, and a coturn in it."""
    world = build_world(Layout(clients=(Client(**client),)))
    Coturn(world, *cloud_addresses(world))
    return world


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_coturn_answers_a_binding_request(world: World, transport: Transport, host: str) -> None:
    Coturn(world, *cloud_addresses(world))
    answer = ask(world.client, transport, host)
    assert answer.trouble is None
    assert answer.mapped == answer.local
    assert answer.mapped is not None
    assert answer.mapped[0] in {"198.51.100.20", "2001:db8:100::20"}


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("transport", ["tls", "dtls"])
def test_coturn_answers_within_tls_and_dtls(
    world: World, authority: Authority, transport: Transport, host: str
) -> None:
    Coturn(world, *cloud_addresses(world), *authority.issue().options)
    answer = ask(world.client, transport, host, 5349, ca=authority.root)
    assert answer.trouble is None
    assert answer.mapped == answer.local


@pytest.mark.parametrize("kind", ["expired", "not-yet-valid", "wrong-name", "leaf-only", "self-signed"])
def test_each_bad_certificate_is_refused(world: World, authority: Authority, kind: Kind) -> None:
    Coturn(world, *cloud_addresses(world), *authority.issue(kind).options)
    answer = ask(world.client, "tls", SERVER_IPV4, 5349, ca=authority.root)
    assert "CERTIFICATE_VERIFY_FAILED" in str(answer.trouble)


def test_the_one_to_one_nat_translates_both_ways(world: World) -> None:
    Coturn(world, f"listening-ip={SERVER_PRIVATE_IPV4}")
    Coturn(world, f"listening-ip={INTERNET_IPV4[0]}", where=world.internet)
    assert ask(world.client, "udp", SERVER_IPV4).mapped is not None
    outward = ask(world.server, "udp", INTERNET_IPV4[0], source_port=50000)
    assert outward.mapped == (SERVER_IPV4, 50000)
    assert is_silent(world.client, SERVER_PRIVATE_IPV4)


def test_a_server_without_nat_has_the_public_address_itself(build_world: BuildWorld) -> None:
    world = server_world(build_world, nat="none")
    Coturn(world, *cloud_addresses(world))
    Coturn(world, f"listening-ip={INTERNET_IPV4[0]}", where=world.internet)
    assert ask(world.client, "udp", SERVER_IPV4).mapped is not None
    assert ask(world.server, "udp", INTERNET_IPV4[0], source_port=50000).local == (SERVER_IPV4, 50000)


@pytest.mark.parametrize("host", HOSTS)
def test_a_closed_range_is_closed_to_strangers_and_open_to_the_established(build_world: BuildWorld, host: str) -> None:
    world = server_world(build_world, open_udp=RELAY_CLOSED)
    Coturn(world, *cloud_addresses(world), "listening-port=50000")
    Coturn(world, "listening-ip=192.0.2.34", "listening-ip=2001:db8:192::34", where=world.internet)
    assert is_silent(world.client, host, 50000)
    friend = "2001:db8:192::34" if ":" in host else "192.0.2.34"
    assert ask(world.server, "udp", friend, source_port=50009).mapped == (host, 50009)


@pytest.mark.parametrize("host", HOSTS)
def test_a_range_closed_both_ways_is_closed_to_the_established_too(build_world: BuildWorld, host: str) -> None:
    world = server_world(build_world, closed_both_ways=(RELAY_PORTS,))
    Coturn(world, "listening-ip=192.0.2.34", "listening-ip=2001:db8:192::34", where=world.internet)
    friend = "2001:db8:192::34" if ":" in host else "192.0.2.34"
    assert is_silent(world.server, friend, source_port=50001)
    assert ask(world.server, "udp", friend, source_port=40001).mapped == (host, 40001)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_rejecting_firewall_says_so(build_world: BuildWorld, transport: Transport) -> None:
    world = server_world(build_world, open_udp=(), open_tcp=(), unsolicited="reject")
    Coturn(world, *cloud_addresses(world))
    trouble = {"udp": "No route to host", "tcp": "ConnectionRefusedError"}
    assert trouble[transport] in str(ask(world.client, transport, SERVER_IPV4).trouble)


@pytest.mark.parametrize("host", HOSTS)
def test_random_egress_ports_hide_the_port_that_the_server_knows(build_world: BuildWorld, host: str) -> None:
    world = server_world(build_world, egress_ports="random")
    Coturn(world, "listening-ip=192.0.2.34", "listening-ip=2001:db8:192::34", where=world.internet)
    friend = "2001:db8:192::34" if ":" in host else "192.0.2.34"
    seen = [ask(world.server, "udp", friend, source_port=50000 + number).mapped for number in range(2)]
    assert {address for address, _ in filter(None, seen)} == {host}
    assert seen != [(host, 50000), (host, 50001)]


def test_a_home_nat_maps_and_keeps_strangers_out(build_world: BuildWorld) -> None:
    world = client_world(build_world, nat=HomeNat())
    answer = ask(world.client, "udp", SERVER_IPV4, source_port=50000)
    assert (answer.local, answer.mapped) == (("10.7.0.2", 50000), ("198.51.100.20", 50000))
    Coturn(world, "listening-ip=10.7.0.2", "listening-ip=2001:db8:107::2", where=world.client)
    assert is_silent(world.internet, "198.51.100.20")
    assert is_silent(world.internet, "2001:db8:107::2")


def test_a_home_nat_with_random_ports_maps_each_destination_anew(build_world: BuildWorld) -> None:
    world = client_world(build_world, nat=HomeNat(ports="random"))
    Coturn(world, *(f"listening-ip={host}" for host in INTERNET_IPV4), where=world.internet)
    seen = {ask(world.client, "udp", host, source_port=50000).mapped for host in (SERVER_IPV4, *INTERNET_IPV4)}
    assert len(seen) > 1


def test_udp_can_be_blocked_while_tcp_goes_through(build_world: BuildWorld) -> None:
    world = client_world(build_world, closed=Closed(udp=(ALL_PORTS,)))
    assert is_silent(world.client, SERVER_IPV4)
    assert is_silent(world.client, SERVER_IPV6)
    assert ask(world.client, "tcp", SERVER_IPV4).mapped is not None


def test_high_ports_can_be_closed_for_a_client(build_world: BuildWorld) -> None:
    world = client_world(build_world, closed=Closed(udp=(RELAY_PORTS,), verdict="reject"))
    assert "Errno" in str(ask(world.client, "udp", SERVER_IPV4, 50000).trouble)
    assert ask(world.client, "udp", SERVER_IPV4).mapped is not None


def test_a_host_firewall_lets_the_sender_know(build_world: BuildWorld) -> None:
    world = client_world(build_world, closed=Closed(udp=(ALL_PORTS,), where="host"))
    assert ask(world.client, "udp", SERVER_IPV4).trouble == "PermissionError: [Errno 1] Operation not permitted"


def test_a_firewall_before_the_client_keeps_strangers_out_without_translating(build_world: BuildWorld) -> None:
    world = client_world(build_world, unsolicited="drop")
    Coturn(world, "listening-ip=198.51.100.20", where=world.client)
    answer = ask(world.client, "udp", SERVER_IPV4)
    assert answer.mapped == answer.local
    assert is_silent(world.server, "198.51.100.20")


def test_dead_addresses_are_silent_or_unreachable(world: World) -> None:
    assert is_silent(world.client, SILENT_IPV4)
    assert "No route to host" in str(ask(world.client, "udp", UNREACHABLE_IPV4).trouble)


def test_a_docker_bridge_stands_beside_the_server_address(build_world: BuildWorld) -> None:
    world = server_world(build_world, docker0=True)
    coturn = Coturn(world, "external-ip=203.0.113.10")
    used = [line.rpartition(" ")[2] for line in coturn.log().splitlines() if "Relay address to use" in line]
    assert used == ["172.17.0.1", SERVER_PRIVATE_IPV4, SERVER_IPV6]
    assert ask(world.client, "udp", SERVER_IPV4).mapped is not None


@pytest.mark.parametrize("hairpin", [True, False])
def test_the_cloud_turns_packets_around_only_where_it_is_told(build_world: BuildWorld, hairpin: bool) -> None:  # noqa: FBT001
    world = server_world(build_world, hairpin=hairpin)
    Coturn(world, f"listening-ip={SERVER_PRIVATE_IPV4}")
    assert is_silent(world.server, SERVER_IPV4) is not hairpin


@pytest.mark.tun
def test_a_shaped_link_delays_each_way(build_world: BuildWorld) -> None:
    world = client_world(build_world, shape=Shape(delay_ms=40))
    rtt_ms = ask(world.client, "udp", SERVER_IPV4).rtt_ms
    assert rtt_ms is not None
    assert rtt_ms >= 80


@pytest.mark.tun
def test_a_shaped_link_can_lose_everything(build_world: BuildWorld) -> None:
    world = client_world(build_world, shape=Shape(loss=1.0))
    assert is_silent(world.client, SERVER_IPV4)


@pytest.mark.tun
def test_a_shaped_link_carries_ipv6_and_a_nat(build_world: BuildWorld) -> None:
    world = client_world(build_world, nat=HomeNat(), shape=Shape(delay_ms=5))
    assert ask(world.client, "tcp", SERVER_IPV6).mapped is not None
    assert ask(world.client, "udp", SERVER_IPV4, source_port=50000).mapped == ("198.51.100.20", 50000)


def test_two_clients_reach_each_other_and_the_server(build_world: BuildWorld) -> None:
    other = Client(name="other", ipv4="192.0.2.130/25", ipv6="2001:db8:101::20/64")
    world = build_world(Layout(clients=(Client(), other)))
    Coturn(world, "listening-ip=192.0.2.130", "listening-ip=2001:db8:101::20", where=world["other"])
    assert ask(world.client, "udp", "192.0.2.130").mapped is not None
    assert ask(world.client, "udp", "2001:db8:101::20").mapped is not None


def test_allocations_are_counted_and_released(world: World) -> None:
    coturn = Coturn(world, *cloud_addresses(world), *LONG_TERM)
    assert coturn.allocations() == 0
    # Over TCP: coturn releases what a closed connection leaves.
    call = ("turnutils_uclient", "-t", "-u", USER, "-w", PASSWORD, "-e", SERVER_IPV4, "-n", "1000", "-c", SERVER_IPV4)
    with world.client.start(*call):
        assert coturn.settles_at(1)
    assert coturn.settles_at(0)
    assert [line for lines in coturn.sessions().values() for line in lines if "ALLOCATE processed, success" in line]


def test_names_are_resolved_in_the_world(world: World) -> None:
    nameserver = Nameserver(world, failing=("broken",))
    assert _resolve(world, "turn.example.org", "A") == [SERVER_IPV4]
    assert _resolve(world, "turn.example.org", "AAAA") == [SERVER_IPV6]
    assert _resolve(world, "_turn._udp.example.org", "SRV") == ["0 0 3478 turn.example.org."]
    assert _resolve(world, "nobody.example.org", "A") == ["NXDOMAIN"]
    assert _resolve(world, "broken.example.org", "A") == ["NoNameservers"]
    assert "broken.example.org. A" in nameserver.queries()


def _resolve(world: World, name: str, kind: str) -> list[str]:
    """The records, or the name of dnspython's complaint."""
    program = (
        "import sys, dns.exception, dns.resolver\n"
        "try:\n    print(*dns.resolver.resolve(*sys.argv[1:]), sep='\\n')\n"
        "except dns.exception.DNSException as trouble:\n    print(type(trouble).__name__)\n"
    )
    return world.client.run(sys.executable, "-c", program, name, kind).stdout.splitlines()


def test_a_program_in_the_world_can_be_interrupted(world: World) -> None:
    with world.client.start("python3", "-c", "print('up', flush=True); import time; time.sleep(60)") as running:
        running.wait_for("up")
        running.interrupt()
        done = running.wait()
    assert "KeyboardInterrupt" in done.stderr


def test_nothing_is_left_of_a_world() -> None:
    before = namespace.owned_by(os.getpid())
    with World(Layout(clients=(Client(nat=HomeNat()),))) as world:
        running = world.keep(world.server.start("sleep", "60"))
        assert len(namespace.owned_by(os.getpid())) == len(before) + 5
    assert namespace.owned_by(os.getpid()) == before
    assert running.exit_code is not None
    assert not world.directory.exists()
