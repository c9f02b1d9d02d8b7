"""How soon is silence told? A silent host, a closed port and a name that does not resolve. The limit is 3.5 s.

    python -m benchmarks.silence [--busy N]

It is the wall time of the whole process, from the shell's point of view. `--busy` puts N processes that only compute
beside it, as on a machine that has other work.
"""

import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from subprocess import Popen

import msgspec

from benchmarks.child import Child, natprobe, run
from benchmarks.show import Row, parser, show
from tests.lab import ability
from tests.lab.layout import SERVER_IPV4, Layout, Server
from tests.lab.world import World

LIMIT_S = 3.5
_LOGIN = ("-u", "alice", "-p", "correct horse")
_NAME = ("--resolver", SERVER_IPV4)
CHECKS = {
    "turn, udp silent": ("turn:{}:3478?transport=udp", *_LOGIN),
    "turn, udp and tcp silent": ("turn:{}:3478", *_LOGIN),
    "turns, tls and dtls silent": ("turns:{}:5349", *_LOGIN),
    "stun, silent": ("stun:{}:3478",),
    "closed port": ("turn:{}:3479", *_LOGIN),
    "name, resolver silent": ("turns:turn.example.org", *_NAME, *_LOGIN),
}
_CLOSED = ((3479, 3479),)
_LAYOUT = Layout(server=Server(open_udp=_CLOSED, open_tcp=_CLOSED))
"""The cloud's firewall drops all but one port, on which nobody listens."""


def main() -> None:
    """Measures each and prints."""
    options = parser(__doc__, runs=5)
    options.add_argument("--busy", metavar="N", type=int, default=0, help="how many processes compute meanwhile")
    told = options.parse_args()
    if (why := ability.missing("lab")) is not None:
        sys.exit(why)
    with World(_LAYOUT) as world, _busy(told.busy):
        # In turns: Linux sends one ICMP error a second to one host, and a port just found closed would seem silent.
        taken = [{name: _checked(world, check) for name, check in CHECKS.items()} for _ in range(told.runs)]
    show([_row(name, [each[name] for each in taken]) for name in CHECKS], as_json=told.json)


def _checked(world: World, check: tuple[str, ...]) -> tuple[Child, float]:
    child = run(world.client.command(*natprobe("check", "--json", *(each.format(SERVER_IPV4) for each in check))))
    if child.exit_code != 1:
        raise RuntimeError(f"the check should have failed\n{child.stdout}{child.stderr}")
    return child, float(msgspec.json.decode(child.stdout)["duration_ms"]) / 1000


def _row(name: str, checks: list[tuple[Child, float]]) -> Row:
    walls_s = [child.wall_ms / 1000 for child, _ in checks]
    return {
        "what": name,
        "run s": statistics.median(run_s for _, run_s in checks),
        "process s": statistics.median(walls_s),
        "worst": max(walls_s),
        "limit": LIMIT_S,
    }


@contextmanager
def _busy(processes: int) -> Iterator[None]:
    others = [Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


if __name__ == "__main__":
    main()
