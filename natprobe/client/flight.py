"""Sends parcels until one arrives: every send carries a token of its own, so the evidence tells which one came."""

import asyncio
from collections.abc import Callable

import msgspec

from natprobe.address import Address
from natprobe.client.mailbox import Arrival, Mailbox, Via
from natprobe.net.clock import Clock
from natprobe.wire.parcel import new_token, parcel

DATA_SENDS_S = (0.0, 0.1, 0.25, 0.5, 1.0)
DATA_WAIT_S = 2.0

Send = Callable[[bytes], None]


class Flight(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The evidence of one path: how often it was tried, and what arrived. Times are ms since the run's start."""

    path: str
    """From where to where, in words: "peer to relay"."""
    sends_ms: tuple[float, ...]
    arrived_ms: float | None = None
    arrived_send: int | None = None
    """Which of the sends arrived first, counted from 0."""
    source: Address | None = None
    """The source that the receiver saw, or was told."""
    via: Via | None = None
    waited_ms: float | None = None
    """How long it was waited for, where nothing arrived."""

    @property
    def arrived(self) -> bool:
        """Whether at least one parcel came through."""
        return self.arrived_ms is not None

    def facts(self) -> dict[str, str]:
        """What a finding may say of it: how often it was tried, how long it waited, which source was seen."""
        facts = {"sends": str(len(self.sends_ms)), "waited": f"{(self.waited_ms or 0.0) / 1000:.1f} s"}
        return facts if self.source is None else facts | {"seen": str(self.source)}


async def fly(
    path: str,
    send: Send,
    mailbox: Mailbox,
    clock: Clock,
    *,
    sends_s: tuple[float, ...] = DATA_SENDS_S,
    wait_s: float = DATA_WAIT_S,
) -> Flight:
    """Sends parcels at `sends_s` (seconds from now) until one arrives in `mailbox` or `wait_s` is over."""
    began = clock.now()
    sends_ms: list[float] = []
    arrivals: list[asyncio.Future[Arrival]] = []
    for until in (*sends_s[1:], wait_s):
        token = new_token()
        arrivals.append(mailbox.expect(token))
        sends_ms.append(round(clock.now_ms(), 3))
        send(parcel(token))
        if await _first(arrivals, began + until - clock.now()):
            break
    arrived = next((index for index, arrival in enumerate(arrivals) if arrival.done()), None)
    if arrived is None:
        return Flight(path=path, sends_ms=tuple(sends_ms), waited_ms=round((clock.now() - began) * 1000, 3))
    arrival = arrivals[arrived].result()
    return Flight(
        path=path,
        sends_ms=tuple(sends_ms),
        arrived_ms=round(arrival.at_s * 1000, 3),
        arrived_send=arrived,
        source=arrival.source,
        via=arrival.via,
    )


async def _first(arrivals: list[asyncio.Future[Arrival]], timeout_s: float) -> bool:
    done, _ = await asyncio.wait(arrivals, timeout=max(0.0, timeout_s), return_when=asyncio.FIRST_COMPLETED)
    return bool(done)
