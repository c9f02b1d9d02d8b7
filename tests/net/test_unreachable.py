"""Refused, unreachable, silent, forbidden, without route: told apart, for UDP and TCP, IPv4 and IPv6."""

import asyncio
import gc

import pytest

from natprobe.address import Address
from natprobe.events import Packet
from natprobe.net.clock import Clock
from natprobe.net.dtls import open_dtls
from natprobe.net.handshake import Roots
from natprobe.net.tcp import open_tcp
from natprobe.net.tls import open_tls
from natprobe.net.trouble import Reason, Trouble
from natprobe.net.udp import UdpEndpoint, open_udp, source_address_for
from tests.net import wild
from tests.net.sayings import trouble
from tests.net.wild import Wild

pytestmark = pytest.mark.usefixtures("in_the_wild")

TOLD_BY_THE_ROUTER = pytest.mark.parametrize(
    ("host", "router", "icmp"),
    [
        (wild.UNREACHABLE_4, wild.ROUTER_4, (3, 1)),
        (wild.PROHIBITED_4, wild.ROUTER_4, (3, 13)),
        (wild.UNREACHABLE_6, wild.ROUTER_6, (1, 3)),
        (wild.PROHIBITED_6, wild.ROUTER_6, (1, 1)),
    ],
)
SILENT = pytest.mark.parametrize("host", [wild.SILENT_4, wild.SILENT_6])
NOWHERE = pytest.mark.parametrize("host", [wild.NOWHERE_4, wild.NOWHERE_6])
FORBIDDEN = pytest.mark.parametrize("host", [wild.FORBIDDEN_4, wild.FORBIDDEN_6])
ROUTERS = pytest.mark.parametrize("host", [wild.ROUTER_4, wild.ROUTER_6])


def udp_to(remote: Address, clock: Clock, packets: list[Packet]) -> UdpEndpoint:
    endpoint = open_udp(clock, packets.append, family=remote.family, remote=remote)
    assert isinstance(endpoint, UdpEndpoint), endpoint
    return endpoint


@TOLD_BY_THE_ROUTER
async def test_udp_names_the_router_that_does_not_deliver(
    host: str, router: str, icmp: tuple[int, int], clock: Clock, packets: list[Packet]
) -> None:
    remote = Address(host, 3478)
    endpoint = udp_to(remote, clock, packets)
    endpoint.send(b"anybody?")
    told = await trouble(endpoint)
    await endpoint.close()
    assert (told.reason, told.about) == (Reason.UNREACHABLE, remote)
    assert (told.icmp_type, told.icmp_code) == icmp
    assert told.offender == Address(router, 0)


@TOLD_BY_THE_ROUTER
async def test_tcp_names_the_router_that_does_not_deliver(
    host: str, router: str, icmp: tuple[int, int], clock: Clock, packets: list[Packet]
) -> None:
    told = await open_tcp(Address(host, 3478), clock, packets.append, timeout_s=5)
    assert isinstance(told, Trouble)
    assert told.reason is Reason.UNREACHABLE
    assert (told.icmp_type, told.icmp_code) == icmp
    assert told.offender == Address(router, 0)


@ROUTERS
async def test_refused_by_a_host_over_udp_and_tcp(host: str, clock: Clock, packets: list[Packet]) -> None:
    remote = Address(host, 3478)
    endpoint = udp_to(remote, clock, packets)
    endpoint.send(b"anybody?")
    over_udp = await trouble(endpoint)
    await endpoint.close()
    over_tcp = await open_tcp(remote, clock, packets.append, timeout_s=5)
    assert (over_udp.reason, over_udp.offender) == (Reason.REFUSED, Address(host, 0))
    assert isinstance(over_tcp, Trouble)
    assert over_tcp.reason is Reason.REFUSED


@SILENT
async def test_tcp_that_nobody_answers_is_silent(host: str, clock: Clock, packets: list[Packet]) -> None:
    told = await open_tcp(Address(host, 3478), clock, packets.append, timeout_s=0.2)
    assert isinstance(told, Trouble)
    assert told.reason is Reason.SILENT
    assert told.detail == f"{Address(host, 3478)} did not answer within 0.2 s"


