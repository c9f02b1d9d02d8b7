"""What does the server hold for one client? An allocation with its permissions and channels (RFC 8656 section 3.2)."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from natprobe.address import Address
from natprobe.server.draft import Request
from natprobe.server.effects import FiveTuple
from natprobe.wire.registry import CHANNEL_LIFETIME_S, PERMISSION_LIFETIME_S

_MOST_PEERS = 1000


class Channel(msgspec.Struct, frozen=True):
    """A channel's peer, and until when it is bound."""

    peer: Address
    until: float


@dataclass(slots=True)
class Allocation:
    """One live allocation. Times are seconds since the run's start; `relayed` is None while its socket opens."""

    relay: int
    request: Request
    lifetime_s: int
    until: float
    relayed: Address | None = None
    permissions: dict[str, float] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    spoken_to: set[Address] = field(default_factory=set)
    """Peers that something was sent to: what a stateful firewall on the way would let answer."""

    @property
    def five_tuple(self) -> FiveTuple:
        """Its name."""
        return self.request.five_tuple

    @property
    def username(self) -> str:
        """Whose it is."""
        return self.request.caller.username

    def permit(self, host: str, now: float) -> None:
        """Installs or refreshes a permission: it is for an IP address, whatever the port (RFC 8656 section 9)."""
        self.permissions[host] = now + PERMISSION_LIFETIME_S

    def permits(self, host: str, now: float) -> bool:
        """Whether data may pass to and from `host`."""
        return self.permissions.get(host, now) > now

    def bind(self, number: int, peer: Address, now: float) -> None:
        """Binds or refreshes a channel, which installs a permission as well (RFC 8656 section 12)."""
        self.channels[number] = Channel(peer, now + CHANNEL_LIFETIME_S)
        self.permit(peer.host, now)

    def can_bind(self, number: int, peer: Address, now: float) -> bool:
        """Whether neither is bound to something else (RFC 8656 section 12.2)."""
        return self.peer_of(number, now) in {None, peer} and self.channel_to(peer, now) in {None, number}

    def peer_of(self, number: int, now: float) -> Address | None:
        """The peer that this channel is bound to, or None."""
        channel = self.channels.get(number)
        return channel.peer if channel is not None and channel.until > now else None

    def channel_to(self, peer: Address, now: float) -> int | None:
        """The channel that is bound to this peer, or None."""
        return next((n for n, channel in self.channels.items() if channel.peer == peer and channel.until > now), None)

    def note_sent(self, peer: Address) -> None:
        """Something was sent to `peer`. The first thousand peers are remembered."""
        if len(self.spoken_to) < _MOST_PEERS:
            self.spoken_to.add(peer)

    def forget(self, now: float) -> None:
        """Drops permissions and channels that have expired."""
        self.permissions = {host: until for host, until in self.permissions.items() if until > now}
        self.channels = {number: channel for number, channel in self.channels.items() if channel.until > now}


class Allocations:
    """All of them, by 5-tuple and by relay."""

    def __init__(self) -> None:
        self._by_tuple: dict[FiveTuple, Allocation] = {}
        self._by_relay: dict[int, Allocation] = {}
        self._issued = 0

    def __len__(self) -> int:
        return len(self._by_tuple)

    def __iter__(self) -> Iterator[Allocation]:
        return iter(tuple(self._by_tuple.values()))

    def add(self, request: Request, lifetime_s: int) -> Allocation:
        """A new allocation, whose relay is still to be opened."""
        self._issued += 1
        allocation = Allocation(self._issued, request, lifetime_s, request.now + lifetime_s)
        self._by_tuple[allocation.five_tuple] = allocation
        self._by_relay[allocation.relay] = allocation
        return allocation

    def of(self, five_tuple: FiveTuple) -> Allocation | None:
        """The allocation of this 5-tuple, or None."""
        return self._by_tuple.get(five_tuple)

    def behind(self, relay: int) -> Allocation | None:
        """The allocation of this relay, or None."""
        return self._by_relay.get(relay)

    def remove(self, allocation: Allocation) -> None:
        """Forgets it."""
        self._by_tuple.pop(allocation.five_tuple, None)
        self._by_relay.pop(allocation.relay, None)

    def relays(self, address: Address) -> bool:
        """Whether this is one of the relayed transport addresses."""
        return any(allocation.relayed == address for allocation in self._by_tuple.values())
