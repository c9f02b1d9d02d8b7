"""When was what sent, and when was it answered? A lane for every check, on a scale of its own for every cell."""

import math
from collections.abc import Iterator
from typing import NamedTuple

from natprobe.model import Check, Report, Verdict
from natprobe_reports.html.marks import STATUS_MARKS, Mark, worst
from natprobe_reports.html.packets import Packets, packets_of
from natprobe_reports.view import CellView, made, targets
from natprobe_reports.words import duration, plural

_MOST_OPEN_LANES = 40
_TICKS = 5
_MARGIN = 1.5
"""Percent on either side, so that no symbol is cut off."""


class Stroke(NamedTuple):
    """One request, in percent of the lane's width, ready to be drawn."""

    title: str
    begin: str
    end: str | None
    answered: bool
    sends: tuple[str, ...]
    arrivals: tuple[str, ...]


class Lane(NamedTuple):
    """One check."""

    id: str
    mark: Mark
    begin: str
    width: str
    strokes: tuple[Stroke, ...]
    words: str
    label: str
    """All of it in a sentence, for who does not see the picture."""


class Tick(NamedTuple):
    """A line of the scale."""

    at: str
    label: str
    anchor: str


class Group(NamedTuple):
    """One cell's lanes."""

    title: str
    place: str
    mark: Mark
    state: str
    ticks: tuple[Tick, ...]
    lanes: tuple[Lane, ...]
    open: bool


class Scale(NamedTuple):
    """From milliseconds to percent."""

    begin_ms: float
    end_ms: float

    def at(self, at_ms: float) -> str:
        """Where a moment stands, such as `12.5%`."""
        return f"{_MARGIN + self._share(at_ms) * (100 - 2 * _MARGIN):.2f}%"

    def width(self, begin_ms: float, end_ms: float) -> str:
        """How wide a stretch of time is."""
        return f"{(self._share(end_ms) - self._share(begin_ms)) * (100 - 2 * _MARGIN):.2f}%"

    def _share(self, at_ms: float) -> float:
        return min(1.0, max(0.0, (at_ms - self.begin_ms) / (self.end_ms - self.begin_ms)))


def timeline(report: Report) -> tuple[Group, ...]:
    """The cells in which a check was made; healthy ones are folded where others are not, and so is what exceeds."""
    return tuple(_groups(report))


def _groups(report: Report) -> Iterator[Group]:
    shown = 0
    for target in targets(report):
        for cell, checks in _joined(target.cells):
            dull = report.verdict is not Verdict.PASS and (cell.healthy or cell.not_offered)
            unfolded = not dull and shown + len(checks) <= _MOST_OPEN_LANES
            shown += len(checks) if unfolded else 0
            yield _group(target.asked, cell, checks, unfolded=unfolded)


def _joined(cells: tuple[CellView, ...]) -> Iterator[tuple[CellView, tuple[Check, ...]]]:
    """The cells with the checks to be drawn: what was asked of the target as a whole joins its first cell."""
    before: tuple[Check, ...] = ()
    for number, cell in enumerate(cells, 1):
        checks = (*before, *made(cell))
        before = () if cell.place or number == len(cells) else checks
        if checks and not before:
            yield cell, checks


def _group(asked: str, cell: CellView, checks: tuple[Check, ...], *, unfolded: bool) -> Group:
    told = tuple((check, packets_of(check.evidence)) for check in checks)
    moments = [moment for check, packets in told for moment in _moments(check, packets)]
    scale = Scale(min(moments), max(*moments, min(moments) + 1.0))
    return Group(
        title=asked,
        place=cell.place,
        mark=worst(cell.checks),
        state=f"{duration(scale.end_ms - scale.begin_ms)}, {plural(len(checks), 'check')}",
        ticks=_ticks(scale),
        lanes=tuple(_lane(check, packets, scale) for check, packets in told),
        open=unfolded,
    )


def _moments(check: Check, packets: tuple[Packets, ...]) -> Iterator[float]:
    yield check.started_ms
    yield check.started_ms + check.duration_ms
    for each in packets:
        yield from (*each.sends_ms, *each.arrivals_ms)
        if each.until_ms is not None:
            yield each.until_ms


def _lane(check: Check, packets: tuple[Packets, ...], scale: Scale) -> Lane:
    sent = sum(len(each.sends_ms) for each in packets)
    answered = sum(bool(each.arrivals_ms) for each in packets)
    words = f"{sent} sent, {answered} of {len(packets)} answered" if packets else "no packets recorded"
    ended = STATUS_MARKS[check.status].word
    when = f"began at {duration(check.started_ms)}, took {duration(check.duration_ms)}"
    return Lane(
        id=check.id,
        mark=STATUS_MARKS[check.status],
        begin=scale.at(check.started_ms),
        width=scale.width(check.started_ms, check.started_ms + check.duration_ms),
        strokes=tuple(_stroke(each, scale) for each in packets),
        words=words,
        label=f"{check.id}, {ended}: {when}; {words}",
    )


def _stroke(packets: Packets, scale: Scale) -> Stroke:
    ends = packets.arrivals_ms[:1] or ((packets.until_ms,) if packets.until_ms is not None else ())
    return Stroke(
        title=_title(packets),
        begin=scale.at(packets.sends_ms[0]),
        end=scale.at(ends[0]) if ends else None,
        answered=bool(packets.arrivals_ms),
        sends=tuple(dict.fromkeys(scale.at(sent) for sent in packets.sends_ms)),
        arrivals=tuple(dict.fromkeys(scale.at(arrived) for arrived in packets.arrivals_ms)),
    )


def _title(packets: Packets) -> str:
    sends = len(packets.sends_ms)
    times = f" {sends} times, first" if sends > 1 else ""
    sent = f"{packets.name}: sent{times} at {duration(packets.sends_ms[0])}"
    if packets.arrivals_ms:
        return f"{sent}, answered at {duration(packets.arrivals_ms[0])}"
    return f"{sent}, never answered"


def _ticks(scale: Scale) -> tuple[Tick, ...]:
    """Round moments, the first and the last of which keep their labels inside the picture."""
    step = _round_step((scale.end_ms - scale.begin_ms) / _TICKS)
    first = math.ceil(scale.begin_ms / step)
    last = math.floor(scale.end_ms / step)
    return tuple(_tick(number * step, scale) for number in range(first, last + 1))


def _tick(at_ms: float, scale: Scale) -> Tick:
    place = scale.at(at_ms)
    share = float(place.removesuffix("%"))
    anchor = "start" if share < 6 else "end" if share > 94 else "middle"
    return Tick(place, duration(at_ms) if at_ms else "0", anchor)


def _round_step(wanted: float) -> float:
    power = 10.0 ** math.floor(math.log10(wanted))
    return float(next(step * power for step in (1, 2, 5, 10) if step * power >= wanted))
