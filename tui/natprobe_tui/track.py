"""How did it go over the rounds? A bounded row of round trips, drawn in one line."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from natprobe.measured import exchanges
from natprobe.model import Check

KEPT = 60
_BARS = "▁▂▃▄▅▆▇█"
_SILENT = "·"


_WAITS = ("rtt_ms", "first_byte_ms")
_DEEPEST = 12


def waits_ms(check: Check) -> tuple[float | None, ...]:
    """How long each question of `check` was waited for; None for one that was not answered; nothing where none was put.

    For STUN and TURN that is the round trip, for a TCP port the connection, for a web server the first byte.
    """
    asked = exchanges((check,))
    return tuple(each.rtt_ms for each in asked) if asked else tuple(_named(check.evidence, 0))


def _named(value: Any, depth: int) -> Iterator[float]:
    if depth > _DEEPEST or not isinstance(value, Mapping | list | tuple):
        return
    if isinstance(value, Mapping):
        for name in _WAITS:
            found = value.get(name)
            if isinstance(found, int | float) and not isinstance(found, bool) and found >= 0:
                yield float(found)
        value = value.values()
    for item in value:
        yield from _named(item, depth + 1)


def new_track() -> deque[float | None]:
    """The round trips of one cell, a value a round in milliseconds; None for a round in which nothing answered."""
    return deque(maxlen=KEPT)


def sparkline(values: Iterable[float | None], columns: int) -> str:
    """The newest `columns` values as bars on a scale of their own that begins at 0; a dot where nothing answered."""
    shown = list(values)[-columns:] if columns > 0 else []
    highest = max((value for value in shown if value is not None), default=0.0)
    return "".join(_SILENT if value is None else _bar(value, highest) for value in shown)


def _bar(value: float, highest: float) -> str:
    if highest <= 0:
        return _BARS[0]
    return _BARS[min(int(value / highest * len(_BARS)), len(_BARS) - 1)]


def middle(values: Sequence[float]) -> float | None:
    """The middle value; None of none."""
    return sorted(values)[len(values) // 2] if values else None
