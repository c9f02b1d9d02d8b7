"""How did it go over the rounds? A bounded row of round trips, drawn in one line."""

from collections import deque
from collections.abc import Iterable, Sequence

KEPT = 60
_BARS = "▁▂▃▄▅▆▇█"
_SILENT = "·"


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
