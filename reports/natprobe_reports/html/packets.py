"""Which packets does a check's evidence tell of? Whatever has `sends_ms`: exchanges, flights and soundings.

The evidence may come out of a file that anybody wrote, so nothing in it is taken for granted, and only so much is read.
"""

import math
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

_DEEPEST = 12
_MOST = 60
_NAMES = ("request", "path", "question")
_ANSWERS = ("answered_ms", "arrived_ms")
_LATEST_MS = 1e9


class Packets(NamedTuple):
    """One request or parcel: when it was sent, and when something came back. Milliseconds since the run's start."""

    name: str
    sends_ms: tuple[float, ...]
    arrivals_ms: tuple[float, ...]
    until_ms: float | None
    """How long nothing came; None where something did, or where that is not known."""


def packets_of(evidence: Mapping[str, Any]) -> tuple[Packets, ...]:
    """The packets in the order in which the evidence tells them."""
    return tuple(islice(_walk(evidence, 0), _MOST))


def _walk(value: Any, depth: int) -> Iterator[Packets]:
    if depth > _DEEPEST:
        return
    if isinstance(value, Mapping):
        sends = _times(value.get("sends_ms"))
        if sends:
            yield _packets(value, sends)
        value = tuple(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from _walk(item, depth + 1)


def _packets(found: Mapping[str, Any], sends: tuple[float, ...]) -> Packets:
    echoes = found.get("echoes")
    echoed = [echo.get("at_ms") for echo in _items(echoes) if isinstance(echo, Mapping)]
    arrivals = _times([*(found.get(name) for name in _ANSWERS), *echoed])
    waited = _times([found.get("waited_ms")])
    return Packets(
        name=next((str(found[name]) for name in _NAMES if isinstance(found.get(name), str)), "packet"),
        sends_ms=sends,
        arrivals_ms=arrivals,
        until_ms=sends[0] + waited[0] if waited and not arrivals else None,
    )


def _times(value: Any) -> tuple[float, ...]:
    """The moments in a list, in order."""
    numbers = (
        item for item in islice(_items(value), _MOST) if isinstance(item, int | float) and not isinstance(item, bool)
    )
    return tuple(sorted(float(number) for number in numbers if math.isfinite(number) and 0 <= number < _LATEST_MS))


def _items(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list | tuple) else ()
