"""From where an ICE agent of ours sends: a base of this host, or an allocation on a TURN server.

The sockets and the allocations are those of the gathering, so that the candidates that were told are the ones that are
used. A relay takes nothing for a peer without a permission (RFC 8656 section 9): the first packet to a peer asks for
it, and waits.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol

from natprobe.address import Address
from natprobe.client.hold import Hold
from natprobe.client.mailbox import Via
from natprobe.client.stun import StunClient
from natprobe.client.turn import TurnClient
from natprobe.model import Candidate
from natprobe.wire.parcel import new_token, parcel

Hear = Callable[[bytes, Address], None]

KEEP_S = 15.0
"""RFC 8445 section 11: a NAT's binding, which may live for 30 s only, is kept while nothing else is sent."""
_RENEW_AFTER = 16
"""After so many of these, permissions (they live 300 s, RFC 8656 section 9) and the allocation are renewed."""
_MOST_PEERS = 64
_MOST_WAITING = 8


class Port(Protocol):
    """A local candidate that packets can be sent from."""

    @property
    def candidate(self) -> Candidate:
        """What the other end is told of it."""

    def send(self, data: bytes, to: Address) -> None:
        """Sends `data` at once, or not at all; trouble shows as silence."""

    def listen(self, hear: Hear | None) -> None:
        """From now on `hear` gets what arrives; None ends that."""


class HostPort:
    """A base of this host."""

    def __init__(self, candidate: Candidate, stun: StunClient) -> None:
        self.candidate = candidate
        self._stun = stun

    def send(self, data: bytes, to: Address) -> None:
        """See Port."""
        self._stun.endpoint.send(data, to)

    def listen(self, hear: Hear | None) -> None:
        """See Port."""

        def heard(via: Via, data: bytes, source: Address) -> None:
            if hear is not None and via == "direct":
                hear(data, source)

        self._stun.listener = None if hear is None else heard

    async def keep(self, servers: tuple[Address, ...]) -> None:
        """Keeps the NAT's binding towards these servers alive, until it is cancelled."""
        while True:
            await asyncio.sleep(KEEP_S)
            for server in servers:
                self.send(parcel(new_token()), server)


class RelayPort:
    """An allocation. `keep` must run for as long as it is used."""

    def __init__(self, candidate: Candidate, client: TurnClient, hold: Hold) -> None:
        self.candidate = candidate
        self.refused: dict[str, int | None] = {}
        """The peers for which the server gave no permission, and the code of its error; None where none came."""
        self._client, self._hold = client, hold
        self._permitted: set[str] = set()
        self._waiting: dict[str, deque[tuple[bytes, Address]]] = {}

    def send(self, data: bytes, to: Address) -> None:
        """See Port."""
        if to.host in self._permitted:
            self._client.send(to, data)
        elif to.host in self._waiting:
            self._waiting[to.host].append((data, to))
        elif to.host not in self.refused and len(self._permitted) + len(self._waiting) < _MOST_PEERS:
            self._waiting[to.host] = deque([(data, to)], _MOST_WAITING)
            task = self._hold.tasks.create_task(self._permit(to))
            self._hold.closing.callback(task.cancel)

    def listen(self, hear: Hear | None) -> None:
        """See Port."""

        def heard(via: Via, data: bytes, source: Address) -> None:
            if hear is not None and via != "direct":
                hear(data, source)

        self._client.stun.listener = None if hear is None else heard

    async def keep(self) -> None:
        """Keeps the line, the allocation and its permissions alive, until it is cancelled."""
        lifetime_s = self._client.session.lifetime_s or 0
        renew_after = max(1, min(_RENEW_AFTER, int(lifetime_s / KEEP_S / 2) or 1))
        rounds = 0
        while True:
            await asyncio.sleep(KEEP_S)
            rounds += 1
            if rounds % renew_after == 0:
                await self._renew(lifetime_s)
            elif self._client.stun.endpoint.transport in {"udp", "dtls"}:
                self._client.stun.endpoint.send(parcel(new_token()), self._client.server)

    async def _renew(self, lifetime_s: int) -> None:
        await self._client.refresh(lifetime_s)
        for host in tuple(self._permitted):
            await self._client.permit(Address(host, 0))

    async def _permit(self, peer: Address) -> None:
        dialogue = await self._client.permit(peer)
        waiting = self._waiting.pop(peer.host)
        if not dialogue.succeeded:
            self.refused[peer.host] = dialogue.last.code
            return
        self._permitted.add(peer.host)
        for data, to in waiting:
            self._client.send(to, data)
