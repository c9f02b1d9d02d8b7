"""A connected socket is told of a closed UDP port by every system: answered, refused and silent are three answers."""

import asyncio
import socket
from collections.abc import Iterator

import pytest

from natprobe.address import Address
from natprobe.events import Packet
from natprobe.net.clock import Clock
from natprobe.net.endpoint import Datagram
from natprobe.net.refusal import ask_connected
from natprobe.net.trouble import Reason, Trouble

SENDS_S, GIVE_UP_S = (0.0, 0.05), 0.2
HOSTS = ("127.0.0.1", "::1")


@pytest.fixture(params=HOSTS)
def listener(request: pytest.FixtureRequest) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET6 if ":" in request.param else socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((request.param, 0))
        sock.settimeout(0)
        yield sock


def address_of(sock: socket.socket) -> Address:
    return Address(*sock.getsockname()[:2])


async def ask(remote: Address, clock: Clock, packets: list[Packet]) -> Datagram | Trouble:
    return await ask_connected(remote, b"hello", clock, packets.append, sends_s=SENDS_S, give_up_s=GIVE_UP_S)


async def test_an_answer_comes_back(listener: socket.socket, clock: Clock, packets: list[Packet]) -> None:
    async def answer() -> None:
        data, source = await asyncio.get_running_loop().sock_recvfrom(listener, 100)
        listener.sendto(data + b" too", source)

    answering = asyncio.create_task(answer())
    said = await ask(address_of(listener), clock, packets)
    await answering
    assert isinstance(said, Datagram)
    assert (said.data, said.source) == (b"hello too", address_of(listener))
    assert [packet.direction for packet in packets] == ["sent", "received"]


async def test_a_closed_port_refuses(listener: socket.socket, clock: Clock, packets: list[Packet]) -> None:
    remote = address_of(listener)
    listener.close()
    said = await ask(remote, clock, packets)
    assert isinstance(said, Trouble)
    assert (said.reason, said.about) == (Reason.REFUSED, remote)
    assert [packet.direction for packet in packets] == ["sent"]


async def test_a_silent_port_is_asked_again_and_given_up(
    listener: socket.socket, clock: Clock, packets: list[Packet]
) -> None:
    said = await ask(address_of(listener), clock, packets)
    assert isinstance(said, Trouble)
    assert (said.reason, said.sends) == (Reason.SILENT, len(SENDS_S))
    assert [packet.data for packet in packets] == [b"hello"] * len(SENDS_S)


async def test_no_route_is_told(clock: Clock, packets: list[Packet]) -> None:
    said = await ask(Address("ff02::1", 9), clock, packets)  # multicast without a zone leads nowhere
    assert isinstance(said, Trouble)
    assert said.reason in {Reason.NO_ROUTE, Reason.LOCAL}
    assert packets == []
