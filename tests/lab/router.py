"""A client's way out as a box between two TUN devices: the routers and the line of a `Path`. Pure."""

from collections.abc import Iterator

from tests.lab.behaviour import Behaviour, Path
from tests.lab.fragments import Piece, Reassembler, piece
from tests.lab.link import Departure, Link, Side
from tests.lab.nat import Chain, Event, Nat
from tests.lab.packets import Packet, build, parse


class Router:
    """Fits `link.Box`. Packets are translated when they arrive and wait on the line afterwards."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._chains = {4: _chain(path.ipv4), 6: _chain(path.ipv6)}
        self._lines: dict[Side, Link] = {"far": Link(path.up, seed=0), "near": Link(path.down, seed=1)}
        self._reassembler = Reassembler()

    def forward(self, side: Side, packet: bytes, now: float) -> list[Departure]:
        """What becomes of a packet that arrived on `side` at `now`."""
        part = piece(packet)
        taken = parse(packet) if part is None else self._gathered(part)
        return [] if taken is None else list(self._through(side, taken, now))

    def _through(self, side: Side, packet: Packet, now: float) -> Iterator[Departure]:
        for emission in self._chains[packet.version].forward(side, packet, now):
            for due, data in self._lines[emission.side].forward(build(emission.packet), now):
                yield Departure(due, emission.side, data)

    def _gathered(self, part: Piece) -> Packet | None:
        if any(nat.behaviour.fragments == "dropped" for nat in self._chains[part.version].nats):
            return None
        whole = self._reassembler.add(part)
        taken = parse(whole) if whole else None
        # Whoever sent it in pieces lets it be cut: no MTU stands in its way.
        return taken and taken._replace(dont_fragment=False)

    def trace(self) -> tuple[str, ...]:
        """What became of the last packets, oldest first, a line each."""
        lines: list[tuple[Event, str]] = [
            (event, f"[{version}.{number}] {event}")
            for version, chain in self._chains.items()
            for number, nat in enumerate(chain.nats)
            for event in nat.trace
        ]
        return tuple(line for _, line in sorted(lines, key=lambda pair: pair[0].at))


def _chain(behaviours: tuple[Behaviour, ...]) -> Chain:
    return Chain(tuple(Nat(each) for each in behaviours))
