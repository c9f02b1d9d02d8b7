"""UDP on loopback: true sources, ICMP errors beside the data, bounds."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable

import pytest

from natprobe.address import Address
from natprobe.events import Packet
from natprobe.net.clock import Clock
from natprobe.net.endpoint import Datagram
from natprobe.net.trouble import Reason, Trouble
from natprobe.net.udp import QUEUE_LIMIT, PullingUdpEndpoint, UdpEndpoint, open_udp, source_address_for
from tests.net.sayings import message, trouble

LOOPBACKS = pytest.mark.parametrize("host", ["127.0.0.1", "::1"])


@contextlib.asynccontextmanager
async def udp(clock: Clock, trace: Callable[[Packet], None], **where: Address) -> AsyncIterator[UdpEndpoint]:
    (address,) = where.values()
    endpoint = open_udp(clock, trace, family=address.family, **where)
    assert isinstance(endpoint, UdpEndpoint), endpoint
    try:
        yield endpoint
    finally:
        await endpoint.close()


def deaf_port(host: str) -> int:
    """A port where nothing listens: another protocol's socket would not keep others off, so it is bound and left."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((host, 0))
        return int(sock.getsockname()[1])


@LOOPBACKS
async def test_a_datagram_arrives_with_its_source_and_time(host: str, clock: Clock, packets: list[Packet]) -> None:
    async with (
        udp(clock, packets.append, local=Address(host, 0)) as server,
        udp(clock, packets.append, remote=server.local) as client,
    ):
        before = clock.now()
        client.send(b"hello")
        got = await message(server)
    assert (got.data, got.source) == (b"hello", client.local)
    assert before <= got.at <= clock.now()


@LOOPBACKS
async def test_the_local_address_is_the_one_that_packets_leave_from(
    host: str, clock: Clock, packets: list[Packet]
) -> None:
    async with udp(clock, packets.append, remote=Address(host, 9)) as client:
        assert client.local.host == host
        assert client.local.port > 0


async def test_every_message_is_told_to_the_trace(clock: Clock, packets: list[Packet]) -> None:
    async with (
        udp(clock, packets.append, local=Address("127.0.0.1", 0)) as server,
        udp(clock, packets.append, remote=server.local) as client,
    ):
        client.send(b"ping")
        await message(server)
        server.send(b"pong", client.local)
        await message(client)
    assert [(each.direction, each.local, each.remote, each.data) for each in packets] == [
        ("sent", client.local, server.local, b"ping"),
        ("received", server.local, client.local, b"ping"),
        ("sent", server.local, client.local, b"pong"),
        ("received", client.local, server.local, b"pong"),
    ]
    assert {each.transport for each in packets} == {"udp"}
    assert [each.at_ms for each in packets] == sorted(each.at_ms for each in packets)


@LOOPBACKS
async def test_a_datagram_from_a_stranger_is_delivered_with_its_true_source(
    host: str, clock: Clock, packets: list[Packet]
) -> None:
    async with (
        udp(clock, packets.append, remote=Address(host, 9)) as client,
        udp(clock, packets.append, local=Address(host, 0)) as stranger,
    ):
        stranger.send(b"boo", client.local)
        got = await message(client)
    assert got.source == stranger.local
    assert got.source != client.remote


@LOOPBACKS
async def test_a_closed_port_is_refused_and_named(host: str, clock: Clock, packets: list[Packet]) -> None:
    closed = Address(host, deaf_port(host))
    async with udp(clock, packets.append, remote=closed) as client:
        client.send(b"anybody?")
        told = await trouble(client)
    assert (told.reason, told.about, told.offender) == (Reason.REFUSED, closed, Address(host, 0))
    assert (told.icmp_type, told.icmp_code) == ((1, 4) if ":" in host else (3, 3))


@LOOPBACKS
async def test_an_icmp_error_hides_no_data(host: str, clock: Clock, packets: list[Packet]) -> None:
    closed = Address(host, deaf_port(host))
    async with (
        udp(clock, packets.append, local=Address(host, 0)) as server,
        udp(clock, packets.append, remote=server.local) as client,
    ):
        client.send(b"lost", closed)
        client.send(b"one")
        client.send(b"lost too", closed)
        client.send(b"two")
        assert [(await message(server)).data for _ in range(2)] == [b"one", b"two"]
        server.send(b"answer", client.local)
        arrivals = [await client.receive() for _ in range(3)]
    troubles = [each for each in arrivals if isinstance(each, Trouble)]
    answers = [each.data for each in arrivals if isinstance(each, Datagram)]
    assert [each.about for each in troubles] == [closed, closed]
    assert answers == [b"answer"]


