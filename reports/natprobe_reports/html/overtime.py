"""A trend as the values that its template draws: every run at its moment, every series as points and lines."""

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from natprobe.model import Status, Verdict
from natprobe.trend import Line, Trend, Values, span
from natprobe.trend import Mark as Run
from natprobe_reports.clean import clean
from natprobe_reports.html.marks import STATUS_MARKS, VERDICT_MARKS, Mark
from natprobe_reports.html.moments import shown
from natprobe_reports.trend_words import percent, place_of
from natprobe_reports.words import duration, plural

HEIGHT = 96
"""Of a chart, in pixels; width is in percent, so that a page of any width shows all of it."""

_TOP, _BOTTOM = 14, 90
_MARGIN = 1.5
_LABEL = 16.0
"""How wide a written moment is at the most where all of them are shown, in percent of the page."""
_BRIEF_S = 600.0
"""Within so short a time the seconds of a moment tell something."""
_MOST_TICKS = 4
_MOST_FAILURES = 20
_PAINTED = ("skip", "pass", "inconclusive", "warn", "error", "fail")
_RAISED = frozenset({Status.FAIL, Status.ERROR})


class Dot(NamedTuple):
    """One run in a strip."""

    x: str
    mark: Mark
    title: str


class Strip(NamedTuple):
    """How the runs of one command, or one cell, ended."""

    label: str
    dots: tuple[Dot, ...]


class Point(NamedTuple):
    """One measured value."""

    x: str
    y: str
    title: str


class Segment(NamedTuple):
    """A line between two runs that follow each other and both know the value."""

    x1: str
    y1: str
    x2: str
    y2: str


class Chart(NamedTuple):
    """One series."""

    name: str
    label: str
    """All of it in a sentence, for who does not see the picture."""
    told: str
    top: str
    points: tuple[Point, ...]
    segments: tuple[Segment, ...]


class Failure(NamedTuple):
    """A run in which checks failed."""

    when: str
    ids: str


class Cell(NamedTuple):
    """One cell over time."""

    title: str
    mark: Mark
    state: str
    strip: Strip
    charts: tuple[Chart, ...]
    failures: tuple[Failure, ...]
    older: int
    """Failures that are not listed."""


class Tick(NamedTuple):
    """A moment on the axis."""

    x: str
    label: str
    anchor: str


class TrendPage(NamedTuple):
    """All of it."""

    verdict: Mark
    headline: str
    runs: str
    verdicts: tuple[Strip, ...]
    cells: tuple[Cell, ...]
    ticks: tuple[Tick, ...]
    height: int = HEIGHT
    large: bool = False


class _Axis:
    """Where the runs stand: by their start, or one after another where a start is not known."""

    def __init__(self, runs: tuple[Run, ...]) -> None:
        known = [run.at_s for run in runs if run.at_s is not None]
        whole = len(known) == len(runs) and len(set(known)) > 1
        places = known if whole else [float(number) for number in range(len(runs))]
        self._places = places
        self.whens = tuple(shown(clean(run.started)) for run in runs)

    def at(self, number: int) -> str:
        """The place of a run, in percent."""
        return f"{self._place(number):.2f}%"

    def _place(self, number: int) -> float:
        first, last = self._places[0], self._places[-1]
        share = 0.5 if first == last else (self._places[number] - first) / (last - first)
        return _MARGIN + share * (100 - 2 * _MARGIN)

    def ticks(self) -> Iterator[Tick]:
        """A few moments, the first and the last among them, and none that would be written over another one."""
        last = len(self._places) - 1
        if last == 0:
            yield self._tick(0, "middle")
            return
        yield self._tick(0, "start")
        written_to = self._place(0) + _LABEL
        for number in dict.fromkeys(round(step * last / (_MOST_TICKS - 1)) for step in range(1, _MOST_TICKS - 1)):
            place = self._place(number)
            if written_to < place - _LABEL / 2 and place + _LABEL / 2 < self._place(last) - _LABEL:
                yield self._tick(number, "middle")
                written_to = place + _LABEL / 2
        yield self._tick(last, "end")

    def _tick(self, number: int, anchor: str) -> Tick:
        brief = self._places[-1] - self._places[0] < _BRIEF_S
        return Tick(self.at(number), self.whens[number].removesuffix(" UTC")[: 19 if brief else 16], anchor)


