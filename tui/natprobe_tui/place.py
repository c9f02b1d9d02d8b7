"""Where does a result belong? A place is one question put to one cell; rounds are compared place by place."""

from typing import NamedTuple

from natprobe.address import Address
from natprobe.events import CheckEnded, CheckPlanned, CheckStarted
from natprobe.model import Check


class Cell(NamedTuple):
    """One transport at one address of a target; the target as a whole, or a side of this host, where both are None."""

    asked: str
    target: str
    transport: str | None
    address: Address | None

    @property
    def words(self) -> str:
        """Short enough for a row: `udp 203.0.113.10:3478`."""
        named = " ".join(filter(None, (self.transport, str(self.address or ""))))
        return named or self.target


class Place(NamedTuple):
    """One check of one cell."""

    cell: Cell
    id: str


def asked_of(target: str) -> str:
    """The target that the user named: itself, or the one whose answer named it (`turn:… from iceconfig+https://…`)."""
    return target.rpartition(" from ")[2]


def place_of(check: Check | CheckPlanned | CheckEnded) -> Place:
    """Where this check stands."""
    return Place(Cell(check.asked or check.target, check.target, check.transport, check.address), check.id)


def started_key(event: CheckStarted | Place) -> tuple[object, ...]:
    """What a start and its place have in common: a start does not repeat what was asked."""
    if isinstance(event, Place):
        return event.id, event.cell.target, event.cell.address, event.cell.transport
    return event.id, event.target, event.address, event.transport
