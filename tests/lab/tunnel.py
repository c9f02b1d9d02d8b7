"""Runs a `Box` between two TUN devices: `python -m tests.lab.tunnel NEAR FAR SHAPE-AS-JSON`, in a namespace of its own.

Prints "ready" once both devices exist; they may then be moved to other namespaces while this process holds them. Ends
when its standard input closes, so it never outlives the world that started it.
"""

import contextlib
import fcntl
import heapq
import itertools
import os
import select
import struct
import sys
import time
from collections.abc import Sequence

import msgspec

from tests.lab.link import Box, Departure, Duplex, Shape, Side

_TUNSETIFF = 0x400454CA
_IFF_TUN = 0x0001
_IFF_NO_PI = 0x1000
_MAX_PACKET = 65536
_PER_WAKE = 64


def open_tun(name: str) -> int:
    """A new TUN device of that name; returns its non-blocking descriptor. Raises OSError where that is not allowed."""
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TUN | _IFF_NO_PI))
    return descriptor


class Pump:
    """Moves packets between the two devices when the box says that they are due."""

    def __init__(self, box: Box, near: int, far: int) -> None:
        self._box = box
        self._devices: dict[Side, int] = {"near": near, "far": far}
        self._sides: dict[int, Side] = {descriptor: side for side, descriptor in self._devices.items()}
        self._waiting: list[tuple[float, int, Departure]] = []
        self._numbers = itertools.count()

    def run(self, until: int) -> None:
        """Pumps until `until` (a descriptor) reaches its end."""
        while not self.moved((until,)) or os.read(until, 1024):
            pass

    def exchange(self, box: Box) -> None:
        """Has `box` in the place of the one so far, and forgets what waits in that one."""
        self._box = box
        self._waiting.clear()

    def moved(self, others: Sequence[int]) -> list[int]:
        """Waits for a packet, one that is due, or `others`; moves packets; returns which of `others` can be read."""
        # Not epoll, which counts in milliseconds: select waits to the microsecond.
        readable, _, _ = select.select([*self._sides, *others], [], [], self._pause())
        for descriptor in readable:
            if descriptor in self._sides:
                self._take(self._sides[descriptor])
        self._release()
        return [descriptor for descriptor in others if descriptor in readable]

    def _pause(self) -> float | None:
        return max(0.0, self._waiting[0][0] - time.monotonic()) if self._waiting else None

    def _take(self, side: Side) -> None:
        with contextlib.suppress(OSError):  # EAGAIN: nothing more; EIO: the device is down
            for _ in range(_PER_WAKE):
                packet = os.read(self._devices[side], _MAX_PACKET)
                for departure in self._box.forward(side, packet, time.monotonic()):
                    heapq.heappush(self._waiting, (departure.due, next(self._numbers), departure))

    def _release(self) -> None:
        while self._waiting and self._waiting[0][0] <= time.monotonic():
            departure = heapq.heappop(self._waiting)[2]
            with contextlib.suppress(OSError):  # a device that is down loses packets, as cables do
                os.write(self._devices[departure.side], departure.packet)


def run_ahead_of_others() -> None:
    """On a busy machine the link's clock matters more than the load that it carries."""
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))


def main() -> None:
    """Reads the arguments, opens the devices, pumps."""
    near, far, shape = sys.argv[1:]
    pump = Pump(Duplex(msgspec.json.decode(shape, type=Shape)), open_tun(near), open_tun(far))
    run_ahead_of_others()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    pump.run(until=sys.stdin.fileno())


if __name__ == "__main__":
    main()
