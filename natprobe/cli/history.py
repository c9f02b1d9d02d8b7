"""A directory of reports: one file a run, named by its time, the oldest taken away; read back in order.

Several runs may write at once. A report is written beside its name and then renamed, so that a reader sees all of it or
nothing; only files that have the form of our names are ever taken away.
"""

import contextlib
import os
import re
import secrets
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from natprobe.cli.kept import kept_report
from natprobe.cli.parser import UsageError
from natprobe.measured import moment
from natprobe.model import Report
from natprobe_reports import PLAIN, RENDERERS

DEFAULT_KEPT = 500
MOST_KEPT = 1_000_000
_NAME = re.compile(r"\d{8}T\d{6}\.\d{3}Z-[a-z]+-[0-9a-f]{8}\.json")
_UNFINISHED = re.compile(r"\.\d{8}T\d{6}\.\d{3}Z-[a-z]+-[0-9a-f]{8}\.json\.tmp")
_ABANDONED_S = 3600.0


def prepare(directory: Path, most: int) -> None:
    """Makes sure that a report can be kept there. Raises UsageError before anything is sent."""
    if not 1 <= most <= MOST_KEPT:
        raise UsageError(f"--history-keep: {most} is out of bounds; give 1 to {MOST_KEPT}")
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--history: {directory} is no directory to write to ({error.strerror})") from None
    if not os.access(directory, os.W_OK | os.X_OK):
        raise UsageError(f"--history: {directory} is no directory to write to (Permission denied)")


def keep(report: Report, directory: Path, most: int) -> Path:
    """Writes `report` to `directory`, which keeps the newest `most`; returns its file. Raises OSError."""
    name = f"{_stamp(report)}-{report.command}-{secrets.token_hex(4)}.json"
    unfinished, path = directory / f".{name}.tmp", directory / name
    try:
        with unfinished.open("xb") as file:
            file.write(RENDERERS["json"](report, PLAIN).encode())
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
    _rotate(directory, most)
    return path


def read(names: Iterable[str]) -> tuple[list[Report], list[str]]:
    """The reports in these files and directories, and a sentence for each file that holds none."""
    reports: list[Report] = []
    skipped: list[str] = []
    for name in dict.fromkeys(str(path) for each in names for path in _files(each)):
        try:
            reports.append(kept_report(name))
        except UsageError as error:
            skipped.append(f"skipped {error}")
    return reports, skipped


def _files(name: str) -> Iterator[Path | str]:
    if name == "-" or not os.path.isdir(name):  # noqa: PTH112  Path's raises where a name is too long
        yield name
        return
    yield from sorted(path for path in Path(name).iterdir() if path.suffix == ".json" and path.is_file())


def _rotate(directory: Path, most: int) -> None:
    names = sorted(name for name in os.listdir(directory) if _NAME.fullmatch(name))  # noqa: PTH208  names are enough
    for name in names[:-most]:
        (directory / name).unlink(missing_ok=True)  # another run may have been here first
    for path in directory.glob(".*.json.tmp"):
        if _UNFINISHED.fullmatch(path.name):
            _sweep(path)


def _sweep(path: Path) -> None:
    """Takes away what a killed run left. What is young may be another run's work."""
    with contextlib.suppress(OSError):
        if time.time() - path.stat().st_mtime > _ABANDONED_S:
            path.unlink()


def _stamp(report: Report) -> str:
    began = moment(report.started) or datetime.now(UTC)
    return f"{began.astimezone(UTC):%Y%m%dT%H%M%S}.{began.microsecond // 1000:03}Z"
