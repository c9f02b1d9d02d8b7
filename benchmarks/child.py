"""One program, run to its end: how long it took, how long it computed, how much memory it held."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple

ROOT = Path(__file__).parents[1]
_PEAK = """\
import atexit, sys
@atexit.register
def peak():
    line = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    print(line.split()[1], file=sys.stderr)
"""


class Child(NamedTuple):
    """A program that has ended."""

    exit_code: int
    stdout: str
    stderr: str
    wall_ms: float
    cpu_ms: float
    """User and system time, of the program alone."""


def run(command: Sequence[str], env: Mapping[str, str] | None = None) -> Child:
    """Runs `command` in the checkout. Output goes to files, so nothing waits for a reader."""
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=stdout, stderr=stderr, cwd=ROOT, env={**os.environ, **(env or {})})
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        cpu_s = usage.ru_utime + usage.ru_stime
        return Child(process.returncode, _text(stdout), _text(stderr), wall_s * 1000, cpu_s * 1000)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


def natprobe(*arguments: str) -> tuple[str, ...]:
    """The command line of this checkout's natprobe, as its console script starts it."""
    return (sys.executable, "-c", "import sys; from natprobe.cli import main; sys.exit(main())", *arguments)


def with_peak(program: str, *arguments: str) -> tuple[str, ...]:
    """Runs Python source; its last line on stderr is its peak resident memory in KiB.

    The kernel's own count for a child (`ru_maxrss`) begins with the memory of whoever started it.
    """
    return (sys.executable, "-c", _PEAK + program, *arguments)
