"""Builds a layout out of namespaces, and takes it away again."""

import atexit
import itertools
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from tests.lab import namespace
from tests.lab.layout import NAMESERVER_IPV4, SERVER_IPV4, SERVER_IPV6, Layout
from tests.lab.namespace import Namespace, ip_batch, shell
from tests.lab.process import Completed, Running, wait_until
from tests.lab.wiring import CLOUD, INTERNET, SERVER, Box, Cable, Wiring, wire

_numbers = itertools.count()
_CARRIER_S = 10.0
_FIRST_INDEX = 10
HOSTS = f"127.0.0.1 localhost\n::1 localhost\n{SERVER_IPV4} turn.example.org\n{SERVER_IPV6} turn.example.org\n"


class World:
    """A running layout. A context manager; `close` may be called twice, and the interpreter's end calls it as well."""

    def __init__(self, layout: Layout | None = None) -> None:
        self.layout = layout or Layout()
        self.directory = Path(namespace.new_directory())
        (self.directory / "hosts").write_text(HOSTS)
        (self.directory / "resolv.conf").write_text(f"nameserver {NAMESERVER_IPV4}\noptions timeout:1 attempts:1\n")
        self._prefix = f"np{os.getpid()}-{next(_numbers)}-"
        self._files = itertools.count()
        self._cables = itertools.count()
        self._running: list[Running] = []
        self._boxes: dict[str, Namespace] = {}
        atexit.register(self.close)
        try:
            self._build()
        except BaseException:
            self.close()
            raise

    def __getitem__(self, name: str) -> Namespace:
        """The namespace of a client, or "internet", "cloud", "server", "client-home"."""
        return self._boxes[name]

    def __iter__(self) -> Iterator[Namespace]:
        return iter(self._boxes.values())

    @property
    def client(self) -> Namespace:
        """The first client."""
        return self[self.layout.clients[0].name]

    @property
    def internet(self) -> Namespace:
        """The routers in between; third parties' servers run here."""
        return self[INTERNET]

    @property
    def server(self) -> Namespace:
        """Where coturn runs."""
        return self[SERVER]

    @property
    def cloud(self) -> Namespace:
        """The server's gateway."""
        return self[CLOUD]

    def new_file(self, name: str) -> Path:
        """A path in the world's directory that nothing else uses."""
        return self.directory / f"{next(self._files)}-{name}"

    def keep(self, running: Running) -> Running:
        """Makes the world stop a program at its own end."""
        self._running.append(running)
        return running

    def natprobe(self, *arguments: str, env: Mapping[str, str] | None = None, timeout: float = 60.0) -> Completed:
        """Runs natprobe on the first client."""
        return self.client.run(*natprobe_command(*arguments), env=env, timeout=timeout)

    def close(self) -> None:
        """Stops what runs in the world and removes it."""
        atexit.unregister(self.close)
        while self._running:
            self._running.pop().stop()
        namespace.remove([box.name for box in self._boxes.values()])
        self._boxes.clear()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _build(self) -> None:
        self._raise(wire(self.layout))

    def _raise(self, wiring: Wiring) -> None:
        """Makes what a wiring names and is not there yet, and sets up all of it."""
        plain = [cable for cable in wiring.cables if cable.shape is None]
        shaped = [cable for cable in wiring.cables if cable.shape is not None]
        names = {box: self._prefix + box for box in wiring.boxes if box not in self._boxes}
        self._boxes |= {box: Namespace(name, self.directory) for box, name in names.items()}
        ip_batch([*(f"netns add {name}" for name in names.values()), *(self._veth(each) for each in plain)])
        self._lay_tunnels(shaped)
        for name, box in wiring.boxes.items():
            shell(["nsenter", f"--net={self[name].path}", "sh", "-e"], _script(box))
        for name in wiring.boxes:
            self._await_carrier(self[name])

    @staticmethod
    def _await_carrier(box: Namespace) -> None:
        # The kernel tells of a new carrier from a work queue; IPv6 packets sent before that wait for a second.
        if not wait_until(lambda: "NO-CARRIER" not in namespace.links(box.name), _CARRIER_S):
            raise RuntimeError(namespace.links(box.name))

    def _veth(self, cable: Cable) -> str:
        number = next(self._cables)
        # Unlike indices at the two ends: where they are alike the kernel takes up to a second to notice the carrier.
        near, far = (
            f"{device} index {_FIRST_INDEX + 2 * number + end} netns {self[box].name}"
            for end, (box, device) in enumerate((cable.near, cable.far))
        )
        return f"link add {near} type veth peer {far}"

    def _lay_tunnels(self, cables: Sequence[Cable]) -> None:
        tunnels = [(cable, self._tunnel(number, cable)) for number, cable in enumerate(cables)]
        for number, (cable, running) in enumerate(tunnels):
            running.wait_for("ready")
            near, device = cable.near
            shell(
                ["ip", "-n", self[cable.far[0]].name, "-batch", "-"],
                f"link set tunnel{number} netns {self[near].name} name {device}\n",
            )

    def _tunnel(self, number: int, cable: Cable) -> Running:
        shape = msgspec.json.encode(cable.shape).decode()
        box, device = cable.far
        command = (sys.executable, "-m", "tests.lab.tunnel", f"tunnel{number}", device, shape)
        return self.keep(self[box].start(*command))


def natprobe_command(*arguments: str) -> tuple[str, ...]:
    """The command line of this checkout's natprobe."""
    return (sys.executable, "-m", "natprobe", *arguments)


def _script(box: Box) -> str:
    lines = [f"echo '{value}' > /proc/sys/{key}" for key, value in box.sysctls]
    lines += ["ip -batch - <<'END'", *box.ip, "END"]
    if box.nft:
        lines += ["nft -f - <<'END'", box.nft, "END"]
    return "\n".join(lines) + "\n"