def trend_page(trend: Trend) -> TrendPage:
    """`trend` as a page. Raises ValueError where it has no run."""
    if not trend.runs:
        raise ValueError("a trend without runs has no page")
    axis, last = _Axis(trend.runs), trend.runs[-1]
    good = sum(run.verdict in {Verdict.PASS, Verdict.WARN} for run in trend.runs)
    when = f"{axis.whens[0]} to {axis.whens[-1]}" if len(trend.runs) > 1 else axis.whens[0]
    return TrendPage(
        verdict=VERDICT_MARKS[last.verdict],
        headline=f"the last of {plural(len(trend.runs), 'run')}; {good} passed",
        runs=when,
        verdicts=tuple(_verdicts(trend, axis)),
        cells=tuple(_cell(line, trend, axis) for line in trend.lines),
        ticks=tuple(axis.ticks()),
    )


def _verdicts(trend: Trend, axis: _Axis) -> Iterator[Strip]:
    for command in dict.fromkeys(run.command for run in trend.runs):
        dots = [
            Dot(axis.at(number), VERDICT_MARKS[run.verdict], _moment(axis.whens[number], run.verdict.value, run.failed))
            for number, run in enumerate(trend.runs)
            if run.command == command
        ]
        yield Strip(f"natprobe {command}", _painted(dots))


def _painted(dots: list[Dot]) -> tuple[Dot, ...]:
    """What stands close together covers each other: trouble is painted last."""
    return tuple(sorted(dots, key=lambda dot: _PAINTED.index(dot.mark.kind)))


def _moment(when: str, word: str, failed: int) -> str:
    return f"{when}: {word}" + (f", {plural(failed, 'check')} failed" if failed else "")


def _cell(line: Line, trend: Trend, axis: _Axis) -> Cell:
    made = [status for status in line.statuses if status is not None]
    failures = [Failure(axis.whens[number], clean(", ".join(ids))) for number, ids in enumerate(line.failing) if ids]
    dots = [
        Dot(axis.at(number), STATUS_MARKS[status], f"{axis.whens[number]}: {STATUS_MARKS[status].word}")
        for number, status in enumerate(line.statuses)
        if status is not None
    ]
    bad = sum(status in _RAISED for status in made)
    return Cell(
        title=place_of(line, trend),
        mark=STATUS_MARKS[made[-1] if made else Status.SKIP],
        state=f"failed in {bad} of {plural(len(made), 'run')}" if bad else f"{plural(len(made), 'run')}, none failed",
        strip=Strip("state", _painted(dots)),
        charts=tuple(_charts(line, axis)),
        failures=tuple(reversed(failures[-_MOST_FAILURES:])),
        older=max(0, len(failures) - _MOST_FAILURES),
    )


def _charts(line: Line, axis: _Axis) -> Iterator[Chart]:
    if span(line.rtt_ms):
        yield _chart("round trip", line.rtt_ms, duration, axis)
    if span(line.unanswered):
        yield _chart("sends without an answer", line.unanswered, percent, axis, least_top=0.05)


def _chart(name: str, values: Values, words: Callable[[float], str], axis: _Axis, *, least_top: float = 0.0) -> Chart:
    known = [(number, value) for number, value in enumerate(values) if value is not None]
    low, high = min(value for _, value in known), max(value for _, value in known)
    top = max(high, least_top) or 1.0
    points = {
        number: Point(axis.at(number), _height(value / top), f"{axis.whens[number]}: {words(value)}")
        for number, value in known
    }
    told = f"last {words(known[-1][1])}, {words(low)} to {words(high)}"
    return Chart(
        name=name,
        label=f"{name} over {plural(len(known), 'run')}: {told}",
        told=told,
        top=words(top),
        points=tuple(points.values()),
        segments=tuple(_segments(points)),
    )


def _segments(points: dict[int, Point]) -> Iterable[Segment]:
    for earlier, later in pairwise(points):
        if later == earlier + 1:
            yield Segment(points[earlier].x, points[earlier].y, points[later].x, points[later].y)


def _height(share: float) -> str:
    return f"{_BOTTOM - share * (_BOTTOM - _TOP):.1f}"
