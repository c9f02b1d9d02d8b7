"""Which packets belong to a cell, and between whom did they go? A sequence diagram out of addresses alone.

Our sockets are told apart by whom they talk to. Whoever sends to a relayed address plays a peer; the others are the
client. A NAT has a lane of its own where the server saw another address than our socket had; packets cross it. What the
relay and the server do inside the server crosses no socket of ours, and is not drawn.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from natprobe.address import Address
from natprobe.events import Packet
from natprobe.model import Check
from natprobe_tui.place import Cell

ROUNDS_KEPT = 2
PACKETS_KEPT = 20_000
_DEEPEST = 12

Lane = Literal["client", "NAT", "server", "relay", "peer"]
LANES: tuple[Lane, ...] = ("client", "NAT", "server", "relay", "peer")


class Step(NamedTuple):
    """One packet on its way from one lane to another."""

    at_ms: float
    sender: Lane
    receiver: Lane
    packet: Packet


class Captured:
    """The packets of the newest rounds, the oldest of each given up where there are very many."""

    def __init__(self) -> None:
        self._rounds: deque[deque[Packet]] = deque(maxlen=ROUNDS_KEPT)

    def begin(self) -> None:
        """Another round begins."""
        self._rounds.append(deque(maxlen=PACKETS_KEPT))

    def add(self, packet: Packet) -> None:
        """Keeps `packet` in the round that goes on."""
        if not self._rounds:
            self.begin()
        self._rounds[-1].append(packet)

    def of_cell(self, cell: Cell, checks: Sequence[Check]) -> tuple[Step, ...]:
        """The packets of `cell` in the newest round that has any. `checks` are those of all cells that stand."""
        return next((found for kept in reversed(self._rounds) if (found := steps(kept, cell, checks))), ())


def mapped(steps: Iterable[Step], cell: Cell, checks: Iterable[Check]) -> Address | None:
    """The address that the server of `cell` saw in place of ours; None where it saw ours, or told of none."""
    ours = {step.packet.local.host for step in steps if "client" in (step.sender, step.receiver)}
    seen = _addresses((check for check in checks if _is_of(check, cell)), "mapped")
    return next((address for address in seen if ours and address.host not in ours), None)


def steps(packets: Iterable[Packet], cell: Cell, checks: Sequence[Check]) -> tuple[Step, ...]:
    """Those of `packets` that belong to `cell`, in order of time."""
    if cell.address is None:
        return ()
    told = tuple(packets)
    mine = [check for check in checks if _is_of(check, cell)]
    relayed = set(_addresses(mine, "relayed"))
    foreign = set(_addresses((check for check in checks if not _is_of(check, cell)), "local")) - set(
        _addresses(mine, "local")
    )
    foreign |= set(_addresses((check for check in checks if not _is_of(check, cell)), "relayed")) - relayed
    strangers = {packet.local for packet in told if packet.remote in foreign}
    peers = {packet.local for packet in told if packet.remote in relayed}
    found = (_step(packet, cell, relayed, peers, foreign | strangers) for packet in told)
    return tuple(sorted((step for step in found if step is not None), key=lambda step: step.at_ms))


def _step(packet: Packet, cell: Cell, relayed: set[Address], peers: set[Address], foreign: set[Address]) -> Step | None:
    ours = _our_lane(packet, cell, relayed, peers, foreign)
    if ours is None:
        return None
    theirs: Lane = "relay" if packet.remote in relayed else "server"
    pair = (ours, theirs) if packet.direction == "sent" else (theirs, ours)
    return Step(packet.at_ms, *pair, packet)


def _our_lane(
    packet: Packet, cell: Cell, relayed: set[Address], peers: set[Address], foreign: set[Address]
) -> Lane | None:
    if packet.remote in relayed or packet.local in peers:
        return "peer"
    if packet.local in foreign or packet.remote != cell.address or packet.transport != cell.transport:
        return None
    return "client"


def _is_of(check: Check, cell: Cell) -> bool:
    return (check.target, check.transport, check.address) == (cell.target, cell.transport, cell.address)


def _addresses(checks: Iterable[Check], name: str) -> Iterator[Address]:
    """Every address that the evidence of `checks` holds under `name`."""
    for check in checks:
        yield from _named(check.evidence, name, 0)


def _named(value: Any, name: str, depth: int) -> Iterator[Address]:
    if depth > _DEEPEST:
        return
    if isinstance(value, Mapping):
        if (address := as_address(value.get(name))) is not None:
            yield address
        value = value.values()
    elif not isinstance(value, list | tuple):
        return
    for item in value:
        yield from _named(item, name, depth + 1)


def as_address(value: Any) -> Address | None:
    """The address that evidence holds as a mapping of host and port; None where it is something else."""
    if not isinstance(value, Mapping) or value.keys() != {"host", "port"}:
        return None
    host, port = value["host"], value["port"]
    return Address(host, port) if isinstance(host, str) and isinstance(port, int) else None
