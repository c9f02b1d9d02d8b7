"""How long does a whole UDP check of a healthy TURN server take, measured in round trips?

    python -m benchmarks.turn_check

The lab's link emulates the round trip R; a real coturn answers. The limit for the run is 5 R + 40 ms. Beside it stands
turnutils_uclient, the tool that operators reach for, with one message from client to client (`-y -c -n 1`).
"""

import shutil
import statistics
import sys
from collections.abc import Sequence

import msgspec

from benchmarks.child import Child, natprobe, run
from benchmarks.show import Row, arguments, show
from tests.lab import ability
from tests.lab.coturn import LONG_TERM, PASSWORD, USER, Coturn, cloud_addresses
from tests.lab.layout import SERVER_IPV4, Client, Layout
from tests.lab.link import Shape
from tests.lab.world import World

ROUND_TRIPS_MS = (20.0, 50.0, 100.0)
IDEAL_ROUND_TRIPS, OWN_LIMIT_MS = 5, 40.0
_CHECK = natprobe("check", "--json", f"turn:{SERVER_IPV4}?transport=udp", "-u", USER)
_UCLIENT = ("turnutils_uclient", "-y", "-c", "-n", "1", "-u", USER, "-w", PASSWORD, SERVER_IPV4)


def main() -> None:
    """Measures at each round trip and prints."""
    told = arguments(__doc__, runs=7)
    why = ability.missing("lab") or ability.missing("tun")
    if why is not None:
        sys.exit(why)
    show([measure(rtt_ms, told.runs) for rtt_ms in ROUND_TRIPS_MS], as_json=told.json)


def measure(rtt_ms: float, runs: int) -> Row:
    """One row: the run as the report tells it, the process around it, and the peer."""
    layout = Layout(clients=(Client(shape=Shape(delay_ms=rtt_ms / 2)),))
    with World(layout) as world:
        Coturn(world, *LONG_TERM, *cloud_addresses(world))
        checks = [_checked(world) for _ in range(runs)]
        peer_ms = _peer_ms(world)
    took = [duration_ms for _, duration_ms in checks]
    wall_ms = statistics.median(child.wall_ms for child, _ in checks)
    median = statistics.median(took)
    own_ms = median - IDEAL_ROUND_TRIPS * rtt_ms
    return {
        "R ms": rtt_ms,
        "run ms": median,
        "worst": max(took),
        "ratio to 5 R": median / (IDEAL_ROUND_TRIPS * rtt_ms),
        "own ms": own_ms,
        "limit": OWN_LIMIT_MS,
        "process ms": wall_ms,
        "of it not run": wall_ms - median,
        "cpu ms": statistics.median(child.cpu_ms for child, _ in checks),
        "uclient ms": peer_ms,
        "ratio to uclient": wall_ms / peer_ms if peer_ms else None,
    }


def _checked(world: World) -> tuple[Child, float]:
    child = _in(world, _CHECK)
    if child.exit_code != 0:
        raise RuntimeError(f"the check did not pass\n{child.stdout}{child.stderr}")
    return child, float(msgspec.json.decode(child.stdout)["duration_ms"])


def _peer_ms(world: World) -> float | None:
    if shutil.which(_UCLIENT[0]) is None:
        return None
    child = _in(world, _UCLIENT)
    return child.wall_ms if child.exit_code == 0 else None


def _in(world: World, command: Sequence[str]) -> Child:
    return run(world.client.command(*command), {"NATPROBE_PASSWORD": PASSWORD})


if __name__ == "__main__":
    main()
