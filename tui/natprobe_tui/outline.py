"""Which rows does the main screen have? Targets, their cells, and the checks of those cells that stand open.

A cell in trouble stands open by itself and closes when it is well again. Where everything fits the screen, everything
stands open. What the user opened or closed stays so.
"""

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from natprobe.model import Check, Status
from natprobe_reports.view import CellView, made, not_tested
from natprobe_tui.board import Board
from natprobe_tui.changes import worst
from natprobe_tui.marks import mark_of
from natprobe_tui.place import Cell, Place
from natprobe_tui.track import middle

Kind = Literal["target", "cell", "check", "gap"]
Sort = Literal["as given", "worst first", "slowest first", "last change first"]
SORTS: tuple[Sort, ...] = ("as given", "worst first", "slowest first", "last change first")


class Line(NamedTuple):
    """One row. Its key stays the same over rounds, so that the cursor can stay with it."""

    kind: Kind
    asked: str
    cell: Cell | None = None
    id: str = ""
    depth: int = 0
    words: str = ""
    """Of a gap, what was not tested and why."""

    @property
    def key(self) -> tuple[object, ...]:
        """What the row is about."""
        return self.kind, self.asked, self.cell, self.id

    @property
    def place(self) -> Place | None:
        """The check that the row is about."""
        return Place(self.cell, self.id) if self.cell is not None and self.id else None


class View(NamedTuple):
    """What the user has asked to see."""

    wanted: str = ""
    """Words that must all stand in what is shown; upper and lower case alike."""
    sort: Sort = "as given"
    opened: frozenset[Cell] = frozenset()
    closed: frozenset[Cell] = frozenset()
    room: int = 0
    """How many rows the screen has."""


class _Group(NamedTuple):
    asked: str
    cells: tuple[tuple[Cell, tuple[Check, ...]], ...]


def outline(board: Board, view: View) -> tuple[Line, ...]:
    """The rows, in order."""
    groups = _sorted(_filtered(_groups(board), view.wanted), board, view.sort)
    everything = view._replace(opened=frozenset(cell for group in groups for cell, _ in group.cells) - view.closed)
    if sum(len(checks) for group in groups for _, checks in group.cells) <= view.room:
        whole = tuple(line for group in groups for line in _lines(group, everything))
        if len(whole) <= view.room:
            return whole
    return tuple(line for group in groups for line in _lines(group, view))


def is_open(checks: Sequence[Check], cell: Cell, view: View) -> bool:
    """Whether the checks of `cell` are shown."""
    if cell in view.opened or cell in view.closed:
        return cell in view.opened
    if view.wanted:
        return True
    status = worst(check.status for check in checks)
    return status is not None and status.rank >= Status.INCONCLUSIVE.rank


def _groups(board: Board) -> tuple[_Group, ...]:
    by_target: dict[str, dict[Cell, tuple[Check, ...]]] = {}
    for cell, checks in board.cells.items():
        by_target.setdefault(cell.asked, {})[cell] = tuple(checks)
    for cell in board.progress.planned if board.live else ():
        by_target.setdefault(cell.asked, {}).setdefault(cell, ())
    return tuple(_Group(asked, tuple(cells.items())) for asked, cells in by_target.items())


def _filtered(groups: tuple[_Group, ...], wanted: str) -> tuple[_Group, ...]:
    terms = wanted.casefold().split()
    if not terms:
        return groups
    kept = (group._replace(cells=tuple(_kept(group, terms))) for group in groups)
    return tuple(group for group in kept if group.cells)


def _kept(group: _Group, terms: list[str]) -> Iterator[tuple[Cell, tuple[Check, ...]]]:
    for cell, checks in group.cells:
        where = f"{group.asked} {cell.words} {cell.target}".casefold()
        if all(term in where for term in terms):
            yield cell, checks
        elif found := tuple(check for check in checks if _holds(f"{where} {_haystack(check)}", terms)):
            yield cell, found


def _haystack(check: Check) -> str:
    mark = mark_of(check.status)
    return f"{check.id} {check.summary} {mark.word} {check.status} {' '.join(check.findings)}".casefold()


def _holds(text: str, terms: list[str]) -> bool:
    return all(term in text for term in terms)


def _sorted(groups: tuple[_Group, ...], board: Board, sort: Sort) -> tuple[_Group, ...]:
    if sort == "as given":
        return groups
    key = {"worst first": _badness, "slowest first": _slowness, "last change first": _freshness}[sort]
    return tuple(sorted(groups, key=lambda group: key(group, board), reverse=True))


def _badness(group: _Group, board: Board) -> tuple[float, str]:  # noqa: ARG001  one signature for all orders
    status = worst(check.status for _, checks in group.cells for check in checks)
    return (-1.0 if status is None else float(status.rank)), ""


def _slowness(group: _Group, board: Board) -> tuple[float, str]:
    times = [found for cell, _ in group.cells if (found := middle(_newest(board, cell))) is not None]
    return max(times, default=-1.0), ""


def _newest(board: Board, cell: Cell) -> list[float]:
    track = board.tracks.get(cell)
    return [track[-1]] if track and track[-1] is not None else []


def _freshness(group: _Group, board: Board) -> tuple[float, str]:
    return 0.0, max((changed(board, cell, checks) for cell, checks in group.cells), default="")


def changed(board: Board, cell: Cell, checks: Sequence[Check]) -> str:
    """When something in `cell` last changed; nothing where it never did."""
    return max((board.changed_at.get(Place(cell, check.id), "") for check in checks), default="")


def _lines(group: _Group, view: View) -> Iterator[Line]:
    if len(group.cells) == 1 and group.cells[0][0].address is not None:
        yield from _cell_lines(*group.cells[0], view, depth=0)
        return
    yield Line("target", group.asked)
    for cell, checks in group.cells:
        if cell.address is None and cell.transport is None:
            yield from (Line("check", group.asked, cell, check.id, 1) for check in checks)
        else:
            yield from _cell_lines(cell, checks, view, depth=1)


def _cell_lines(cell: Cell, checks: tuple[Check, ...], view: View, *, depth: int) -> Iterator[Line]:
    yield Line("cell", cell.asked, cell, "", depth)
    if not is_open(checks, cell, view):
        return
    shown = CellView(cell.target, cell.transport, cell.address, checks)
    for check in made(shown):
        yield Line("check", cell.asked, cell, check.id, depth + 1)
    for gap in not_tested(shown):
        words = f"not tested, because {gap.cause}: {', '.join(gap.ids)}"
        yield Line("gap", cell.asked, cell, gap.ids[0], depth + 1, words)
