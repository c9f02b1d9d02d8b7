"""A server that never stops sending takes neither the time of others nor the memory of a trace."""

import asyncio

from natprobe.address import Address
from natprobe.client.stun import StunClient
from natprobe.events import Packet, TransportName
from natprobe.net.clock import Clock
from natprobe.net.endpoint import Datagram
from natprobe.net.telling import MOST_BYTES, MOST_MESSAGES, Teller
from natprobe.net.trouble import Reason, Trouble

HERE, THERE = Address("192.0.2.1", 40000), Address("192.0.2.2", 3478)


class Flooded:
    """An endpoint at which the next message is always there already."""

    transport: TransportName = "tcp"
    local, remote = HERE, THERE

    def __init__(self, messages: int) -> None:
        self._left = messages

    def send(self, data: bytes, to: Address | None = None) -> None:  # noqa: ARG002
        raise AssertionError("nothing is asked")

    async def receive(self) -> Datagram | Trouble:
        self._left -= 1
        if self._left < 0:
            return Trouble(reason=Reason.CLOSED, detail="the end", at_ms=0.0, about=THERE)
        return Datagram(b"\x01\x01" + bytes(18), THERE, 0.0)

    async def close(self) -> None:
        raise AssertionError("it is not ours")


async def test_a_flood_leaves_the_loop_its_turns() -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(other())
    await StunClient(Flooded(6400), Clock()).pump()
    beside.cancel()
    assert turns >= 100


def test_of_a_flood_the_trace_hears_the_beginning_and_all_that_is_sent() -> None:
    packets: list[Packet] = []
    tell = Teller(packets.append, "udp", HERE)
    for _ in range(MOST_MESSAGES + 5):
        tell("received", b"x", THERE, 0.0)
    tell("sent", b"y", THERE, 0.0)
    assert len(packets) == MOST_MESSAGES + 1
    assert packets[-1].direction == "sent"


def test_of_large_messages_the_trace_hears_fewer() -> None:
    packets: list[Packet] = []
    tell = Teller(packets.append, "tcp", HERE)
    for _ in range(200):
        tell("received", bytes(65535), THERE, 0.0)
    assert sum(len(packet.data) for packet in packets) <= MOST_BYTES
    assert len(packets) > 100
