"""Between which two silences does the NAT forget a binding? (RFC 4787 section 4.3, RFC 5780 section 4.6)"""

from collections.abc import Iterable
from typing import Final

import msgspec

REQUIRED_S: Final = 120.0
"""RFC 4787 REQ-5: a NAT must not forget a UDP binding before two minutes have passed."""

_GRID_S: Final = (
    2.0,
    5.0,
    10.0,
    15.0,
    20.0,
    25.0,
    30.0,
    45.0,
    60.0,
    75.0,
    90.0,
    105.0,
    120.0,
    135.0,
    150.0,
    165.0,
    180.0,
)
_COARSE_S: Final = (240.0, 300.0, 360.0, 420.0, 480.0, 540.0, 600.0)
_SHORT_S: Final = 30.0
_STEPS: Final = 10
"""A short cap is cut into so many equal parts."""
_POINTS: Final = 3
_FINE: Final = 0.1
_FINEST_S: Final = 1.0
"""A gap of a tenth of the lifetime is narrow enough, and so is one of a second."""


class Bracket(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The longest silence that a binding survived, and the shortest that it did not; None where there is none."""

    alive_s: float | None = None
    gone_s: float | None = None

    @property
    def contradictory(self) -> bool:
        """Whether a binding survived a longer silence than the one that ended another."""
        return self.alive_s is not None and self.gone_s is not None and self.alive_s >= self.gone_s

    @property
    def found_s(self) -> float | None:
        """The lifetime, where both its bounds were seen: the longest silence survived. One bound alone is none."""
        return None if self.gone_s is None or self.contradictory else self.alive_s


def bracket_of(fates: Iterable[tuple[float, str]]) -> Bracket:
    """The bracket of silences (seconds, fate); what is neither "alive" nor "gone" tells nothing."""
    known = tuple(fates)
    alive = [seconds for seconds, fate in known if fate == "alive"]
    gone = [seconds for seconds, fate in known if fate == "gone"]
    return Bracket(alive_s=max(alive, default=None), gone_s=min(gone, default=None))


def grid(cap_s: float) -> tuple[float, ...]:
    """The silences to begin with, up to `cap_s` seconds."""
    if cap_s <= _SHORT_S:
        return tuple(cap_s * step / _STEPS for step in range(1, _STEPS + 1))
    return (*(seconds for seconds in (*_GRID_S, *_COARSE_S) if seconds < cap_s), cap_s)


def finer(bracket: Bracket, left_s: float) -> tuple[float, ...]:
    """More silences within the bracket, where it is wide and there are `left_s` seconds to wait."""
    low, high = bracket.alive_s or 0.0, bracket.gone_s
    if high is None or high - low <= max(_FINEST_S, _FINE * high) or high > left_s:
        return ()
    return tuple(low + (high - low) * step / (_POINTS + 1) for step in range(1, _POINTS + 1))
