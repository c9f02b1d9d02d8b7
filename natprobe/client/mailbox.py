"""Where parcels are awaited: each is known by its token, wherever it arrives."""

import asyncio
from typing import Literal

import msgspec

from natprobe.address import Address

Via = Literal["direct", "data-indication", "channel-data"]


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """One parcel that came."""

    via: Via
    source: Address
    """Who sent it: the UDP source, or the peer that the server names."""
    at_s: float


class Mailbox:
    """The parcels that one socket awaits. A token that nobody awaits is dropped."""

    def __init__(self) -> None:
        self._awaited: dict[bytes, asyncio.Future[Arrival]] = {}

    def expect(self, token: bytes) -> asyncio.Future[Arrival]:
        """A future that the first arrival of `token` completes."""
        return self._awaited.setdefault(token, asyncio.get_running_loop().create_future())

    def deliver(self, token: bytes, arrival: Arrival) -> None:
        """Completes the future of `token`; later copies change nothing."""
        waiting = self._awaited.get(token)
        if waiting is not None and not waiting.done():
            waiting.set_result(arrival)
