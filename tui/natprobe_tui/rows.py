"""What stands in a row? Pieces of text with a tone, fitted into a width. Pure: a widget only paints them."""

from collections.abc import Iterable
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size

from natprobe.model import Check, Status
from natprobe_reports.clean import clean
from natprobe_reports.view import CellView, state
from natprobe_reports.words import duration, plural
from natprobe_tui.board import Board
from natprobe_tui.changes import Change, Note, worst
from natprobe_tui.facts import days_left
from natprobe_tui.marks import COLUMNS, GONE, NOTHING, RUNNING, Mark, mark_of
from natprobe_tui.moments import clock
from natprobe_tui.outline import Line, changed
from natprobe_tui.place import Cell, Place
from natprobe_tui.track import sparkline

Spans = tuple[tuple[str, str], ...]
"""Text and tone, left to right."""

_INDENT = 2
_MARGIN = 1
_TIME = 8
_RTT = 8
_ID = 16
_WIDE = 100
_NARROW = 60
_CERTIFICATE = ", certificate"


class Widths(NamedTuple):
    """The columns of the main table at one width of the screen."""

    text: int
    rtt: int
    spark: int
    changed: int


def widths(columns: int) -> Widths:
    """The text takes what the others leave; small screens have a shorter sparkline."""
    spark = min(max(columns - _WIDE + 8, 8), 24) if columns >= _NARROW else 0
    rtt = _RTT if columns >= _NARROW else 0
    rest = columns - 2 * _MARGIN - COLUMNS - 1
    return Widths(max(rest - rtt - spark - _TIME - 4, 1), rtt, spark, _TIME)


def heading(columns: int) -> str:
    """The names of the columns."""
    wide = widths(columns)
    parts = (
        " " * _MARGIN + "state".ljust(COLUMNS + 1) + fit("target and check", wide.text),
        fit("rtt".rjust(wide.rtt), wide.rtt) + " " + fit("rounds".rjust(wide.spark), wide.spark),
        "changed".rjust(wide.changed + 1),
    )
    return " ".join(parts)


def fit(text: str, columns: int) -> str:
    """`text` in exactly so many columns; where it is cut, its last column says so."""
    if columns <= 0:
        return ""
    if cell_len(text) <= columns:
        return set_cell_size(text, columns)
    return set_cell_size(text, columns - 1) + "…"


def board_row(line: Line, board: Board, columns: int) -> Spans:
    """One row of the main table."""
    match line.kind:
        case "group":
            return _group(line, board, columns)
        case "target":
            return _target(line, board, columns)
        case "cell":
            return _cell(line, board, columns)
        case "gap":
            return _long(mark_of(None)._replace(symbol="-", word="skipped"), line.depth, line.words, "", columns)
        case "check":
            return _check(line, board, columns)


def _group(line: Line, board: Board, columns: int) -> Spans:
    """A line across the screen, with the group's name and how many of its targets are well."""
    targets: dict[str, list[Check]] = {}
    for cell, checks in board.cells.items():
        if board.groups.get(cell.asked, "in no group") == line.words:
            targets.setdefault(cell.asked, []).extend(checks)
    worsts = [worst(check.status for check in checks) for checks in targets.values()]
    well = sum(status is not None and status.rank <= Status.SKIP.rank for status in worsts)
    words = clean(f"── {line.words} · {well} of {plural(len(worsts), 'target')} ok ")
    room = columns - 2 * _MARGIN
    return _spans(("", " " * _MARGIN), ("dim", fit(words.ljust(room, "─"), room)))


def _target(line: Line, board: Board, columns: int) -> Spans:
    cells = [(cell, checks) for cell, checks in board.cells.items() if cell.asked == line.asked]
    status = worst(check.status for _, checks in cells for check in checks)
    busy = board.live and board.progress.of_target(line.asked)
    mark = mark_of(status) if status is not None else RUNNING if busy else NOTHING
    when = max((changed(board, cell, checks) for cell, checks in cells), default="")
    return _long(mark, line.depth, clean(line.asked), clock(when), columns, strong=True)