@SILENT
async def test_a_cancelled_connection_attempt_leaves_no_socket(host: str, clock: Clock, packets: list[Packet]) -> None:
    dialling = asyncio.ensure_future(open_tcp(Address(host, 3478), clock, packets.append, timeout_s=30))
    await asyncio.sleep(0)
    dialling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dialling
    gc.collect()  # a socket that was left would warn now, and a warning is an error


@SILENT
async def test_udp_that_nobody_answers_says_nothing(host: str, clock: Clock, packets: list[Packet]) -> None:
    endpoint = udp_to(Address(host, 3478), clock, packets)
    endpoint.send(b"anybody?")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(endpoint.receive(), 0.2)
    await endpoint.close()
    assert [each.data for each in packets] == [b"anybody?"]


@NOWHERE
async def test_without_a_route_nothing_is_sent(host: str, clock: Clock, packets: list[Packet]) -> None:
    remote = Address(host, 3478)
    over_udp = open_udp(clock, packets.append, family=remote.family, remote=remote)
    over_tcp = await open_tcp(remote, clock, packets.append, timeout_s=5)
    assert isinstance(over_udp, Trouble)
    assert isinstance(over_tcp, Trouble)
    assert (over_udp.reason, over_tcp.reason) == (Reason.NO_ROUTE, Reason.NO_ROUTE)
    assert source_address_for(remote) is None
    assert packets == []


@FORBIDDEN
async def test_this_hosts_own_firewall_is_told_from_the_networks(
    host: str, clock: Clock, packets: list[Packet]
) -> None:
    endpoint = udp_to(Address(host, 3478), clock, packets)
    endpoint.send(b"anybody?")
    told = await trouble(endpoint)
    await endpoint.close()
    assert (told.reason, told.about) == (Reason.NOT_PERMITTED, Address(host, 3478))
    assert packets == []


async def test_a_time_to_live_that_runs_out_names_the_router(clock: Clock, packets: list[Packet]) -> None:
    endpoint = udp_to(Address(wild.LOOPING_4, 3478), clock, packets)
    endpoint.ttl = 1
    endpoint.send(b"how far?")
    told = await trouble(endpoint)
    await endpoint.close()
    assert (told.icmp_type, told.icmp_code, told.offender) == (11, 0, Address(wild.ROUTER_4, 0))


@pytest.mark.parametrize(("family", "host"), [(4, wild.HOST_4), (6, wild.HOST_6)])
def test_the_source_is_the_one_that_routing_picks(family: int, host: str) -> None:
    towards = wild.SILENT_4 if family == 4 else wild.SILENT_6
    assert source_address_for(Address(towards, 9)) == Address(host, 0)


@TOLD_BY_THE_ROUTER
async def test_dtls_ends_with_the_icmp_error(
    host: str, router: str, icmp: tuple[int, int], clock: Clock, packets: list[Packet]
) -> None:
    remote = Address(host, 5349)
    told = await open_dtls(remote, clock, packets.append, server_name="turn.example.org", roots=Roots(), timeout_s=30)
    assert isinstance(told, Trouble)
    assert (told.reason, told.icmp_type, told.icmp_code) == (Reason.UNREACHABLE, *icmp)
    assert told.offender == Address(router, 0)


@SILENT
async def test_dtls_and_tls_that_nobody_answers_are_silent(host: str, clock: Clock, packets: list[Packet]) -> None:
    remote = Address(host, 5349)
    told = [
        await opened(remote, clock, packets.append, server_name="turn.example.org", roots=Roots(), timeout_s=0.3)
        for opened in (open_dtls, open_tls)
    ]
    assert [each.reason for each in told if isinstance(each, Trouble)] == [Reason.SILENT, Reason.SILENT]
    flights = told[0].sends if isinstance(told[0], Trouble) else None
    assert flights is not None
    assert flights > 1, "the DTLS flight goes out again after a tenth of a second"


async def test_a_neighbour_that_is_not_there_is_told_by_this_host_itself(
    in_the_wild: Wild, clock: Clock, packets: list[Packet]
) -> None:
    told = await open_tcp(Address(wild.ABSENT_NEIGHBOUR, 3478), clock, packets.append, timeout_s=30)
    assert isinstance(told, Trouble)
    assert told.reason is Reason.UNREACHABLE
    assert told.offender == Address(wild.HOST_4, 0)
