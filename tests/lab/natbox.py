"""Runs an emulated way out between two TUN devices: `python -m tests.lab.natbox NEAR FAR CONTROL`, in a namespace.

Prints "ready" once both devices and the control socket (a path, which no network namespace hides) exist. A message
there holds a `Path` as JSON and rebuilds the routers, nothing remembered, or null, which changes nothing. The answer is
what became of the last packets, a JSON list of lines. Ends when its standard input closes.
"""

import contextlib
import gc
import os
import socket
import sys

import msgspec

from tests.lab.behaviour import Path
from tests.lab.router import Router
from tests.lab.tunnel import Pump, open_tun, run_ahead_of_others

_MOST_BYTES = 1 << 16
_MOST_LINES = 400
_PATIENCE_S = 5.0


class Machine:
    """A router, its two devices and its control socket."""

    def __init__(self, near: int, far: int, control: socket.socket) -> None:
        self._router = Router(Path())
        self._pump = Pump(self._router, near, far)
        self._control = control

    def run(self, until: int) -> None:
        """Moves packets until `until` (a descriptor) reaches its end."""
        control = self._control.fileno()
        while True:
            for descriptor in self._pump.moved((control, until)):
                if descriptor == control:
                    self._obey()
                elif not os.read(until, 1024):
                    return

    def _obey(self) -> None:
        with self._control.accept()[0] as caller, contextlib.suppress(OSError):
            caller.settimeout(_PATIENCE_S)
            path = msgspec.json.decode(caller.recv(_MOST_BYTES), type=Path | None)
            lines = self._router.trace()[-_MOST_LINES:]
            if path is not None:
                self._router = Router(path)
                self._pump.exchange(self._router)
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
        gc.disable()  # a pause would be jitter; nothing here makes cycles
        run_ahead_of_others()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        machine.run(until=sys.stdin.fileno())


if __name__ == "__main__":
    main()
