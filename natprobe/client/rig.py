"""What the rungs of one TURN ladder hold in common: two clients of the server, three peers, and what they await."""

import asyncio
from typing import Any, Literal

import msgspec

from natprobe.address import Address
from natprobe.client.flight import Flight
from natprobe.client.peer import Peer, PeerView
from natprobe.client.stun import Reply
from natprobe.client.turn import Dialogue, TurnClient
from natprobe.net.handshake import Handshake


class Lines(msgspec.Struct, frozen=True):
    """Two lines to the server, opened side by side; the second one makes the other end of relay to relay."""

    first: TurnClient
    second: TurnClient | None
    handshake: Handshake | None


class RelayAlone(msgspec.Struct, frozen=True):
    """Nothing but the relay is wanted: one line is opened, one allocation made, and no peer."""


class FurtherRelays(msgspec.Struct, frozen=True):
    """Live allocations from other addresses of this host than the one that routing picks."""

    clients: tuple[TurnClient, ...]


class Greetings(msgspec.Struct, frozen=True):
    """What the first flight asked: an Allocate without credentials on each line, and a Binding."""

    first: asyncio.Task[Reply]
    second: asyncio.Task[Reply] | None
    binding: asyncio.Task[Reply]


class Accepting(msgspec.Struct, frozen=True):
    """The port takes TCP connections, and over `turns:` and `stuns:` TLS comes up: what further checks stand on."""


class Trusted(msgspec.Struct, frozen=True):
    """The certificate is good enough for credentials to be sent; over UDP and TCP nothing promises one."""


class Challenged(msgspec.Struct, frozen=True):
    """The server has said how it authenticates, or that it doesn't."""

    first: TurnClient
    second: TurnClient | None
    second_greeted: asyncio.Task[Reply] | None
    third_party: str | None = None
    """The server that issues tokens, where OAuth is offered beside credentials (RFC 7635)."""


class Relays(msgspec.Struct, frozen=True):
    """A live allocation; and how the second one fared."""

    first: TurnClient
    second: TurnClient | None
    second_dialogue: Dialogue | None


class Peers(msgspec.Struct, frozen=True):
    """Three sockets of this host, one for each path, so that no path opens a filter for another.

    Order matters as well (RFC 5780 section 4.4: filtering is sensitive to prior state): `inward` sends to the relay
    before the relay sends to anybody here.
    """

    inward: Peer
    outward: Peer
    channel: Peer

    async def views(self) -> tuple[PeerView, PeerView, PeerView]:
        """What the three know of their addresses."""
        return await self.inward.view, await self.outward.view, await self.channel.view


class Channel(msgspec.Struct, frozen=True):
    """A bound channel that carries data both ways, and its other end: a peer of this host or the second relay."""

    number: int
    far: Address
    near: Address
    """Where the other end sends to reach the channel."""
    over: Literal["peer", "relay"]


def _future() -> asyncio.Future[Any]:
    return asyncio.get_running_loop().create_future()


class Paths(msgspec.Struct, frozen=True):
    """When each path may be tried, and what came of it; each future is completed once, but for `channelled`."""

    asked: asyncio.Event = msgspec.field(default_factory=asyncio.Event)
    """The permissions have been asked for, so a parcel that follows them may get in."""
    permitted: asyncio.Future[bool] = msgspec.field(default_factory=_future)
    inward: asyncio.Future[Flight | None] = msgspec.field(default_factory=_future)
    outward: asyncio.Future[Flight | None] = msgspec.field(default_factory=_future)
    channelled: asyncio.Future[float] = msgspec.field(default_factory=_future)
    """When the relay was first made to write to this host over a channel, ms since the run's start; perhaps never."""
    looped: asyncio.Future[bool] = msgspec.field(default_factory=_future)
    """Whether relay to relay passes both ways."""
    returned: asyncio.Future[Flight | None] = msgspec.field(default_factory=_future)
