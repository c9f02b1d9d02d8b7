"""A network in memory, for agents: who is heard by whom is a table, and each packet can be changed on its way."""

import asyncio
from collections.abc import Callable
from typing import Self

from natprobe.address import Address
from natprobe.client.agents import Agent
from natprobe.client.description import Offered, offered
from natprobe.client.outlets import Hear
from natprobe.ice import Base, Relayed, host, relayed
from natprobe.model import Candidate
from natprobe.net.clock import Clock

Change = Callable[[bytes, Address, Address], bytes | None]
"""From a packet, its source and its destination to what arrives; None is nothing."""


def as_it_is(data: bytes, _source: Address, _to: Address) -> bytes | None:
    """Everything arrives."""
    return data


class Hub:
    """The network."""

    def __init__(self, change: Change = as_it_is) -> None:
        self.change = change
        self.ports: dict[Address, HubPort] = {}

    def port(self, address: str, number: int = 1000, *, relay: bool = False) -> "HubPort":
        """A socket at this address."""
        at = Address(address, number)
        candidate = host(Base(at, 0), 0.0)
        if relay:
            found = Relayed(relayed=at, mapped=None, through="udp", server=at, server_order=0, url="turn:192.0.2.1")
            candidate = relayed(found, 0.0)
        self.ports[at] = HubPort(self, candidate)
        return self.ports[at]

    def carry(self, data: bytes, source: Address, to: Address) -> None:
        """One packet."""
        arriving = self.change(data, source, to)
        if arriving is not None and to in self.ports:
            asyncio.get_running_loop().call_soon(self.ports[to].arrive, arriving, source)


class HubPort:
    """See Port."""

    def __init__(self, hub: Hub, candidate: Candidate) -> None:
        self.candidate = candidate
        self._hub = hub
        self._hear: Hear | None = None

    def send(self, data: bytes, to: Address) -> None:
        """See Port."""
        self._hub.carry(data, self.candidate.address, to)

    def listen(self, hear: Hear | None) -> None:
        """See Port."""
        self._hear = hear

    def arrive(self, data: bytes, source: Address) -> None:
        """A packet has come."""
        if self._hear is not None:
            self._hear(data, source)


class Pair:
    """Two agents that know of each other. A context manager."""

    def __init__(self, one: list[HubPort], other: list[HubPort], *, roles: tuple[bool, bool] = (True, False)) -> None:
        self.clock = Clock()
        self.ports = (one, other)
        self.agents = tuple(
            Agent(ports, self.told(ports), self.clock, controlling=role)
            for ports, role in zip(self.ports, roles, strict=True)
        )

    @staticmethod
    def told(ports: list[HubPort]) -> list[Offered]:
        """What the other end hears of."""
        return [offered(port.candidate) for port in ports]

    async def __aenter__(self) -> Self:
        logins = [await agent.open() for agent in self.agents]
        for agent, login, ports in zip(self.agents, reversed(logins), reversed(self.ports), strict=True):
            agent.meet(*login)
            for each in self.told(ports):
                await agent.add(each)
            await agent.add_no_more()
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(agent.close() for agent in self.agents))

    async def connect(self, limit_s: float = 1.0) -> tuple[str | None, str | None]:
        """The trouble of each end."""
        ended = await asyncio.gather(*(agent.connect(limit_s) for agent in self.agents))
        return ended[0][1], ended[1][1]
