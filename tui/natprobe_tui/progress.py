"""How far is the round that goes on? Planned, running or ended, for every check, cell and target."""

from collections import Counter

from natprobe.events import CheckEnded, CheckPlanned, CheckStarted
from natprobe_tui.place import Cell, Place, place_of, started_key


class Progress:
    """The checks of one round that have not ended yet."""

    def __init__(self) -> None:
        self.planned: Counter[Cell] = Counter()
        """How many checks were planned, a cell."""
        self.ended: Counter[Cell] = Counter()
        self.running: dict[Place, None] = {}
        """In the order in which they began."""
        self._open: dict[Place, None] = {}
        self._waiting: Counter[str] = Counter()
        self._by_key: dict[tuple[object, ...], Place] = {}

    def plan(self, event: CheckPlanned) -> Place:
        """A check will be made."""
        place = place_of(event)
        self._open[place] = None
        self._by_key[started_key(place)] = place
        self.planned[place.cell] += 1
        self._waiting[place.cell.asked] += 1
        return place

    def start(self, event: CheckStarted) -> Place | None:
        """A check has begun; None for one that nobody planned."""
        place = self._by_key.get(started_key(event))
        if place is not None and place in self._open:
            self.running[place] = None
        return place

    def end(self, event: CheckEnded) -> Place:
        """A check has ended."""
        place = place_of(event)
        self.running.pop(place, None)
        if place in self._open:
            del self._open[place]
            self._waiting[place.cell.asked] -= 1
        self.ended[place.cell] += 1
        return place

    def is_open(self, place: Place) -> bool:
        """Whether this check is still to end."""
        return place in self._open

    def is_done(self, asked: str) -> bool:
        """Whether nothing that is planned for this target is still to end."""
        return self._waiting[asked] <= 0

    @property
    def total(self) -> tuple[int, int]:
        """How many checks have ended, of how many."""
        return self.ended.total(), self.planned.total()

    def of_cell(self, cell: Cell) -> tuple[int, int]:
        """The same for one cell."""
        return self.ended[cell], self.planned[cell]

    def of_target(self, asked: str) -> bool:
        """Whether something of this target is still to end."""
        return self._waiting[asked] > 0
