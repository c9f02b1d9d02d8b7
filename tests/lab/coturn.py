"""A real coturn in a world: `Coturn(world, "user=u:p", "external-ip=…")`; options as turnserver.conf has them."""

import re
from collections.abc import Iterable, Iterator

from tests.lab.layout import SERVER_IPV4, SERVER_IPV6, SERVER_PRIVATE_IPV4
from tests.lab.listening import Protocol, open_ports
from tests.lab.namespace import Namespace
from tests.lab.process import Running, wait_until
from tests.lab.world import World

USER, PASSWORD, REALM = "probe", "p4ss-of-the-lab", "example.org"
LONG_TERM = ("lt-cred-mech", f"user={USER}:{PASSWORD}", f"realm={REALM}")
"""Options for one user with a password."""

_START_S = 10.0
_DEFAULTS = {"listening-port": "3478", "tls-listening-port": "5349", "min-port": "49152", "max-port": "65535"}
# The lab's user is root; without these rights it may not read a file of mode 0, its own neither.
_LOCKED_OUT = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search")
_SESSION = re.compile(r"session (\d+): (.*)")


def cloud_addresses(world: World) -> tuple[str, ...]:
    """Options that fit the world's server: its addresses, and the public one where it is behind the 1:1 NAT."""
    behind = world.layout.server.nat == "one-to-one"
    own = SERVER_PRIVATE_IPV4 if behind else SERVER_IPV4
    hosts = [f"{what}={host}" for what in ("listening-ip", "relay-ip") for host in (own, SERVER_IPV6)]
    mapping = (f"external-ip={SERVER_IPV4}/{own}", f"external-ip={SERVER_IPV6}/{SERVER_IPV6}") if behind else ()
    return (*hosts, *mapping)


class Coturn:
    """A running turnserver; `stop` may be called twice, and the world's end calls it as well.

    Options are "key=value" or "key"; `where` is the world's server unless it is told. With `key_unreadable` its user
    may not read the key. Listens when the constructor returns; raises AssertionError with the log where it does not
    come up.
    """

    def __init__(
        self, world: World, *options: str, where: Namespace | None = None, key_unreadable: bool = False
    ) -> None:
        self._options = (*options, *_missing(options))
        self._under = _LOCKED_OUT if key_unreadable else ()
        place = where or world.server
        self.log_file = world.new_file("coturn.log")
        self._running = world.keep(place.start(*self._command(world)))
        if not wait_until(lambda: self._running.exit_code is not None or self._listens(), _START_S):
            raise AssertionError(f"coturn does not listen\n{self.log()}")
        if self._running.exit_code is not None:
            raise AssertionError(f"coturn ended at once\n{self._running.stdout()}{self.log()}")

    def log(self) -> str:
        """Everything that it has logged so far."""
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def sessions(self) -> dict[str, tuple[str, ...]]:
        """What the log says of each session (one a 5-tuple), by its number, in order."""
        found: dict[str, list[str]] = {}
        for match in _SESSION.finditer(self.log()):
            found.setdefault(match[1], []).append(match[2])
        return {number: tuple(lines) for number, lines in found.items()}

    def allocations(self) -> int:
        """How many relayed transport addresses are open now: the kernel's list of its sockets, not its own word.

        coturn closes one up to a second after it was released: ask `settles_at(0)`.
        """
        first, last = int(self._value("min-port")), int(self._value("max-port"))
        return sum(first <= port <= last for port in (*self._ports("udp"), *self._ports("tcp")))

    def settles_at(self, allocations: int, timeout: float = 5.0) -> bool:
        """Whether the number of allocations becomes this one within `timeout` seconds."""
        return wait_until(lambda: self.allocations() == allocations, timeout)

    def stop(self) -> None:
        """Ends it, allocations and all."""
        self._running.stop()

    @property
    def running(self) -> Running:
        """The process."""
        return self._running

    def _command(self, world: World) -> Iterator[str]:
        yield from (*self._under, "turnserver", "-n", "--verbose", "--simple-log", f"--log-file={self.log_file}")
        yield from (f"--pidfile={world.new_file('coturn.pid')}", f"--userdb={world.new_file('turndb')}")
        yield from (f"--{option}" for option in self._options)

    def _listens(self) -> bool:
        keys = {option.partition("=")[0] for option in self._options}
        wanted = [("listening-port", ("udp", "tcp"))]
        if {"cert", "pkey"} <= keys and not self._under:
            wanted.append(("tls-listening-port", ("dtls", "tls")))
        return all(
            int(self._value(port)) in self._ports(_SOCKETS[kind])
            for port, kinds in wanted
            for kind in kinds
            if f"no-{kind}" not in keys
        )

    def _value(self, key: str) -> str:
        values = [option.partition("=")[2] for option in self._options if option.partition("=")[0] == key]
        return values[-1] if values else _DEFAULTS[key]

    def _ports(self, protocol: Protocol) -> list[int]:
        return open_ports(self._running.pid, protocol)


_SOCKETS: dict[str, Protocol] = {"udp": "udp", "dtls": "udp", "tcp": "tcp", "tls": "tcp"}


def _missing(options: Iterable[str]) -> Iterator[str]:
    keys = {option.partition("=")[0] for option in options}
    if not any(key.startswith("cli-") for key in keys):
        yield "no-cli"
