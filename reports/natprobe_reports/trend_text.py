"""A trend for people: a strip of verdicts, and for each cell sparklines of its state, round trip and repeats."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from natprobe.model import Status, Verdict
from natprobe.trend import Line, Mark, Trend, span, worst
from natprobe_reports.clean import clean
from natprobe_reports.layout import columns, finish, hanging, wrap
from natprobe_reports.style import Style
from natprobe_reports.trend_words import percent, place_of
from natprobe_reports.words import duration, plural

T = TypeVar("T")
_BARS, _ASCII_BARS = "▁▂▃▄▅▆▇█", ".:-=+*%#"
_UNKNOWN = " "
_STATUS_MARKS = {
    Status.PASS: ".",
    Status.SKIP: "-",
    Status.WARN: "w",
    Status.INCONCLUSIVE: "?",
    Status.FAIL: "F",
    Status.ERROR: "B",
}
_VERDICT_STATUSES = {
    Verdict.PASS: Status.PASS,
    Verdict.WARN: Status.WARN,
    Verdict.INCONCLUSIVE: Status.INCONCLUSIVE,
    Verdict.FAIL: Status.FAIL,
}
_INDENT, _LABEL_COLUMNS, _TOLD_COLUMNS = "  ", 7, 30
_LEGEND = ". passed, w warned, ? could not be told, F failed, B broke inside natprobe, - not tested, blank: not made"
_RESENT = "resent: sends that brought no answer, lost or answered late, over all sends"


def render(trend: Trend, style: Style) -> str:
    """The trend as plain text, in blocks with an empty line between them; the newest run is at the right."""
    if not trend.runs:
        return "no runs\n"
    marks = _marks(trend, style)
    blocks = (
        _headline(trend, style),
        list(_verdicts(trend, marks)),
        *(list(_cell(line, trend, style, marks)) for line in trend.lines),
        _closing(trend, style, marks),
    )
    return finish([line for block in blocks for line in (*block, "")][:-1], style)


def _headline(trend: Trend, style: Style) -> list[str]:
    first, last = trend.runs[0], trend.runs[-1]
    when = f"{_moment(first)} to {_moment(last)}" if len(trend.runs) > 1 else _moment(last)
    good = sum(mark.verdict in (Verdict.PASS, Verdict.WARN) for mark in trend.runs)
    told = f"{plural(len(trend.runs), 'run')}, {when}: {good} passed; the last one: {last.verdict.value}"
    return wrap(told, columns(style))


def _moment(mark: Mark) -> str:
    return clean(mark.started) or "an unknown time"


def _verdicts(trend: Trend, marks: int) -> Iterator[str]:
    """One strip a command, as they ask different things."""
    for command in dict.fromkeys(mark.command for mark in trend.runs):
        statuses = [_VERDICT_STATUSES[mark.verdict] if mark.command == command else None for mark in trend.runs]
        yield f"{command:<{_LABEL_COLUMNS + len(_INDENT)}}{_strip(statuses, marks)}".rstrip()


def _cell(line: Line, trend: Trend, style: Style, marks: int) -> Iterator[str]:
    yield from hanging("", place_of(line, trend), columns(style))
    failing = dict.fromkeys(id_ for ids in line.failing for id_ in ids)
    told = f"failed at times: {clean(', '.join(failing))}" if failing else ""
    yield from hanging(_row("state", _strip(line.statuses, marks)), told, columns(style))
    if span(line.rtt_ms):
        head = _row("rtt", _spark(line.rtt_ms, style, marks, _middle))
        yield from hanging(head, _told(line.rtt_ms, duration), columns(style))
    if any(line.unanswered):
        head = _row("resent", _spark(line.unanswered, style, marks, max))
        yield from hanging(head, _told(line.unanswered, percent), columns(style))


def _row(label: str, marks: str) -> str:
    return f"{_INDENT}{label:<{_LABEL_COLUMNS}}{marks}  "


def _told(values: Iterable[float | None], words: Callable[[float], str]) -> str:
    known = [value for value in values if value is not None]
    return f"last {words(known[-1])}, {words(min(known))} to {words(max(known))}"


def _strip(statuses: Sequence[Status | None], marks: int) -> str:
    return "".join(_STATUS_MARKS[state] if (state := worst(some)) else _UNKNOWN for some in _shared(statuses, marks))


def _spark(values: Sequence[float | None], style: Style, marks: int, of: Callable[[list[float]], float]) -> str:
    """A bar a mark, from nothing to the largest value: a bar twice as high is twice as long."""
    bars = _BARS if style.unicode else _ASCII_BARS
    known = [[value for value in some if value is not None] for some in _shared(values, marks)]
    heights = [of(some) if some else None for some in known]
    top = max((height for height in heights if height is not None), default=0.0) or 1.0
    return "".join(
        _UNKNOWN if height is None else bars[min(int(height / top * len(bars)), len(bars) - 1)] for height in heights
    )


def _middle(values: list[float]) -> float:
    """The middle one of several runs that share a mark."""
    return sorted(values)[len(values) // 2]


def _marks(trend: Trend, style: Style) -> int:
    """How many marks there is room for."""
    room = columns(style) - len(_INDENT) - _LABEL_COLUMNS - _TOLD_COLUMNS
    return min(len(trend.runs), max(room, 8))


def _runs_per_mark(runs: int, marks: int) -> int:
    return -(-runs // marks)


def _shared(values: Sequence[T], marks: int) -> Iterator[tuple[T, ...]]:
    """The values that share a mark; where runs do not go into marks evenly, the oldest mark has fewer."""
    size = _runs_per_mark(len(values), marks)
    odd = len(values) % size
    edges = range(odd - size if odd else 0, len(values), size)
    return (tuple(values[max(start, 0) : start + size]) for start in edges)


def _closing(trend: Trend, style: Style, marks: int) -> list[str]:
    size = _runs_per_mark(len(trend.runs), marks)
    resent = _RESENT if any(any(line.unanswered) for line in trend.lines) else ""
    several = f"each mark is up to {size} runs: their worst state, middle round trip, most repeats" if size > 1 else ""
    return [line for text in (_LEGEND, resent, several) if text for line in wrap(text, columns(style))]
