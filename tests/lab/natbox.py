"""Runs an emulated way out between two TUN devices: `python -m tests.lab.natbox NEAR FAR CONTROL`, in a namespace.

Prints "ready" once both devices and the control socket (a path, which no network namespace hides) exist. A message
there holds a `Path` as JSON and rebuilds the routers, nothing remembered, or null, which changes nothing. The answer is
what became of the last packets, a JSON list of lines. Ends when its standard input closes.
"""

import contextlib
import gc
import heapq
import itertools
import os
import select
import socket
import sys
import time

import msgspec

from tests.lab.behaviour import Path
from tests.lab.link import Departure, Side
from tests.lab.router import Router
from tests.lab.tunnel import open_tun

_MOST_BYTES = 1 << 16
_MOST_LINES = 400
_PER_WAKE = 64
_PATIENCE_S = 5.0


class Machine:
    """A router, its two devices and its control socket."""

    def __init__(self, near: int, far: int, control: socket.socket) -> None:
        self._router = Router(Path())
        self._devices: dict[Side, int] = {"near": near, "far": far}
        self._control = control
        self._waiting: list[tuple[float, int, Departure]] = []
        self._numbers = itertools.count()

    def run(self, until: int) -> None:
        """Moves packets until `until` (a descriptor) reaches its end."""
        sides: dict[int, Side] = {descriptor: side for side, descriptor in self._devices.items()}
        control = self._control.fileno()
        while True:
            # Not epoll, which counts in milliseconds: select waits to the microsecond.
            for descriptor in select.select([*sides, control, until], [], [], self._pause())[0]:
                if descriptor in sides:
                    self._take(sides[descriptor])
                elif descriptor == control:
                    self._obey()
                elif not os.read(until, 1024):
                    return
            self._release()

    def _pause(self) -> float | None:
        return max(0.0, self._waiting[0][0] - time.monotonic()) if self._waiting else None

    def _take(self, side: Side) -> None:
        with contextlib.suppress(OSError):  # EAGAIN: nothing more; EIO: the device is down
            for _ in range(_PER_WAKE):
                packet = os.read(self._devices[side], _MOST_BYTES)
                for departure in self._router.forward(side, packet, time.monotonic()):
                    heapq.heappush(self._waiting, (departure.due, next(self._numbers), departure))

    def _release(self) -> None:
        while self._waiting and self._waiting[0][0] <= time.monotonic():
            departure = heapq.heappop(self._waiting)[2]
            with contextlib.suppress(OSError):  # a device that is down loses packets, as cables do
                os.write(self._devices[departure.side], departure.packet)

    def _obey(self) -> None:
        with self._control.accept()[0] as caller, contextlib.suppress(OSError):
            caller.settimeout(_PATIENCE_S)
            path = msgspec.json.decode(caller.recv(_MOST_BYTES), type=Path | None)
            lines = self._router.trace()[-_MOST_LINES:]
            if path is not None:
                self._router = Router(path)
                self._waiting.clear()
            caller.send(msgspec.json.encode(lines))


def tell(control: str, path: Path | None = None) -> tuple[str, ...]:
    """Gives a running machine a new path, or none; returns what it did until then. Raises OSError where it is gone."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as own:
        own.settimeout(_PATIENCE_S)
        own.connect(control)
        own.send(msgspec.json.encode(path))
        return msgspec.json.decode(own.recv(_MOST_BYTES), type=tuple[str, ...])


def main() -> None:
    """Opens the devices and the control socket, then runs."""
    near, far, control = sys.argv[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(control)
        listener.listen()
        machine = Machine(open_tun(near), open_tun(far), listener)
        _run_ahead_of_others()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        machine.run(until=sys.stdin.fileno())


def _run_ahead_of_others() -> None:
    """On a busy machine the emulated clock matters more than the load that it carries."""
    gc.disable()  # a pause would be jitter; nothing here makes cycles
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))


if __name__ == "__main__":
    main()
