"""Keeps a world up to try things in: `python -m tests.lab [LAYOUT.toml] [--coturn OPTION …]`, until Ctrl-C."""

import argparse
import contextlib
import shlex
import signal
import sys
from pathlib import Path

from tests.lab import ability, namespace
from tests.lab.coturn import LONG_TERM, PASSWORD, USER, Coturn, cloud_addresses
from tests.lab.layout import Layout, from_toml
from tests.lab.world import World, natprobe_command


def main() -> None:
    """Builds, explains, waits."""
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description=__doc__)
    parser.add_argument("layout", type=Path, nargs="?", help="a layout as TOML (see layout.py); default: all works")
    parser.add_argument("--coturn", action="extend", nargs="+", metavar="OPTION", help="its options, instead of ours")
    told = parser.parse_args()
    if (why := ability.missing("lab")) is not None:
        sys.exit(why)
    namespace.sweep()
    with World(from_toml(told.layout.read_text()) if told.layout else Layout()) as world:
        coturn = Coturn(world, *(told.coturn or (*cloud_addresses(world), *LONG_TERM)))
        _explain(world, coturn)
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()


def _explain(world: World, coturn: Coturn) -> None:
    lines = [f"{box.name:>24}  {shlex.join(['nsenter', f'--net={box.path}', 'bash'])}" for box in world]
    check = natprobe_command("check", "turn:turn.example.org", "-u", USER, "-p", PASSWORD)
    lines += [
        "",
        f"coturn's log: {coturn.log_file}",
        shlex.join(world.client.command(*check)),
        "Ctrl-C removes it all.",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
