"""How long until the next round? Gentle to servers: never at the same beat, and slower where nothing ever changes."""

from typing import NamedTuple

JITTER = 0.1
CALM_ROUNDS = 20
GROWTH = 1.25
SLOWEST = 4.0
_MOST_STEPS = 16
RULE = (
    "Every wait is longer or shorter by up to a tenth. After 20 rounds without a change each wait grows by a quarter, "
    "up to four times the interval; a change or a key sets it back."
)


class Pace(NamedTuple):
    """The rule of `RULE`."""

    interval_s: float

    def wait_s(self, calm_rounds: int, chance: float) -> float:
        """Seconds until the next round. `chance` is 0 to 1, and picks within the jitter."""
        steps = min(max(calm_rounds - CALM_ROUNDS + 1, 0), _MOST_STEPS)
        stretch = min(GROWTH**steps, SLOWEST)
        return self.interval_s * stretch * (1 + JITTER * (2 * chance - 1))
