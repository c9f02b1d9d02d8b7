"""One 5-tuple's dealings with one TURN server: requests that meet challenges and renew nonces by themselves."""

from collections.abc import Iterable

import msgspec

from natprobe.address import Address
from natprobe.client.stun import Reply, StunClient
from natprobe.wire.attributes import (
    encode_channel_number,
    encode_family,
    encode_requested_transport,
    encode_u32,
    encode_xor_address,
)
from natprobe.wire.channel import encode_datagram, encode_stream
from natprobe.wire.message import Message, build
from natprobe.wire.parcel import new_token
from natprobe.wire.registry import PROTOCOL_UDP, Attribute, MessageClass, Method
from natprobe.wire.session import Session
from natprobe.wire.transactions import FAREWELL, Exchange, Schedule


class Dialogue(msgspec.Struct, frozen=True):
    """Every exchange that one request took, and the answer that settled it."""

    exchanges: tuple[Exchange, ...]
    message: Message | None = None

    @property
    def last(self) -> Exchange:
        """The exchange that settled it."""
        return self.exchanges[-1]

    @property
    def succeeded(self) -> bool:
        """Whether the server said yes."""
        return self.last.outcome == "success"


class TurnClient:
    """A client of one TURN server over one endpoint (RFC 8656)."""

    def __init__(self, stun: StunClient, server: Address, session: Session) -> None:
        self.stun = stun
        self.server = server
        self.session = session
        self.granted = Dialogue(())
        """The dialogue in which the greeting alone brought an allocation, from a server without authentication."""
        self._may_hold_allocation = False

    async def request(
        self,
        method: Method,
        attributes: Iterable[tuple[int, bytes]] = (),
        peer: Address | None = None,
        schedule: Schedule | None = None,
    ) -> Dialogue:
        """Asks until the answer is final: a challenge is met, a stale nonce renewed, a few times at the most."""
        exchanges: list[Exchange] = []
        fixed = tuple(attributes)
        while True:
            reply = await self.stun.ask(self.session.compose(method, fixed, peer), self.server, schedule)
            exchanges.append(reply.exchange)
            settled = reply.message is None or self.session.digest(reply.message) == "final"
            if settled or len(exchanges) == _ATTEMPTS:
                return Dialogue(tuple(exchanges), reply.message)

    async def greet(self) -> Reply:
        """The first Allocate, sent without credentials so that the server challenges it (RFC 8656 section 7.1)."""
        self._may_hold_allocation = True  # a server without authentication grants it at once
        reply = await self.stun.ask(self.session.compose(Method.ALLOCATE, _ALLOCATE), self.server)
        if reply.message is not None:
            self.session.digest(reply.message)
        self._may_hold_allocation = reply.exchange.outcome == "success"
        self.granted = Dialogue((reply.exchange,), reply.message)
        return reply

    async def allocate(self, family: int | None = None) -> Dialogue:
        """Asks for a UDP relay; of the address family of `family` where one is given (RFC 8656 section 7.1)."""
        self._may_hold_allocation = True
        wanted = (
            () if family is None else ((Attribute.REQUESTED_ADDRESS_FAMILY, encode_family(6 if family == 6 else 4)),)
        )
        dialogue = await self.request(Method.ALLOCATE, (*_ALLOCATE, *wanted))
        self._may_hold_allocation = dialogue.last.outcome != "error"
        return dialogue

    async def permit(self, peer: Address) -> Dialogue:
        """Installs a permission for the IP address of `peer` (RFC 8656 section 10)."""
        return await self.request(Method.CREATE_PERMISSION, peer=peer)

    async def bind_channel(self, number: int, peer: Address) -> Dialogue:
        """Binds channel `number` to `peer` (RFC 8656 section 12)."""
        dialogue = await self.request(
            Method.CHANNEL_BIND, ((Attribute.CHANNEL_NUMBER, encode_channel_number(number)),), peer
        )
        if dialogue.succeeded:
            self.stun.channels[number] = peer
        return dialogue

    async def refresh(self, lifetime_s: int) -> Dialogue:
        """Asks that the allocation live for another `lifetime_s` seconds (RFC 8656 section 8)."""
        return await self.request(Method.REFRESH, ((Attribute.LIFETIME, encode_u32(lifetime_s)),))

    async def release(self) -> Dialogue | None:
        """Deletes the allocation, if there may be one: also after an Allocate whose answer never came."""
        if not self._may_hold_allocation:
            return None
        dialogue = await self.request(Method.REFRESH, ((Attribute.LIFETIME, encode_u32(0)),), schedule=FAREWELL)
        self._may_hold_allocation = dialogue.message is None
        return dialogue

    def send(self, peer: Address, payload: bytes) -> None:
        """Sends `payload` to `peer` by a Send indication (RFC 8656 section 11.1)."""
        token = new_token()
        attributes = ((Attribute.XOR_PEER_ADDRESS, encode_xor_address(peer, token)), (Attribute.DATA, payload))
        self.stun.endpoint.send(build(Method.SEND, MessageClass.INDICATION, token, attributes), self.server)

    def send_channel(self, number: int, payload: bytes) -> None:
        """Sends `payload` over a bound channel as ChannelData (RFC 8656 section 12.5)."""
        encode = encode_stream if self.stun.endpoint.transport in {"tcp", "tls"} else encode_datagram
        self.stun.endpoint.send(encode(number, payload), self.server)


_ATTEMPTS = 4  # a server that never takes its own nonces is told as such: turn-nonce-wrong-loop
_ALLOCATE = ((Attribute.REQUESTED_TRANSPORT, encode_requested_transport(PROTOCOL_UDP)),)
