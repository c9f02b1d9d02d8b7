"""How much memory does a check hold at its peak? The limit is 64 MiB.

    python -m benchmarks.memory

Against a real coturn in the lab, over each transport, beside a Python that does nothing.
"""

import statistics
import sys
from pathlib import Path

from benchmarks.child import run, with_peak
from benchmarks.show import Row, arguments, show
from tests.lab import ability
from tests.lab.certificates import Authority
from tests.lab.coturn import LONG_TERM, PASSWORD, USER, Coturn, cloud_addresses
from tests.lab.layout import SERVER_IPV4
from tests.lab.world import World

LIMIT_MIB = 64.0
_MAIN = "from natprobe.cli import main; sys.exit(main())"
TARGETS = {
    "udp": f"turn:{SERVER_IPV4}?transport=udp",
    "tcp": f"turn:{SERVER_IPV4}?transport=tcp",
    "tls": "turns:turn.example.org?transport=tcp",
    "dtls": "turns:turn.example.org?transport=udp",
    "all of a name": "turns:turn.example.org",
}


def main() -> None:
    """Measures each transport and prints."""
    told = arguments(__doc__, runs=3)
    if (why := ability.missing("lab")) is not None:
        sys.exit(why)
    with World() as world:
        authority = Authority(world.directory)
        Coturn(world, *LONG_TERM, *cloud_addresses(world), *authority.issue().options)
        idle_mib = _peak_mib(world, "pass")
        rows = [
            _row(name, [_checked_mib(world, target, authority.root) for _ in range(told.runs)], idle_mib)
            for name, target in TARGETS.items()
        ]
    show([_row("python -c pass", [idle_mib], idle_mib), *rows], as_json=told.json)


def _checked_mib(world: World, target: str, root: Path) -> float:
    return _peak_mib(world, _MAIN, "check", target, "-u", USER, "--ca-file", str(root))


def _peak_mib(world: World, program: str, *arguments: str) -> float:
    child = run(world.client.command(*with_peak(program, *arguments)), {"NATPROBE_PASSWORD": PASSWORD})
    if child.exit_code != 0:
        raise RuntimeError(f"the check did not pass\n{child.stdout}{child.stderr}")
    return int(child.stderr.splitlines()[-1]) / 1024


def _row(name: str, peaks: list[float], idle_mib: float) -> Row:
    median = statistics.median(peaks)
    return {
        "check over": name,
        "peak MiB": median,
        "worst": max(peaks),
        "ratio to idle": median / idle_mib,
        "limit": LIMIT_MIB,
    }


if __name__ == "__main__":
    main()
