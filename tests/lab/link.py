"""A link with delay, jitter, loss and a rate, for kernels that have no netem. Pure: `now` is an argument.

The core takes a packet and says which packets leave on the far side and when; `tunnel` moves them between two TUN
devices. Anything that fits `Box` (an emulated NAT, say) can stand in the same place.
"""

import random
from typing import Literal, NamedTuple, Protocol

import msgspec

Side = Literal["near", "far"]
"""The two ends of a box: near is the client's, far is the internet's."""

OTHER: dict[Side, Side] = {"near": "far", "far": "near"}


class Shape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one direction of a link does to packets; both directions of a client's link have the same shape."""

    delay_ms: float = 0.0
    jitter_ms: float = 0.0
    """Each packet waits up to this much longer, evenly spread."""
    order: Literal["kept", "free"] = "kept"
    """Whether a packet with a small jitter may overtake one with a large jitter."""
    loss: float = 0.0
    """Share of packets that vanish, 0 to 1."""
    rate_kbps: float | None = None
    """Bits per millisecond that the link carries; None is without limit."""
    queue_ms: float = 200.0
    """How long a packet may wait for its turn on a link with a rate before it is dropped (tail drop)."""
    mtu: int | None = None
    """Larger IP packets vanish without an ICMP error, as behind a broken firewall."""
    seed: int = 1


class Departure(NamedTuple):
    """A packet that leaves the box at `side` at `due` (seconds, on the clock of `now`)."""

    due: float
    side: Side
    packet: bytes


class Box(Protocol):
    """Anything with a near and a far side that packets go through."""

    def forward(self, side: Side, packet: bytes, now: float) -> list[Departure]:
        """What becomes of a packet that arrived on `side` at `now`."""


class Link:
    """One direction of a link."""

    def __init__(self, shape: Shape, *, seed: int = 0) -> None:
        self._shape = shape
        self._random = random.Random(shape.seed * 2 + seed)  # noqa: S311 - lost packets need no secrecy
        self._free_at = 0.0
        self._last_due = 0.0

    def forward(self, packet: bytes, now: float) -> list[tuple[float, bytes]]:
        """When the packet comes out at the other end: one pair, or none where it is lost."""
        if self._is_lost(packet):
            return []
        sent = self._sent(packet, now)
        if sent is None:
            return []
        due = sent + (self._shape.delay_ms + self._random.uniform(0.0, self._shape.jitter_ms)) / 1000.0
        if self._shape.order == "kept":
            due = self._last_due = max(due, self._last_due)
        return [(due, packet)]

    def _is_lost(self, packet: bytes) -> bool:
        too_big = self._shape.mtu is not None and len(packet) > self._shape.mtu
        return too_big or self._random.random() < self._shape.loss

    def _sent(self, packet: bytes, now: float) -> float | None:
        """When the last bit is on the wire; None where the queue is full."""
        if self._shape.rate_kbps is None:
            return now
        start = max(now, self._free_at)
        if (start - now) * 1000.0 > self._shape.queue_ms:
            return None
        self._free_at = start + len(packet) * 8 / (self._shape.rate_kbps * 1000.0)
        return self._free_at


class Duplex:
    """A link with two directions of one shape, as a box."""

    def __init__(self, shape: Shape) -> None:
        self._directions: dict[Side, Link] = {"near": Link(shape, seed=0), "far": Link(shape, seed=1)}

    def forward(self, side: Side, packet: bytes, now: float) -> list[Departure]:
        """Hands the packet to the direction that starts on `side`."""
        return [Departure(due, OTHER[side], out) for due, out in self._directions[side].forward(packet, now)]
