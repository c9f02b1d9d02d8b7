"""What is not as it was a round ago? What merely follows from something else that changed is not told."""

from collections.abc import Iterable, Mapping

import msgspec

from natprobe.address import Address
from natprobe.model import Check, Report, Status
from natprobe_reports.clean import clean
from natprobe_reports.culprit import culprit
from natprobe_tui.place import Cell, Place


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One check whose status is another than a round ago. None stands for a check that was not made."""

    at: str
    """When the new result was known: RFC 3339, UTC."""
    target: str
    address: Address | None = None
    transport: str | None = None
    check: str
    before: Status | None
    after: Status | None
    summary: str

    @property
    def better(self) -> bool:
        """Whether it went the good way. A check that is gone is no trouble any more."""
        return _rank(self.after) < _rank(self.before)


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """Something for the log that is no change: a webhook that failed."""

    at: str
    words: str


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a command that waits for changes is handed: all changes of one round."""

    schema: str = "natprobe/change/1"
    at: str
    verdict: str
    culprit: str
    changes: tuple[Change, ...]
    omitted: int = 0
    """How many more there are, where not all of them are told."""


def told(report: Report, changes: tuple[Change, ...]) -> Told:
    """`changes`, and how everything stands after them."""
    return Told(at=changes[-1].at, verdict=report.verdict.value, culprit=clean(culprit(report)), changes=changes)


def between(before: Mapping[Place, Status], after: Mapping[Place, Check], at: Mapping[Place, str]) -> list[Change]:
    """The changes in the order of `after`, then what is gone. `at` says when each place was last told."""
    latest = max(at.values(), default="")
    moved = [
        _change(place, before.get(place), check.status, at.get(place, latest), clean(check.summary))
        for place, check in after.items()
        if before.get(place) is not check.status
    ]
    gone = [
        _change(place, status, None, latest, "no longer there to be checked")
        for place, status in before.items()
        if place not in after
    ]
    return _without_consequences([*moved, *gone])


def _change(place: Place, before: Status | None, after: Status | None, at: str, summary: str) -> Change:
    return Change(
        at=at,
        target=place.cell.target,
        address=place.cell.address,
        transport=place.cell.transport,
        check=place.id,
        before=before,
        after=after,
        summary=summary,
    )


def _without_consequences(changes: list[Change]) -> list[Change]:
    """A rung that is not tested because one below it broke says nothing of its own; nor does its return."""
    spoken = {_cell(change) for change in changes if not _follows(change)}
    return [change for change in changes if not _follows(change) or (_cell(change) not in spoken and _matters(change))]


def _follows(change: Change) -> bool:
    return change.after in _QUIET or (change.before in _QUIET and change.after is Status.PASS)


def _matters(change: Change) -> bool:
    """Whether anything but silence, absence and being well took part."""
    return {change.before, change.after} - {None, Status.SKIP, Status.PASS} != set()


_QUIET = (None, Status.SKIP)


def _cell(change: Change) -> Cell:
    return Cell("", change.target, change.transport, change.address)


def _rank(status: Status | None) -> int:
    return Status.PASS.rank if status is None else status.rank


def worst(statuses: Iterable[Status]) -> Status | None:
    """The one that decides; None of none."""
    return max(statuses, key=_RANKS.__getitem__, default=None)


_RANKS = {status: status.rank for status in Status}
"""Looked up thousands of times a second where there are hundreds of targets."""
