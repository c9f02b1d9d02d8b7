"""Which check of the old run is which of the new one?

Checks stand in cells: (asked, target, transport, address). A cell finds its like by all four; where the address is
another one, as after a move to a new machine, by the address's family and by the order of telling.
"""

from collections import Counter, deque
from collections.abc import Iterable
from typing import NamedTuple

from natprobe.address import Address
from natprobe.model import Check, Report

Place = tuple[str, str, str | None, Address | None]
Cell = tuple[Check, ...]


class Pair(NamedTuple):
    """The same check in both runs; None where one of them did not make it."""

    old: Check | None
    new: Check | None


class CellPair(NamedTuple):
    """The same cell in both runs; empty where one of them did not have it."""

    old: Cell
    new: Cell

    def checks(self) -> tuple[Pair, ...]:
        """Its checks in the new run's order, then those that are gone."""
        before = {_key(check, count): check for check, count in _counted(self.old)}
        after = {_key(check, count): check for check, count in _counted(self.new)}
        pairs = [Pair(before.pop(key, None), check) for key, check in after.items()]
        return (*pairs, *(Pair(check, None) for check in before.values()))


def matched(old: Report, new: Report) -> tuple[CellPair, ...]:
    """Every cell of either run, in the new run's order, then the gone ones."""
    before, after = _cells(old), _cells(new)
    exact = {place: before.pop(place) for place in after if place in before}
    waiting: dict[tuple[object, ...], deque[Cell]] = {}
    for place, cell in before.items():
        waiting.setdefault(_without_address(place), deque()).append(cell)
    pairs = []
    for place, cell in after.items():
        alike = waiting.get(_without_address(place), deque())
        was: Cell = exact[place] if place in exact else alike.popleft() if alike else ()
        pairs.append(CellPair(was, cell))
    gone = (cell for cells in waiting.values() for cell in cells)
    return (*pairs, *(CellPair(cell, ()) for cell in gone))


def _cells(report: Report) -> dict[Place, Cell]:
    cells: dict[Place, list[Check]] = {}
    for check in report.checks:
        place = (check.asked or check.target, check.target, check.transport, check.address)
        cells.setdefault(place, []).append(check)
    return {place: tuple(checks) for place, checks in cells.items()}


def _without_address(place: Place) -> tuple[object, ...]:
    asked, target, transport, address = place
    return asked, target, transport, address.family if address else None


def _counted(cell: Cell) -> Iterable[tuple[Check, int]]:
    """Each check with how often its id has come before: an id should stand once in a cell, and a file may be wrong."""
    seen: Counter[str] = Counter()
    for check in cell:
        yield check, seen[check.id]
        seen[check.id] += 1


def _key(check: Check, count: int) -> tuple[str, int]:
    return check.id, count
