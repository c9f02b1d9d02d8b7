"""Reads reports that `--json` or `--report json=FILE` kept."""

import sys
from pathlib import Path

from natprobe.cli.parser import UsageError
from natprobe.model import Report
from natprobe_reports.json import ReportError, decode

LARGEST_REPORT = 64_000_000
_RECORDING = b'{"recording":'


def kept_report(name: str) -> Report:
    """The report in the file `name`; `-` is stdin. Raises UsageError with one line."""
    try:
        data = _bytes(name)
        if not data:
            raise UsageError(f"{_called(name)} is empty; name a report that --json printed")
        if data.startswith(_RECORDING):
            raise UsageError(f"{name} is a recording; `natprobe replay {name}` reads it, and writes reports of it")
        return decode(data)
    except OSError as error:
        raise UsageError(
            f"{_called(name)} cannot be read ({error.strerror}); name a report that --json printed"
        ) from None
    except ReportError as error:
        raise UsageError(f"{_called(name)}: {error}") from None


def _called(name: str) -> str:
    return "standard input" if name == "-" else name or "a file without a name"


def _bytes(name: str) -> bytes:
    if name == "-":
        data = sys.stdin.buffer.read(LARGEST_REPORT + 1)
    else:
        with Path(name).open("rb") as file:
            data = file.read(LARGEST_REPORT + 1)
    if len(data) > LARGEST_REPORT:
        raise ReportError(f"longer than {LARGEST_REPORT} bytes: no report is")
    return data
