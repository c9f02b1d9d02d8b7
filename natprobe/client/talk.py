"""Data both ways over a connected pair: what is lost, how long it takes, how evenly it comes.

Both ends send numbered parcels at an even pace and return each one that arrives. When an end has sent all of its own it
tells what it got of the other's: a receipt, sent several times since it may be lost as well. The receipt that comes
last counts. What the other end says is bounded by what was really sent.
"""

import asyncio
import contextlib
import statistics
import struct
from dataclasses import dataclass, field
from typing import Protocol

from natprobe.client.call import Flow, Quality
from natprobe.client.jitter import Jitter
from natprobe.net.clock import Clock

COUNT, GAP_S = 50, 0.02
_FIRST_RECEIPT_S, _LATE_S, _LAST_S = 5.0, 0.25, 0.4
_RECEIPT_GAP_S, _FINAL_RECEIPTS = 0.05, 4
# 0xC8 is none of STUN, DTLS, TURN channels and RTP (RFC 7983 section 7).
_MAGIC = b"\xc8np1"
_PARCEL = struct.Struct("!4scIQ")
_RECEIPT = struct.Struct("!4scIIQ")
_UNKNOWN = 2**64 - 1
_LATEST_US = 10**12
_LARGEST_JITTER_US = 10**9


class Wire(Protocol):
    """What data goes over."""

    async def send(self, data: bytes) -> None:
        """Sends one datagram. Raises ConnectionError where the pair is gone."""

    async def receive(self) -> bytes:
        """The next one. Raises ConnectionError where the pair is gone."""


@dataclass(slots=True)
class _Book:
    """What one end has seen so far."""

    sent_ms: list[float] = field(default_factory=list)
    arrived: set[int] = field(default_factory=set)
    jitter: Jitter = field(default_factory=Jitter)
    trips_ms: dict[int, float] = field(default_factory=dict)
    told: asyncio.Event = field(default_factory=asyncio.Event)
    """The other end has sent all of its parcels, and a receipt."""
    theirs: tuple[int, int, float | None] | None = None
    """Of the other end's last receipt: what it sent, what it got, with which jitter."""

    def quality(self) -> Quality:
        """What both books say."""
        sent, got, jitter_ms = self.theirs or (None, None, None)
        trips, own = tuple(self.trips_ms.values()), len(self.sent_ms)
        return Quality(
            outward=Flow(sent=own, arrived=None if got is None else min(got, own), jitter_ms=jitter_ms),
            inward=Flow(sent=sent, arrived=len(self.arrived), jitter_ms=self.jitter.ms),
            rtt_ms=round(statistics.median(trips), 3) if trips else None,
        )


async def talk(wire: Wire, clock: Clock) -> Quality:
    """Sends, returns and receives, for some two seconds; seven where the other end stays silent."""
    book = _Book()
    hearing = asyncio.create_task(_hear(wire, book, clock))
    try:
        with contextlib.suppress(ConnectionError):
            await _say(wire, book, clock)
            await _exchange_receipts(wire, book)
            await asyncio.sleep(_LAST_S)  # the other end's last receipt may still come
    finally:
        hearing.cancel()
        await asyncio.gather(hearing, return_exceptions=True)
    return book.quality()


async def _say(wire: Wire, book: _Book, clock: Clock) -> None:
    for number in range(COUNT):
        now_ms = clock.now_ms()
        book.sent_ms.append(now_ms)
        await wire.send(_PARCEL.pack(_MAGIC, b"P", number, round(now_ms * 1000)))
        await asyncio.sleep(GAP_S)


async def _exchange_receipts(wire: Wire, book: _Book) -> None:
    """Until the other end has told that it is through; then what is late may come, and the last word follows."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_FIRST_RECEIPT_S):
            while not book.told.is_set():
                await wire.send(_receipt(book))
                await asyncio.sleep(_RECEIPT_GAP_S)
    await asyncio.sleep(_LATE_S)
    for _ in range(_FINAL_RECEIPTS):
        await wire.send(_receipt(book))
        await asyncio.sleep(_RECEIPT_GAP_S)


def _receipt(book: _Book) -> bytes:
    jitter_ms = book.jitter.ms
    jitter_us = _UNKNOWN if jitter_ms is None else round(jitter_ms * 1000)
    return _RECEIPT.pack(_MAGIC, b"R", len(book.sent_ms), len(book.arrived), jitter_us)


async def _hear(wire: Wire, book: _Book, clock: Clock) -> None:
    with contextlib.suppress(ConnectionError):
        while True:
            data = await wire.receive()
            if len(data) == _PARCEL.size and data.startswith(_MAGIC):
                await _take_parcel(wire, book, clock, data)
            elif len(data) == _RECEIPT.size and data.startswith(_MAGIC + b"R"):
                _take_receipt(book, data)


async def _take_parcel(wire: Wire, book: _Book, clock: Clock, data: bytes) -> None:
    _, kind, number, sent_us = _PARCEL.unpack(data)
    now_ms = clock.now_ms()
    if number >= COUNT:
        return
    if kind == b"P" and number not in book.arrived and sent_us < _LATEST_US:
        book.arrived.add(number)
        book.jitter.arrived(sent_us / 1000, now_ms)
        await wire.send(_PARCEL.pack(_MAGIC, b"E", number, sent_us))
    elif kind == b"E" and number < len(book.sent_ms):
        book.trips_ms.setdefault(number, now_ms - book.sent_ms[number])


def _take_receipt(book: _Book, data: bytes) -> None:
    _, _, sent, arrived, jitter_us = _RECEIPT.unpack(data)
    if sent > COUNT or arrived > COUNT:
        return
    book.theirs = sent, arrived, None if jitter_us > _LARGEST_JITTER_US else jitter_us / 1000
    book.told.set()
