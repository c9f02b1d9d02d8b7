"""What the rungs of one TURN ladder hold in common: two clients of the server, three peers, and what they await."""

import asyncio
from dataclasses import dataclass, field
from typing import Literal

from natprobe.address import Address
from natprobe.client.flight import Flight
from natprobe.client.peer import Peer, PeerView
from natprobe.client.stun import Reply
from natprobe.client.turn import Dialogue, TurnClient
from natprobe.net.handshake import Handshake


@dataclass(frozen=True, slots=True)
class Lines:
    """Two lines to the server, opened side by side; the second one makes the other end of relay to relay."""

    first: TurnClient
    second: TurnClient | None
    handshake: Handshake | None


@dataclass(frozen=True, slots=True)
class Greetings:
    """What the first flight asked: an Allocate without credentials on each line, and a Binding."""

    first: asyncio.Task[Reply]
    second: asyncio.Task[Reply] | None
    binding: asyncio.Task[Reply]


@dataclass(frozen=True, slots=True)
class Accepting:
    """The port takes TCP connections: what every check of a web target stands on."""


@dataclass(frozen=True, slots=True)
class Trusted:
    """The certificate is good enough for credentials to be sent; over UDP and TCP nothing promises one."""


@dataclass(frozen=True, slots=True)
class Challenged:
    """The server has said how it authenticates, or that it doesn't."""

    first: TurnClient
    second: TurnClient | None
    second_greeted: asyncio.Task[Reply] | None
    third_party: str | None = None
    """The server that issues tokens, where OAuth is offered beside credentials (RFC 7635)."""


@dataclass(frozen=True, slots=True)
class Relays:
    """A live allocation; and how the second one fared."""

    first: TurnClient
    second: TurnClient | None
    second_dialogue: Dialogue | None


@dataclass(frozen=True, slots=True)
class Peers:
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


@dataclass(frozen=True, slots=True)
class Channel:
    """A bound channel that carries data both ways, and its other end: a peer of this host or the second relay."""

    number: int
    far: Address
    near: Address
    """Where the other end sends to reach the channel."""
    over: Literal["peer", "relay"]


@dataclass(frozen=True, slots=True)
class Paths:
    """When each path may be tried, and what came of it; each future is completed exactly once."""

    asked: asyncio.Event = field(default_factory=asyncio.Event)
    """The permissions have been asked for, so a parcel that follows them may get in."""
    permitted: asyncio.Future[bool] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    inward: asyncio.Future[Flight | None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    outward: asyncio.Future[Flight | None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    looped: asyncio.Future[bool] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    """Whether relay to relay passes both ways."""
    returned: asyncio.Future[Flight | None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