async def test_a_message_that_no_datagram_holds_is_too_big_and_was_not_sent(
    clock: Clock, packets: list[Packet]
) -> None:
    async with udp(clock, packets.append, remote=Address("127.0.0.1", 9)) as client:
        client.send(bytes(70_000))
        assert (await trouble(client)).reason is Reason.TOO_BIG
    assert packets == []


async def test_what_nobody_reads_is_bounded_and_counted(clock: Clock, packets: list[Packet]) -> None:
    async with (
        udp(clock, packets.append, local=Address("127.0.0.1", 0)) as client,
        udp(clock, packets.append, remote=client.local) as flood,
    ):
        for number in range(QUEUE_LIMIT + 5):
            flood.send(number.to_bytes(2, "big"))
            await asyncio.sleep(0)
        received = 0
        while received + client.dropped < QUEUE_LIMIT + 5:
            received += isinstance(await client.receive(), Datagram)
            await asyncio.sleep(0)
    assert client.dropped >= 1
    assert received <= QUEUE_LIMIT + 4


async def test_a_cancelled_receive_loses_nothing(clock: Clock, packets: list[Packet]) -> None:
    async with udp(clock, packets.append, local=Address("127.0.0.1", 0)) as server:
        waiting = asyncio.ensure_future(server.receive())
        await asyncio.sleep(0)
        async with udp(clock, packets.append, remote=server.local) as client:
            client.send(b"kept")
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert (await message(server)).data == b"kept"


async def test_after_close_there_is_closed_for_ever(clock: Clock, packets: list[Packet]) -> None:
    async with udp(clock, packets.append, remote=Address("127.0.0.1", 9)) as client:
        await client.close()
        await client.close()
        client.send(b"nothing")
        assert {(await trouble(client)).reason for _ in range(3)} == {Reason.CLOSED}
    assert packets == []


async def test_close_wakes_the_reader(clock: Clock, packets: list[Packet]) -> None:
    async with udp(clock, packets.append, remote=Address("127.0.0.1", 9)) as client:
        waiting = asyncio.ensure_future(client.receive())
        await asyncio.sleep(0)
        await client.close()
        told = await waiting
    assert isinstance(told, Trouble)
    assert told.reason is Reason.CLOSED


@LOOPBACKS
async def test_the_time_to_live_can_be_set(host: str, clock: Clock, packets: list[Packet]) -> None:
    async with udp(clock, packets.append, remote=Address(host, 9)) as client:
        client.ttl = 3
        assert client.ttl == 3


async def test_a_source_that_is_not_ours_is_trouble(clock: Clock, packets: list[Packet]) -> None:
    told = open_udp(clock, packets.append, family=4, local=Address("192.0.2.77", 0))
    assert isinstance(told, Trouble)
    assert told.reason is Reason.NO_ROUTE
    assert "192.0.2.77" in told.detail


async def test_a_taken_port_is_local_trouble(clock: Clock, packets: list[Packet]) -> None:
    async with udp(clock, packets.append, local=Address("127.0.0.1", 0)) as server:
        told = open_udp(clock, packets.append, family=4, local=server.local)
    assert isinstance(told, Trouble)
    assert told.reason is Reason.LOCAL


async def test_without_a_destination_nothing_can_be_sent(clock: Clock, packets: list[Packet]) -> None:
    async with udp(clock, packets.append, local=Address("127.0.0.1", 0)) as server:
        with pytest.raises(ValueError, match="destination"):
            server.send(b"where to?")


async def test_a_destination_of_the_other_family_is_trouble(clock: Clock, packets: list[Packet]) -> None:
    async with udp(clock, packets.append, local=Address("127.0.0.1", 0)) as client:
        client.send(b"x", Address("::1", 9))
        assert (await trouble(client)).reason is Reason.LOCAL


@LOOPBACKS
def test_the_source_towards_loopback_is_loopback(host: str) -> None:
    assert source_address_for(Address(host, 9)) == Address(host, 0)


@LOOPBACKS
async def test_where_the_loop_cannot_watch_sockets_the_reader_reads(
    host: str, clock: Clock, packets: list[Packet], monkeypatch: pytest.MonkeyPatch
) -> None:
    def cannot(_endpoint: UdpEndpoint) -> None:
        raise NotImplementedError

    monkeypatch.setattr(UdpEndpoint, "watch", cannot)
    async with (
        udp(clock, packets.append, local=Address(host, 0)) as server,
        udp(clock, packets.append, remote=server.local) as client,
    ):
        assert isinstance(client, PullingUdpEndpoint)
        client.send(b"ping")
        assert (await message(server)).source == client.local
        server.send(b"pong", client.local)
        assert (await message(client)).data == b"pong"
        await client.close()
        assert (await trouble(client)).reason is Reason.CLOSED