def _cell(line: Line, board: Board, columns: int) -> Spans:
    cell = line.cell
    if cell is None:
        return ()
    checks = board.cells.get(cell, [])
    status = worst(check.status for check in checks)
    name = clean(_alone(cell) if line.depth == 0 else cell.words)
    wide = widths(columns)
    track = board.tracks.get(cell, ())
    newest = track[-1] if track else None
    room = wide.text - line.depth * _INDENT
    doing = _shortened(_doing(cell, checks, board), room - cell_len(name) - 2)
    name = fit(name, min(cell_len(name), max(room - cell_len(doing) - 2, room // 2)))
    return _spans(
        ("", " " * _MARGIN),
        _mark(RUNNING if status is None and doing else mark_of(status)),
        ("", " " * (1 + line.depth * _INDENT)),
        ("strong" if line.depth == 0 else "plain", name),
        ("dim", fit("  " + doing, room - cell_len(name))),
        ("", " "),
        ("plain", ("" if newest is None or not wide.rtt else duration(newest)).rjust(wide.rtt)),
        ("", " "),
        ("spark", sparkline(track, wide.spark).rjust(wide.spark)),
        ("", "  "),
        ("dim", clock(changed(board, cell, checks)).rjust(wide.changed)),
    )


def _alone(cell: Cell) -> str:
    """The name of a target's only cell, which stands for the target; nothing in it twice."""
    words = (word for word in (cell.transport or "", str(cell.address or "")) if word not in cell.asked)
    return " ".join((cell.asked, *words))


def _shortened(words: str, room: int) -> str:
    """`words` without the certificate, then without what is well, where there is no room: what is wrong stays."""
    if len(words) > room:
        words = words.partition(_CERTIFICATE)[0]
    while len(words) > room and ", " in words:
        words = words.partition(", ")[2]
    return words


def _doing(cell: Cell, checks: list[Check], board: Board) -> str:
    """What the cell's round is at, or how it stands."""
    ended, planned = board.progress.of_cell(cell)
    if board.live and ended < planned and not checks:
        running = next((place.id for place in board.progress.running if place.cell == cell), "")
        return f"{ended} of {planned}  {running}".rstrip()
    if not checks:
        return "nothing is known yet"
    words = state(CellView(cell.target, cell.transport, cell.address, tuple(checks)))
    days = days_left(checks, board.report.started)
    certificate = "" if days is None else f"{_CERTIFICATE} {days} days" if days >= 0 else f"{_CERTIFICATE} has ended"
    return words + certificate


def _check(line: Line, board: Board, columns: int) -> Spans:
    place = line.place
    check = board.checks.get(place) if place is not None else None
    if place is None or check is None:
        return _long(NOTHING, line.depth, line.id, "", columns)
    took = duration(check.duration_ms).rjust(_RTT) if columns >= _WIDE else ""
    words = f"{check.id:<{_ID}} {clean(check.summary)}"
    return _long(mark_of(check.status), line.depth, words, clock(board.changed_at.get(place, "")), columns, took=took)


def _long(
    mark: Mark, depth: int, words: str, when: str, columns: int, *, took: str = "", strong: bool = False
) -> Spans:
    """A row whose text may run on to where the time stands."""
    room = columns - 2 * _MARGIN - COLUMNS - 1 - depth * _INDENT
    if when or took:
        room -= _TIME + 2 + (len(took) + 1 if took else 0)
    return _spans(
        ("", " " * _MARGIN),
        _mark(mark),
        ("", " " * (1 + depth * _INDENT)),
        ("strong" if strong else "dim" if mark.tone == "dim" else "plain", fit(words, room)),
        ("dim", f" {took}" if took else ""),
        ("dim", "  " + when.rjust(_TIME) if when or took else ""),
    )


def change_row(change: Change | Note, columns: int) -> Spans:
    """One row of the log of changes."""
    if isinstance(change, Note):
        room = columns - 2 * _MARGIN - _TIME - 1
        margin, at = " " * _MARGIN, clock(change.at).ljust(_TIME + 1)
        return _spans(("", margin), ("dim", at), ("warn", fit(clean(change.words), room)))
    after = GONE if change.after is None else mark_of(change.after)
    before = "new" if change.before is None else mark_of(change.before).word
    where = " ".join(filter(None, (change.transport, str(change.address or change.target))))
    room = columns - 2 * _MARGIN - _TIME - 1 - COLUMNS - 1
    words = f"{change.check} {where}: was {before}; {change.summary}"
    return _spans(
        ("", " " * _MARGIN),
        ("dim", clock(change.at).ljust(_TIME + 1)),
        _mark(after),
        ("plain", " " + fit(clean(words), room)),
    )


def check_words(place: Place, check: Check) -> str:
    """A check in one line, to be copied."""
    mark = mark_of(check.status)
    where = f"{place.cell.target} at {place.cell.address}" if place.cell.address else place.cell.target
    return clean(f"{mark.word}  {check.id} of {where}: {check.summary}")


def _mark(mark: Mark) -> tuple[str, str]:
    return mark.tone, mark.text


def _spans(*pairs: tuple[str, str]) -> Spans:
    """(tone, text) as (text, tone), without what is empty."""
    return tuple((text, tone) for tone, text in _nonempty(pairs))


def _nonempty(pairs: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    return ((tone, text) for tone, text in pairs if text)
