"""How long does `natprobe --help` compute, beside a Python that does nothing? The limit is 120 ms of process time.

    python -m benchmarks.startup

Below the table stand the modules that take longest to import for `--help`, and for a check before its first packet.
"""

import compileall
import re
import statistics
import sys

from benchmarks.child import ROOT, natprobe, run
from benchmarks.show import Row, arguments, show

LIMIT_MS = 120.0
_IMPORT = re.compile(r"import time: +(\d+) \| +(\d+) \| +(\S+)")
_REFUSED = ("check", "turn:127.0.0.1:9?transport=tcp", "-u", "alice", "-p", "correct horse")
COMMANDS = {
    "python -c pass": (sys.executable, "-c", "pass"),
    "python -c 'import argparse'": (sys.executable, "-c", "import argparse"),
    "natprobe --help": natprobe("--help"),
    "natprobe --version": natprobe("--version"),
    "natprobe check --help": natprobe("check", "--help"),
    "natprobe explain turn-500": natprobe("explain", "turn-500"),
    "natprobe check, port refused": natprobe(*_REFUSED),
}


def main() -> None:
    """Compiles, measures in turns so that a busy machine is unkind to all alike, and prints."""
    told = arguments(__doc__, runs=15)
    for room in ("natprobe", "reports", "tui"):
        compileall.compile_dir(ROOT / room, quiet=1)
    taken = [{name: run(command) for name, command in COMMANDS.items()} for _ in range(told.runs)]
    idle_ms = statistics.median(each["python -c pass"].cpu_ms for each in taken)
    rows = [_row(name, [each[name].cpu_ms for each in taken], idle_ms) for name in COMMANDS]
    show(rows, as_json=told.json)
    if not told.json:
        for name, command in (("--help", natprobe("--help")), ("check", natprobe(*_REFUSED))):
            print(f"\nlongest imports of {name}, alone and with what they import")
            show(_longest_imports(command), as_json=False)


def _row(name: str, cpu_ms: list[float], idle_ms: float) -> Row:
    median = statistics.median(cpu_ms)
    limit = LIMIT_MS if name == "natprobe --help" else None
    return {"program": name, "cpu ms": median, "least": min(cpu_ms), "ratio": median / idle_ms, "limit": limit}


def _longest_imports(command: tuple[str, ...]) -> list[Row]:
    """From -X importtime, which itself makes imports slower: shares are right, sums are not."""
    lines = run((command[0], "-X", "importtime", *command[1:])).stderr
    found = [(int(match[1]) / 1000, int(match[2]) / 1000, match[3]) for match in _IMPORT.finditer(lines)]
    return [{"module": name, "ms": alone, "in all": whole} for alone, whole, name in sorted(found, reverse=True)[:8]]


if __name__ == "__main__":
    main()
