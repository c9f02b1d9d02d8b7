"""How has it gone over time? Kept reports → one line a cell: its state, its round trip, its silence in each run. Pure.

The structure is what a picture needs: `runs` is the time axis (`at_s`), and every series of a line has one value a run,
None where that run knows none. A cell is (host, target, transport, address family): an address may change between runs.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import msgspec

from natprobe.measured import median, moment, round_trips_ms, sends
from natprobe.model import Check, Command, Report, Status, Verdict

SCHEMA = "natprobe/trend/1"

Cell = tuple[str, str, str, str | None, int | None]
Values = tuple[float | None, ...]


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """One run on the time axis."""

    started: str
    at_s: float | None
    """UNIX time; None where `started` cannot be read."""
    hostname: str
    command: Command
    verdict: Verdict
    interrupted: bool
    failed: int
    """How many checks failed."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One cell over time. Each series has one value a run, in the order of Trend.runs."""

    hostname: str
    asked: str
    target: str
    transport: str | None
    family: Literal[4, 6] | None
    addresses: tuple[str, ...]
    """Every address that it had, in the order of their appearance."""
    statuses: tuple[Status | None, ...]
    """The worst status of its checks; skipped ones aside, where others were made."""
    failing: tuple[tuple[str, ...], ...]
    """The ids of the checks that failed."""
    rtt_ms: Values
    """The median round trip."""
    unanswered: Values
    """Sends that brought no answer over all sends, 0 to 1; over UDP and DTLS only. At most so much was lost: an answer
    that comes too late counts as well."""


class Trend(msgspec.Struct, frozen=True, kw_only=True):
    """Several runs over time."""

    schema: str = SCHEMA
    runs: tuple[Mark, ...]
    """By their start, the oldest first."""
    lines: tuple[Line, ...]
    """In the order in which their cells were first told."""


def trend(reports: Iterable[Report]) -> Trend:
    """The runs in the order of their start, whatever order `reports` has; those that tell no start come last."""
    ordered = sorted(reports, key=_start)
    seen = [_cells(report) for report in ordered]
    cells = dict.fromkeys(cell for run in seen for cell in run)
    return Trend(
        runs=tuple(map(_mark, ordered)),
        lines=tuple(_line(cell, [run.get(cell, ()) for run in seen]) for cell in cells),
    )


def span(values: Iterable[float | None]) -> tuple[float, float] | None:
    """The smallest and the largest of the known values: what an axis has to show. None where none is known."""
    known = [value for value in values if value is not None]
    return (min(known), max(known)) if known else None


def worst(statuses: Iterable[Status | None]) -> Status | None:
    """The worst of them; None where there is none."""
    return max((status for status in statuses if status is not None), key=lambda status: status.rank, default=None)


def _start(report: Report) -> tuple[bool, float]:
    began = moment(report.started)
    return (False, began.timestamp()) if began else (True, 0.0)


def _mark(report: Report) -> Mark:
    began = moment(report.started)
    return Mark(
        started=report.started,
        at_s=began.timestamp() if began else None,
        hostname=report.vantage.hostname,
        command=report.command,
        verdict=report.verdict,
        interrupted=report.interrupted,
        failed=sum(_fails(check) for check in report.checks),
    )


def _cells(report: Report) -> dict[Cell, tuple[Check, ...]]:
    cells: dict[Cell, list[Check]] = {}
    for check in report.checks:
        family = check.address.family if check.address else None
        place = (report.vantage.hostname, check.asked or check.target, check.target, check.transport, family)
        cells.setdefault(place, []).append(check)
    return {cell: tuple(checks) for cell, checks in cells.items()}


def _line(cell: Cell, runs: Sequence[tuple[Check, ...]]) -> Line:
    hostname, asked, target, transport, family = cell
    return Line(
        hostname=hostname,
        asked=asked,
        target=target,
        transport=transport,
        family=None if family is None else 6 if family == 6 else 4,
        addresses=tuple(dict.fromkeys(str(check.address) for run in runs for check in run if check.address)),
        statuses=tuple(map(_status, runs)),
        failing=tuple(tuple(dict.fromkeys(check.id for check in run if _fails(check))) for run in runs),
        rtt_ms=tuple(_series(runs)),
        unanswered=tuple(None if (told := sends(run)) is None else round(told.unanswered_ratio, 4) for run in runs),
    )


def _series(runs: Sequence[tuple[Check, ...]]) -> Iterator[float | None]:
    for run in runs:
        samples = round_trips_ms(run)
        yield round(median(samples), 3) if samples else None


def _status(checks: tuple[Check, ...]) -> Status | None:
    made = [check.status for check in checks if check.status is not Status.SKIP]
    return worst(made or (check.status for check in checks))


def _fails(check: Check) -> bool:
    return check.status in (Status.FAIL, Status.ERROR)
