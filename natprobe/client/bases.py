"""The sockets that a gathering stands on: one for each address of this host (RFC 8445 section 5.1.1.1)."""

import asyncio
from collections.abc import Callable, Iterable
from itertools import chain, zip_longest
from typing import Literal

import msgspec

from natprobe.address import Address
from natprobe.client.hold import Hold
from natprobe.client.stun import StunClient
from natprobe.ice import Base, Reflexive, Relayed
from natprobe.net.interfaces import links
from natprobe.net.sockets import source_address_for
from natprobe.net.trouble import Trouble
from natprobe.net.udp import open_udp
from natprobe.net.vantage import vantage

Family = Literal[4, 6]
_LOOPBACK: dict[int, str] = {4: "127.0.0.1", 6: "::1"}


class Seat(msgspec.Struct, frozen=True):
    """A base, and the client that asks from it."""

    base: Base
    client: StunClient
    link: str
    """The interface and prefix of its address."""


class Bases(msgspec.Struct):
    """Every base of this host. Made by `open_bases`."""

    hold: Hold
    seats: tuple[Seat, ...]
    _loopback: dict[int, Seat | None] = msgspec.field(default_factory=dict)

    def towards(self, server: Address) -> tuple[Seat, ...]:
        """The seats that can ask `server`. One on loopback is asked from a loopback base, which is no candidate:

        RFC 8445 section 5.1.1.1 forbids loopback addresses among these.
        """
        if server.kind != "loopback":
            return tuple(seat for seat in self.seats if seat.base.address.family == server.family)
        if server.family not in self._loopback:
            home = Address(_LOOPBACK[server.family], 0)
            self._loopback[server.family] = _open(self.hold, home, len(self.seats), "loopback")
        seat = self._loopback[server.family]
        return () if seat is None else (seat,)

    def beside_routed(self, server: Address) -> tuple[Seat, ...]:
        """One seat of each link that can ask `server`, but for the link whose address routing picks.

        Where routing picks none, only those whose address has a route of its own (policy routing).
        """
        routed = source_address_for(server)
        seats = self.towards(server) if server.kind != "loopback" else ()
        taken = {seat.link for seat in seats if routed is not None and seat.base.address.host == routed.host}
        found: list[Seat] = []
        for seat in seats:
            leads_there = routed is not None or source_address_for(server, seat.base.address) is not None
            leads_there &= not _stays_in_its_site(seat.base.address, server)
            if seat.link not in taken and leads_there:
                taken.add(seat.link)
                found.append(seat)
        return tuple(found)


def _stays_in_its_site(own: Address, server: Address) -> bool:
    """Whether `own` is unique local and `server` is not: routers carry no such packet (RFC 4193 section 4.1)."""
    return own.family == 6 and own.kind == "private" and server.kind != "private"


class Asking(msgspec.Struct, frozen=True):
    """What the question to one server is asked with."""

    bases: Bases
    order: int
    """The server's place in the configuration."""
    url: str
    tell: Callable[[Reflexive], None]
    """Hears of each reflexive address as it is found."""
    tell_relay: Callable[[Relayed], None]
    """Hears of each relay that one of `others` gets."""
    others: tuple[Seat, ...] = ()
    """Which seats ask it for a relay beside the address that routing picks."""
    routed: asyncio.Event = msgspec.field(default_factory=asyncio.Event)
    """That address has its relay, or gets none."""


def open_bases(hold: Hold, families: tuple[Family, ...]) -> Bases:
    """Binds a socket to each address of this host; one that cannot be bound is left out."""
    own = links()
    order = ranked(own, vantage().addresses)
    opened = (_open(hold, address, rank, own[address]) for rank, address in enumerate(order))
    return Bases(hold, tuple(seat for seat in opened if seat and seat.base.address.family in families))


def ranked(addresses: Iterable[Address], preferred: tuple[str, ...]) -> tuple[Address, ...]:
    """The best address first: families take turns, IPv6 first (RFC 8421 section 4); within each, what routing picks."""
    ordered = sorted(addresses, key=lambda address: address.host not in preferred)
    six = [address for address in ordered if address.family == 6]
    four = [address for address in ordered if address.family == 4]
    return tuple(address for address in chain.from_iterable(zip_longest(six, four)) if address is not None)


def _open(hold: Hold, address: Address, rank: int, link: str) -> Seat | None:
    endpoint = open_udp(hold.clock, hold.trace, family=address.family, local=address)
    if isinstance(endpoint, Trouble):
        return None
    client = StunClient(endpoint, hold.clock)
    pump = hold.tasks.create_task(client.pump())
    hold.closing.push_async_callback(endpoint.close)
    hold.closing.callback(pump.cancel)
    return Seat(Base(endpoint.local, rank), client, link)
