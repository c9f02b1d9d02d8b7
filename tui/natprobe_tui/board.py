"""What stands now? Events of round after round in, one standing report out. No widget, no clock, no network.

Theory of operation. A round may cover all targets or some. Its results are taken over target by target, when nothing of
a target is still to end, so that no ladder is ever shown half old and half new. The standing report is diagnosed over
everything that stands, as the text report is, and what changed is looked for at a round's end only: whether a dead
transport was "not offered" shows only across checks.
"""

from collections import deque
from collections.abc import Iterable, Mapping

import msgspec

from natprobe.diagnose import diagnose
from natprobe.events import (
    CandidateFound,
    CandidateMissed,
    CheckEnded,
    CheckPlanned,
    CheckStarted,
    Event,
    NatClassified,
    Packet,
    RunEnded,
    RunStarted,
)
from natprobe.fold import EMPTY, check_of
from natprobe.model import Check, Report, Status
from natprobe_tui.changes import Change, Note, between
from natprobe_tui.host import Host
from natprobe_tui.moments import at_s, written
from natprobe_tui.packets import Captured
from natprobe_tui.place import Cell, Place, asked_of
from natprobe_tui.progress import Progress
from natprobe_tui.track import middle, new_track, waits_ms

CHANGES_KEPT = 500


