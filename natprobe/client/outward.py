"""What a relay sends to a peer here, and that peer's answer: the control of every silence at a relayed address."""

import asyncio

from natprobe.address import Address
from natprobe.client.flight import Flight, fly
from natprobe.client.opening import open_own_nat
from natprobe.client.peer import Peer
from natprobe.client.turn import TurnClient
from natprobe.net.clock import Clock


def unmapped(client: TurnClient, peer: Peer) -> Address | None:
    """The peer's own address, where the server sees this host's address untranslated over another transport."""
    seen, own = client.session.mapped, client.stun.endpoint.local
    return peer.local if seen is not None and seen.host == own.host else None


async def send_outward(client: TurnClient, peer: Peer, mapped: Address, clock: Clock) -> Flight:
    """Lets the relay of `client` write to `peer`, which opens its own NAT between the sends."""
    openers = asyncio.create_task(open_own_nat(client, peer, client.session.relayed or mapped))

    def send(data: bytes) -> None:
        for face in peer.faces(mapped):
            client.send(face, data)

    try:
        return await fly("relay to peer", send, peer.mailbox, clock)
    finally:
        openers.cancel()


async def answer(client: TurnClient, peer: Peer, outward: Flight, clock: Clock) -> Flight | None:
    """The answer of `peer` to what it got in `outward`; None where nothing came."""
    back_to = outward.source
    if not outward.arrived or back_to is None:
        return None
    return await fly("peer to relay, in answer", lambda data: peer.send(data, back_to), client.stun.mailbox, clock)
