"""Is there room for one more probe? So many at once and so many a minute; `now` is an argument."""

import math

from natprobe.exporter.admission import Refusal
from natprobe.exporter.config import Limits

_ROUNDING = 1e-6


class Limiter:
    """Counts the probes that run, and a bucket of tokens that fills at the allowed rate and holds a minute's worth."""

    def __init__(self, limits: Limits, now: float) -> None:
        self._limits = limits
        self._per_s = limits.probes_per_minute / 60
        self._tokens = float(limits.probes_per_minute)
        self._filled_at = now
        self._ends: list[float] = []

    def enter(self, now: float, ends_at: float) -> Refusal | None:
        """Takes a place until `leave`, for a probe that ends at `ends_at` at the latest; or says why there is none."""
        if len(self._ends) >= self._limits.probes_at_once:
            return Refusal(
                status=503,
                reason="busy",
                sentence=f"{len(self._ends)} probes run already, the most that probes_at_once allows",
                retry_after_s=max(1, math.ceil(min(self._ends) - now)),
            )
        self._fill(now)
        if self._tokens < 1 - _ROUNDING:
            return Refusal(
                status=429,
                reason="rate",
                sentence=f"more than the {self._limits.probes_per_minute} probes a minute that are allowed",
                retry_after_s=max(1, math.ceil((1 - self._tokens) / self._per_s - _ROUNDING)),
            )
        self._tokens -= 1
        self._ends.append(ends_at)
        return None

    def leave(self, ends_at: float) -> None:
        """Gives the place of a probe back, named by what was said when it entered."""
        self._ends.remove(ends_at)

    def _fill(self, now: float) -> None:
        gained = max(0.0, now - self._filled_at) * self._per_s
        self._tokens = min(float(self._limits.probes_per_minute), self._tokens + gained)
        self._filled_at = now
