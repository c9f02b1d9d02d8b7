"""Where does this data go? Send and Data indications and ChannelData (RFC 8656 sections 11 and 12)."""

import secrets

from natprobe.address import Address
from natprobe.server.allocation import Allocation, Allocations
from natprobe.server.effects import STREAMS, Effects, FiveTuple, RelayOut, Reply
from natprobe.server.faults import FaultBook, Kind
from natprobe.wire.address_values import encode_xor_address
from natprobe.wire.attributes import data as data_value
from natprobe.wire.attributes import xor_peer_address
from natprobe.wire.channel import ChannelData, decode, encode_datagram, encode_stream
from natprobe.wire.message import Message, build, unknown_required
from natprobe.wire.registry import Attribute, MessageClass, Method
from natprobe.wire.seal import BARE

_KNOWN = frozenset({Attribute.XOR_PEER_ADDRESS, Attribute.DATA})
LARGEST_DATAGRAM = 60_000
"""More than this cannot be wrapped in a Data indication, nor carried by UDP (RFC 768)."""


class Relaying:
    """Moves data between clients and peers. What is not allowed vanishes without a word, as the RFC wants it."""

    def __init__(self, allocations: Allocations, faults: FaultBook) -> None:
        self._allocations = allocations
        self._faults = faults

    def indicated(self, message: Message, five_tuple: FiveTuple, now: float) -> Effects:
        """A Send indication from a client (RFC 8656 section 11.2)."""
        allocation = self._allocations.of(five_tuple)
        peer, payload = xor_peer_address(message), data_value(message)
        if allocation is None or peer is None or payload is None or unknown_required(message, _KNOWN):
            return ()
        return self._out(allocation, peer, payload) if allocation.permits(peer.host, now) else ()

    def channelled(self, data: bytes, five_tuple: FiveTuple, now: float) -> Effects:
        """ChannelData from a client (RFC 8656 section 12.6)."""
        allocation, channel = self._allocations.of(five_tuple), decode(data)
        if allocation is None or not isinstance(channel, ChannelData):
            return ()
        if self._faults.strikes(Kind.CHANNEL_DATA_DROPPED, five_tuple.transport):
            return ()
        peer = allocation.peer_of(channel.number, now)
        if peer is None or not allocation.permits(peer.host, now):
            return ()
        return self._out(allocation, peer, channel.data)

    def arrived(self, relay: int, data: bytes, peer: Address, now: float) -> Effects:
        """A datagram from a peer to a relayed transport address (RFC 8656 section 11.3)."""
        allocation = self._allocations.behind(relay)
        if allocation is None or len(data) > LARGEST_DATAGRAM:
            return ()
        transport = allocation.five_tuple.transport
        permitted = allocation.permits(peer.host, now) or self._faults.strikes(Kind.PERMISSIONS_IGNORED, transport)
        if not permitted or self._is_lost(allocation, peer):
            return ()
        number = allocation.channel_to(peer, now)
        if number is None:
            return (_to_client(allocation, _data_indication(peer, data)),)
        if self._faults.strikes(Kind.CHANNEL_DATA_DROPPED, transport):
            return ()
        encode = encode_stream if transport in STREAMS else encode_datagram
        return (_to_client(allocation, encode(number, data)),)

    def _is_lost(self, allocation: Allocation, peer: Address) -> bool:
        transport = allocation.five_tuple.transport
        if peer not in allocation.spoken_to and self._faults.strikes(Kind.RELAY_IN_CLOSED, transport):
            return True
        return self._faults.strikes(Kind.RELAY_IN_DEAD, transport)

    def _out(self, allocation: Allocation, peer: Address, payload: bytes) -> Effects:
        transport = allocation.five_tuple.transport
        if self._faults.strikes(Kind.RELAY_OUT_DEAD, transport):
            return ()
        if self._allocations.relays(peer) and self._faults.strikes(Kind.LOOP_DEAD, transport):
            return ()
        allocation.note_sent(peer)
        detour = self._faults.strikes(Kind.RELAY_PORT, transport)
        return (RelayOut(relay=allocation.relay, peer=peer, data=payload, detour=detour),)


def _data_indication(peer: Address, data: bytes) -> bytes:
    token = secrets.token_bytes(12)
    attributes = ((Attribute.XOR_PEER_ADDRESS, encode_xor_address(peer, token)), (Attribute.DATA, data))
    return build(Method.DATA, MessageClass.INDICATION, token, attributes, BARE)


def _to_client(allocation: Allocation, data: bytes) -> Reply:
    five_tuple = allocation.five_tuple
    return Reply(data=data, five_tuple=five_tuple, source=five_tuple.server, to=five_tuple.client)
