"""A stream of parcels at an even rate over one path: how much of it arrives, how late, how evenly.

Both ends are sockets of this host, so that one clock times both: delays are of one way, without any guess.
"""

import asyncio
import statistics
from dataclasses import dataclass

import msgspec

from natprobe.client.flight import Send
from natprobe.client.jitter import jitter_ms
from natprobe.client.mailbox import Arrival, Mailbox
from natprobe.net.clock import Clock
from natprobe.wire.parcel import new_token, parcel

PARCEL_BYTES = 1000
"""UDP payload of each; video packets have some 1100 bytes."""
LAST_S = 1.0
"""How long the last parcels are waited for. What comes later is of no use to a call."""


@dataclass(frozen=True, slots=True)
class Way:
    """One direction of a path."""

    name: str
    send: Send
    mailbox: Mailbox
    """Where its parcels arrive."""


class Streamed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one stream showed."""

    path: str
    offered_kbps: float
    sent: int
    arrived: int
    rate_kbps: float
    """What arrived, over the time that the stream took."""
    delay_ms: float | None = None
    """One way, the median."""
    jitter_ms: float | None = None
    """Interarrival jitter (RFC 3550 section 6.4.1)."""

    @property
    def lost(self) -> int:
        """How many did not arrive in time."""
        return self.sent - self.arrived

    @property
    def loss(self) -> float:
        """Their share, 0 to 1."""
        return self.lost / self.sent if self.sent else 0.0


async def stream(way: Way, clock: Clock, *, rate_kbps: float, duration_s: float) -> Streamed:
    """Sends `rate_kbps` for `duration_s` seconds, and waits for what is still under way."""
    gap_s = PARCEL_BYTES * 8 / (rate_kbps * 1000)
    began = clock.now()
    sent: list[tuple[float, asyncio.Future[Arrival]]] = []
    for number in range(max(1, round(duration_s / gap_s))):
        await asyncio.sleep(began + number * gap_s - clock.now())
        token = new_token()
        sent.append((clock.now(), way.mailbox.expect(token)))
        way.send(parcel(token, PARCEL_BYTES))
    await asyncio.wait([arrival for _, arrival in sent], timeout=LAST_S)
    return _streamed(way, rate_kbps, began, sent)


def _streamed(way: Way, rate_kbps: float, began: float, sent: list[tuple[float, asyncio.Future[Arrival]]]) -> Streamed:
    arrived = [(at_s, arrival.result().at_s) for at_s, arrival in sent if arrival.done()]
    trips = [(there - here) * 1000 for here, there in arrived]
    took_s = max((there for _, there in arrived), default=began) - began
    nominal_s = len(sent) * PARCEL_BYTES * 8 / (rate_kbps * 1000)
    return Streamed(
        path=way.name,
        offered_kbps=rate_kbps,
        sent=len(sent),
        arrived=len(arrived),
        rate_kbps=round(len(arrived) * PARCEL_BYTES * 8 / 1000 / max(took_s, nominal_s), 1),
        delay_ms=round(statistics.median(trips), 3) if trips else None,
        jitter_ms=jitter_ms(trips),
    )
