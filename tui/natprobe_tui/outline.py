"""Which rows does the main screen have? Groups, their targets, these targets' cells, and the checks that stand open.

Groups are those of a deployment file; in an order other than the given one the targets stand without them.

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

Kind = Literal["group", "target", "cell", "check", "gap"]
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
    """Of a gap, what was not tested and why; of a group, its name."""

    @property
    def key(self) -> tuple[object, ...]:
        """What the row is about."""
        return self.kind, self.asked or self.words, self.cell, self.id

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


class _Target(NamedTuple):
    asked: str
    cells: tuple[tuple[Cell, tuple[Check, ...]], ...]
    group: str
    """Nothing where it is in none."""


def outline(board: Board, view: View) -> tuple[Line, ...]:
    """The rows, in order."""
    shown = _sorted(_filtered(_targets(board), view.wanted), board, view.sort)
    grouped = view.sort == "as given" and any(target.group for target in shown)
    everything = view._replace(opened=frozenset(cell for target in shown for cell, _ in target.cells) - view.closed)
    if sum(len(checks) for target in shown for _, checks in target.cells) <= view.room:
        whole = tuple(_all_lines(shown, everything, grouped=grouped))
        if len(whole) <= view.room:
            return whole
    return tuple(_all_lines(shown, view, grouped=grouped))


def _all_lines(shown: Sequence[_Target], view: View, *, grouped: bool) -> Iterator[Line]:
    if not grouped:
        for target in shown:
            yield from _lines(target, view)
        return
    for group in dict.fromkeys(target.group for target in shown):
        yield Line("group", "", words=group or "in no group")
        for target in shown:
            if target.group == group:
                yield from _lines(target, view)


def is_open(checks: Sequence[Check], cell: Cell, view: View) -> bool:
    """Whether the checks of `cell` are shown."""
    if cell in view.opened or cell in view.closed:
        return cell in view.opened
    if view.wanted:
        return True
    status = worst(check.status for check in checks)
    return status is not None and status.rank >= Status.INCONCLUSIVE.rank


def _targets(board: Board) -> tuple[_Target, ...]:
    by_target: dict[str, dict[Cell, tuple[Check, ...]]] = {}
    for cell, checks in board.cells.items():
        by_target.setdefault(cell.asked, {})[cell] = tuple(checks)
    for cell in board.progress.planned if board.live else ():
        by_target.setdefault(cell.asked, {}).setdefault(cell, ())
    return tuple(
        _Target(asked, tuple(cells.items()), board.groups.get(asked, "")) for asked, cells in by_target.items()
    )


def _filtered(targets: tuple[_Target, ...], wanted: str) -> tuple[_Target, ...]:
    terms = wanted.casefold().split()
    if not terms:
        return targets
    kept = (target._replace(cells=tuple(_kept(target, terms))) for target in targets)
    return tuple(target for target in kept if target.cells)


def _kept(target: _Target, terms: list[str]) -> Iterator[tuple[Cell, tuple[Check, ...]]]:
    for cell, checks in target.cells:
        where = f"{target.group} {target.asked} {cell.words} {cell.target}".casefold()
        if all(term in where for term in terms):
            yield cell, checks
        elif found := tuple(check for check in checks if _holds(f"{where} {_haystack(check)}", terms)):
            yield cell, found


def _haystack(check: Check) -> str:
    mark = mark_of(check.status)
    return f"{check.id} {check.summary} {mark.word} {check.status} {' '.join(check.findings)}".casefold()


def _holds(text: str, terms: list[str]) -> bool:
    return all(term in text for term in terms)


def _sorted(targets: tuple[_Target, ...], board: Board, sort: Sort) -> tuple[_Target, ...]:
    if sort == "as given":
        return targets
    key = {"worst first": _badness, "slowest first": _slowness, "last change first": _freshness}[sort]
    return tuple(sorted(targets, key=lambda target: key(target, board), reverse=True))


def _badness(target: _Target, board: Board) -> tuple[float, str]:  # noqa: ARG001  one signature for all orders
    status = worst(check.status for _, checks in target.cells for check in checks)
    return (-1.0 if status is None else float(status.rank)), ""


def _slowness(target: _Target, board: Board) -> tuple[float, str]:
    times = [found for cell, _ in target.cells if (found := middle(_newest(board, cell))) is not None]
    return max(times, default=-1.0), ""


def _newest(board: Board, cell: Cell) -> list[float]:
    track = board.tracks.get(cell)
    return [track[-1]] if track and track[-1] is not None else []


def _freshness(target: _Target, board: Board) -> tuple[float, str]:
    return 0.0, max((changed(board, cell, checks) for cell, checks in target.cells), default="")


def changed(board: Board, cell: Cell, checks: Sequence[Check]) -> str:
    """When something in `cell` last changed; nothing where it never did."""
    return max((board.changed_at.get(Place(cell, check.id), "") for check in checks), default="")


def _lines(target: _Target, view: View) -> Iterator[Line]:
    if len(target.cells) == 1 and target.cells[0][0].address is not None:
        yield from _cell_lines(*target.cells[0], view, depth=0)
        return
    yield Line("target", target.asked)
    for cell, checks in target.cells:
        if cell.address is None and cell.transport is None:
            yield from (Line("check", target.asked, cell, check.id, 1) for check in checks)
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
