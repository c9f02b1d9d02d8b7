"""A peer of our own: a plain UDP socket on this host that plays the other end of a call."""

import asyncio

import msgspec

from natprobe.address import Address
from natprobe.client.mailbox import Arrival, Mailbox
from natprobe.client.stun import Reply, StunClient
from natprobe.net.clock import Clock
from natprobe.net.endpoint import Endpoint
from natprobe.wire.attributes import xor_mapped_address
from natprobe.wire.parcel import new_token, parcel
from natprobe.wire.registry import Method
from natprobe.wire.session import Session
from natprobe.wire.transactions import Exchange

OPENERS_S = (0.05, 0.15, 0.35, 0.7)


class PeerView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a peer knows of itself: its own address, and the one that a server sees."""

    local: Address
    mapped: Address | None = None
    """Its server reflexive transport address, or None where no server told it."""
    exchanges: tuple[Exchange, ...] = ()


class Peer:
    """One such socket. `view` completes once its mapped address is known, or cannot be."""

    def __init__(self, endpoint: Endpoint, clock: Clock) -> None:
        self._stun = StunClient(endpoint, clock)
        self.view: asyncio.Future[PeerView] = asyncio.get_running_loop().create_future()
        self._seen: list[Address] = []

    @property
    def mailbox(self) -> Mailbox:
        """Where its parcels arrive."""
        return self._stun.mailbox

    @property
    def local(self) -> Address:
        """Where it sends from."""
        return self._stun.endpoint.local

    async def pump(self) -> None:
        """Reads its socket; runs as a task for as long as the peer is used."""
        await self._stun.pump()

    async def look(self, servers: tuple[Address, ...]) -> None:
        """Asks `servers` at once for the mapped address; the first answer counts (RFC 8489 section 12)."""
        tasks = [asyncio.create_task(self._ask(server)) for server in servers]
        exchanges: list[Exchange] = []
        mapped: Address | None = None
        try:
            for next_reply in asyncio.as_completed(tasks):
                reply = await next_reply
                exchanges.append(reply.exchange)
                mapped = xor_mapped_address(reply.message) if reply.message else None
                if mapped is not None:
                    break
        finally:
            for task in tasks:
                task.cancel()
        self.view.set_result(PeerView(local=self.local, mapped=mapped, exchanges=tuple(exchanges)))

    async def _ask(self, server: Address) -> Reply:
        return await self._stun.ask(Session().compose(Method.BINDING), server)

    def faces(self, mapped: Address) -> tuple[Address, ...]:
        """Where the relay may reach it: `mapped`, and where the relay itself has seen it come from.

        A NAT with a mapping for each destination (RFC 4787 section 4.1) shows the relay another face than any server.
        """
        return tuple(dict.fromkeys((mapped, *self._seen)))

    def _note_face(self, arrived: "asyncio.Future[Arrival]") -> None:
        if not arrived.cancelled():
            self._seen.append(arrived.result().source)

    async def open_towards(self, relayed: Address, server: Address, heard: Mailbox) -> None:
        """Opens this host's own NAT for what the relay sends, at moments between the sends of a flight.

        What arrives at the relay is told in `heard`, the mailbox of the allocation's client, and shows in `faces`.

        Written to are the relayed address, and its port at the server's own address, whence packets come where
        external-ip is wrong. Never before the relay's first send: an early inbound packet can make a Linux gateway give
        the relay another port for this peer.
        """
        waited_s = 0.0
        for at_s in OPENERS_S:
            await asyncio.sleep(at_s - waited_s)
            waited_s = at_s
            for address in {relayed, Address(server.host, relayed.port)}:
                if address.family == self.local.family:
                    token = new_token()
                    heard.expect(token).add_done_callback(self._note_face)
                    self.send(parcel(token), address)

    def send(self, data: bytes, to: Address) -> None:
        """Sends `data` straight to `to`."""
        self._stun.endpoint.send(data, to)