class Board:
    """Everything that the dashboard shows. `hear` each event; `settle` when somebody looks."""

    def __init__(self) -> None:
        self.report: Report = EMPTY
        """What stands, diagnosed."""
        self.checks: dict[Place, Check] = {}
        """The checks of `report` by place, in the order of the report."""
        self.cells: dict[Cell, list[Check]] = {}
        """The same by cell."""
        self.changes: deque[Change | Note] = deque(maxlen=CHANGES_KEPT)
        """The newest last."""
        self.changed_at: dict[Place, str] = {}
        """When each check last changed."""
        self.tracks: dict[Cell, deque[float | None]] = {}
        self.titles: dict[str, str] = {}
        self.groups: dict[str, str] = {}
        """What a deployment file says that each target belongs to, by the target as it was asked for."""
        self.progress = Progress()
        self.captured = Captured()
        self.host = Host()
        self.rounds = 0
        """How many rounds have ended."""
        self.live = False
        """Whether a round goes on."""
        self.version = 0
        """Grows whenever something to be shown may have changed."""
        self.calm_rounds = 0
        """How many rounds in a row brought no change."""
        self._raw: dict[Place, Check] = {}
        self._stood: dict[Place, Check] = {}
        """What stood when the round began: an interrupted one leaves no trace."""
        self._fresh: dict[Place, Check] = {}
        self._fresh_of: dict[str, dict[Place, Check]] = {}
        """The same by target, until they are taken over."""
        self._told_at: dict[Place, str] = {}
        self._planned: dict[Place, None] = {}
        self._waits: dict[Cell, list[float | None]] = {}
        self._before: dict[Place, Status] = {}
        self._known: set[str] = set()
        self._covered: set[str] | None = None
        self._unsettled = False

    def hear(self, event: Event) -> tuple[Change, ...]:
        """Takes one event in. Returns what has changed, where a round has ended with it."""
        if self.host.hears(event):
            self.version += 1
            return ()
        if isinstance(event, Packet):
            self.captured.add(event)
            return ()
        self.version += 1
        match event:
            case RunStarted():
                self._begin(event)
            case CheckPlanned():
                self.titles[event.id] = event.title
                place = self.progress.plan(event)
                self._planned[place] = None
                if event.group is not None:
                    self.groups[place.cell.asked] = event.group
            case CheckStarted():
                self.progress.start(event)
            case CheckEnded():
                self._end_check(event)
            case RunEnded():
                return self._end(event)
            case NatClassified() | CandidateFound() | CandidateMissed():
                self._about_host(event)
        return ()

    def note(self, note: Note) -> None:
        """Puts a note among the changes."""
        self.changes.append(note)
        self.version += 1

    @property
    def kept(self) -> Report:
        """What stands, with what is known of this host: what a saved report holds."""
        return msgspec.structs.replace(
            self.report,
            nat=self.report.nat or self.host.nat,
            candidates=self.report.candidates or tuple(self.host.candidates),
            candidate_errors=self.report.candidate_errors or tuple(self.host.missed),
        )

    def settle(self) -> None:
        """Brings `report` and `checks` up to date with what has been taken over."""
        if not self._unsettled:
            return
        self._unsettled = False
        self.report = diagnose(msgspec.structs.replace(self.report, checks=tuple(self._raw.values()), findings=()))
        self.checks = dict(zip(self._raw, self.report.checks, strict=True))
        self.cells = {}
        for place, check in self.checks.items():
            self.cells.setdefault(place.cell, []).append(check)

    def _begin(self, event: RunStarted) -> None:
        targets = set(event.targets)
        self._covered = targets if self._known and targets < self._known else None
        self._known |= targets
        self.progress = Progress()
        self.captured.begin()
        self.live = True
        self._stood = dict(self._raw)
        self._fresh, self._fresh_of, self._planned, self._waits, self._told_at = {}, {}, {}, {}, {}
        self.report = msgspec.structs.replace(
            self.report,
            natprobe=event.natprobe,
            command=event.command,
            started=event.started,
            deadline_ms=event.deadline_ms,
            vantage=event.vantage,
            interrupted=False,
            candidates=(),
            candidate_errors=(),
        )

    def _end_check(self, event: CheckEnded) -> None:
        place = self.progress.end(event)
        check = check_of(event)
        self._fresh[place] = check
        self._fresh_of.setdefault(place.cell.asked, {})[place] = check
        self._told_at[place] = written(at_s(self.report.started, event))
        self._waits.setdefault(place.cell, []).extend(waits_ms(check))
        if self.progress.is_done(place.cell.asked):
            self._take_over(place.cell.asked)

    def _take_over(self, asked: str) -> None:
        self._raw |= self._fresh_of.pop(asked)
        self._unsettled = True

    def _about_host(self, event: NatClassified | CandidateFound | CandidateMissed) -> None:
        match event:
            case NatClassified():
                self.report = msgspec.structs.replace(self.report, nat=event.nat)
            case CandidateFound():
                found = (*self.report.candidates, event.candidate)
                self.report = msgspec.structs.replace(self.report, candidates=found)
            case CandidateMissed():
                missed = (*self.report.candidate_errors, event.error)
                self.report = msgspec.structs.replace(self.report, candidate_errors=missed)

    def _end(self, event: RunEnded) -> tuple[Change, ...]:
        self.live = False
        self.report = msgspec.structs.replace(self.report, duration_ms=event.at_ms)
        if event.interrupted:  # what was cut off says nothing about the servers
            self._raw, self._unsettled = self._stood, True
            self.settle()
            return ()
        self.rounds += 1
        self._raw = self._merged()
        self._unsettled = True
        self.settle()
        self._measure()
        changes = self._look()
        self._forget()
        return changes

    def _merged(self) -> dict[Place, Check]:
        """What stands after this round, in the order in which it was planned."""
        kept = {place: check for place, check in self._raw.items() if not self._covers(place)}
        order = [place for place in self._planned if place in self._fresh]
        late = [place for place in self._fresh if place not in self._planned]
        fresh = {place: self._fresh[place] for place in (*order, *late)}
        if self._covered is None:
            return fresh
        return _in_order_of(self._raw, kept | fresh)

    def _covers(self, place: Place) -> bool:
        return self._covered is None or asked_of(place.cell.asked) in self._covered

    def _measure(self) -> None:
        for cell in dict.fromkeys(place.cell for place in self._fresh):
            waits = self._waits.get(cell, [])
            if waits or cell in self.tracks:  # where nothing is ever asked, no silence is shown
                known = [wait for wait in waits if wait is not None]
                self.tracks.setdefault(cell, new_track()).append(middle(known))

    def _look(self) -> tuple[Change, ...]:
        first = self.rounds == 1
        changes = () if first else tuple(between(self._before, self.checks, self._told_at))
        self._before = {place: check.status for place, check in self.checks.items()}
        self.calm_rounds = 0 if changes or first else self.calm_rounds + 1
        self._mark(changes)
        self.changes.extend(changes)
        return changes

    def _mark(self, changes: tuple[Change, ...]) -> None:
        by_key = {(place.id, *place.cell[1:]): place for place in self.checks} if changes else {}
        for change in changes:
            place = by_key.get((change.check, change.target, change.transport, change.address))
            if place is not None:
                self.changed_at[place] = change.at

    def _forget(self) -> None:
        """Keeps nothing about places that are no more."""
        self.changed_at = {place: at for place, at in self.changed_at.items() if place in self.checks}
        self.groups = {
            asked: self.groups[asked]
            for asked in dict.fromkeys(cell.asked for cell in self.cells)
            if asked in self.groups
        }
        self.tracks = {cell: track for cell, track in self.tracks.items() if cell in self.cells}
        self._fresh, self._fresh_of, self._planned, self._waits = {}, {}, {}, {}


def _in_order_of(known: Iterable[Place], checks: Mapping[Place, Check]) -> dict[Place, Check]:
    """`checks` with the targets in the order that they had; what is new of a target stands with it."""
    targets = dict.fromkeys((*(place.cell.asked for place in known), *(place.cell.asked for place in checks)))
    by_target: dict[str, dict[Place, Check]] = {asked: {} for asked in targets}
    for place, check in checks.items():
        by_target[place.cell.asked][place] = check
    return {place: check for group in by_target.values() for place, check in group.items()}
