"""One further allocation of a server, and whether a stranger's packet reaches its relayed port.

The stranger is a fresh socket, and the relay of this allocation has written to nobody yet: a stateful filter has seen
nothing that opens the way in. Where nothing arrives, another fresh socket is the control, to which the relay writes and
which answers: only an answer that gets through tells a closed port from a host whose packets get nowhere.
"""

import asyncio
from typing import Literal

import msgspec

from natprobe.address import Address
from natprobe.client.flight import Flight, fly
from natprobe.client.hold import Hold
from natprobe.client.line import Way
from natprobe.client.opening import open_client, open_peer
from natprobe.client.outward import answer, send_outward, unmapped
from natprobe.client.peer import Peer
from natprobe.client.turn import TurnClient
from natprobe.net.trouble import Trouble
from natprobe.wire.registry import ERROR_NAMES
from natprobe.wire.session import Login
from natprobe.wire.transactions import Exchange

SENDS_S = (0.0, 0.03, 0.1, 0.25, 0.5, 1.0, 1.5)

Fate = Literal["open", "closed", "untold"]


class Sample(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One relayed port, and what a stranger's packets to it came to."""

    relayed: Address
    inward: Flight | None = None
    """The stranger's packets; None where it could not be permitted, or has no UDP of that address family."""
    outward: Flight | None = None
    """The control: what the relay sent to another socket of this host, where nothing had come in."""
    returned: Flight | None = None
    """The answer to that."""

    @property
    def fate(self) -> Fate:
        """Closed is said only where the control got through, and by the address that peers are told."""
        if self.inward is None:
            return "untold"
        if self.inward.arrived:
            return "open"
        seen = self.outward.source if self.outward else None
        as_told = seen is not None and seen.host == self.relayed.host
        return "closed" if as_told and self.returned is not None and self.returned.arrived else "untold"


async def take_sample(hold: Hold, way: Way, login: Login | None, family: Literal[4, 6]) -> Sample | str:
    """Allocates over a line of its own, looks, and releases; or the words why there was no further allocation."""
    client = await open_client(hold, way, login)
    if isinstance(client, Trouble):
        return client.detail
    dialogue = await client.allocate(6 if family == 6 else None)
    relayed = client.session.relayed
    if not dialogue.succeeded or relayed is None:
        return _refusal(dialogue.last)
    sample = await _look(hold, way, client, relayed)
    await client.release()
    return sample


def _refusal(last: Exchange) -> str:
    if last.outcome == "success":
        return "the success response names no relayed address"
    if last.code is None:
        return f"an Allocate is not answered ({last.outcome}, waited {(last.waited_ms or 0.0) / 1000:.1f} s)"
    return f"Allocate is refused: {last.code} ({ERROR_NAMES.get(last.code, 'unknown code')})"


async def _look(hold: Hold, way: Way, client: TurnClient, relayed: Address) -> Sample:
    stranger = open_peer(hold, way)
    if stranger is None or await _permitted(client, stranger, relayed) is None:
        return Sample(relayed=relayed)
    inward = await fly(
        "peer to relay, unsolicited",
        lambda data: stranger.send(data, relayed),
        client.stun.mailbox,
        hold.clock,
        sends_s=SENDS_S,
    )
    other = None if inward.arrived else open_peer(hold, way)
    mapped = await _permitted(client, other, relayed) if other else None
    if other is None or mapped is None:
        return Sample(relayed=relayed, inward=inward)
    outward = await send_outward(client, other, mapped, hold.clock)
    returned = await answer(client, other, outward, hold.clock)
    return Sample(relayed=relayed, inward=inward, outward=outward, returned=returned)


async def _permitted(client: TurnClient, peer: Peer, relayed: Address) -> Address | None:
    """Where `peer` can be written to, once the relay permits it; None where it does not, or the families differ."""
    mapped = (await asyncio.shield(peer.view)).mapped or unmapped(client, peer) or client.session.mapped
    if mapped is None or mapped.family != relayed.family or peer.local.family != relayed.family:
        return None
    return mapped if (await client.permit(mapped)).succeeded else None
