"""Each target's cells as ladders, with healthy ones folded where there is something else to look at."""

from collections.abc import Iterator
from typing import NamedTuple

from natprobe.model import Check, Report, Status, Verdict
from natprobe_reports.html.findings import Findings, Link
from natprobe_reports.html.marks import STATUS_MARKS, Mark, worst
from natprobe_reports.view import CellView, NotTested, TargetView, made, not_tested, state, targets
from natprobe_reports.words import applies, counts, duration

_MOST_FULL_CELLS = 4
_MOST_OPEN_RUNGS = 150
_LONGEST_STRIP = 24
_LONGEST_BARE = 12


class Anchors(NamedTuple):
    """Names for links within the page: made of numbers, so that no word of a server ever becomes one."""

    prefix: str
    numbers: dict[int, int]
    """By the identity of a check, its place in the report."""

    def evidence(self, check: Check) -> str | None:
        """Where the raw evidence of `check` stands; None where it has none."""
        return f"{self.prefix}evidence-{self.numbers[id(check)]}" if check.evidence else None


class Rung(NamedTuple):
    """One check that was made."""

    mark: Mark
    id: str
    summary: str
    took: str
    findings: tuple[Link, ...]
    evidence: str | None


class Cell(NamedTuple):
    """One transport at one address."""

    place: str
    """Empty where the rungs stand below the target itself."""
    state: str
    mark: Mark
    strip: tuple[Mark, ...]
    """The ladder in miniature: one mark a check."""
    more: int
    """How many checks the miniature leaves out."""
    rungs: tuple[Rung, ...]
    gaps: tuple[NotTested, ...]
    open: bool


class Target(NamedTuple):
    """A target as the user wrote it."""

    asked: str
    state: str
    """Its group, and how its checks ended."""
    mark: Mark
    cells: tuple[Cell, ...]


_IDLE = Mark(STATUS_MARKS[Status.SKIP].kind, "does not apply")


def anchors_of(report: Report, prefix: str) -> Anchors:
    """The anchors of the report's checks."""
    return Anchors(prefix, {id(check): number for number, check in enumerate(report.checks, 1)})


def ladders(report: Report, findings: Findings, anchors: Anchors, *, verbose: bool) -> tuple[Target, ...]:
    """All targets, in the order in which they were told."""
    views = targets(report)
    crowded = report.verdict is not Verdict.PASS or sum(len(view.cells) for view in views) > _MOST_FULL_CELLS
    opened = _opened(views, crowded=crowded, verbose=verbose)
    return tuple(
        Target(
            asked=view.asked,
            state=" · ".join(filter(None, (view.group, counts(_checks(view))))),
            mark=worst(_checks(view)),
            cells=tuple(_cell(cell, findings, anchors, unfolded=next(opened)) for cell in view.cells),
        )
        for view in views
    )


def _checks(view: TargetView) -> tuple[Check, ...]:
    return tuple(check for cell in view.cells for check in cell.checks)


def _opened(views: tuple[TargetView, ...], *, crowded: bool, verbose: bool) -> Iterator[bool]:
    """For each cell in turn whether it stands open."""
    shown = 0
    for cell in (cell for view in views for cell in view.cells):
        dull = cell.healthy or cell.not_offered
        wanted = verbose or (not (crowded and dull) and shown < _MOST_OPEN_RUNGS)
        shown += len(cell.checks) if wanted else 0
        yield wanted


def _cell(cell: CellView, findings: Findings, anchors: Anchors, *, unfolded: bool) -> Cell:
    bare = not cell.place and len(cell.checks) <= _LONGEST_BARE
    return Cell(
        place="" if bare else cell.place or "the target as a whole",
        state=state(cell),
        mark=worst(cell.checks),
        strip=tuple(STATUS_MARKS[check.status] for check in cell.checks[:_LONGEST_STRIP]),
        more=max(0, len(cell.checks) - _LONGEST_STRIP),
        rungs=tuple(_rung(check, findings, anchors) for check in made(cell)),
        gaps=not_tested(cell),
        open=unfolded,
    )


def _rung(check: Check, findings: Findings, anchors: Anchors) -> Rung:
    return Rung(
        mark=STATUS_MARKS[check.status] if applies(check) else _IDLE,
        id=check.id,
        summary=check.summary,
        took=duration(check.duration_ms),
        findings=findings.of(check),
        evidence=anchors.evidence(check),
    )
