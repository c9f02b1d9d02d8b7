"""How evenly do packets come? RFC 3550 section 6.4.1's estimator."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(slots=True)
class Jitter:
    """Interarrival jitter. The clocks of the two ends need not agree: differences count."""

    _value: float = 0.0
    _transit: float | None = None
    _counted: int = 0

    def arrived(self, sent_ms: float, at_ms: float) -> None:
        """One more packet, in the order of arrival."""
        transit = at_ms - sent_ms
        if self._transit is not None:
            self._value += (abs(transit - self._transit) - self._value) / 16
            self._counted += 1
        self._transit = transit

    @property
    def ms(self) -> float | None:
        """None for fewer than two packets."""
        return round(self._value, 3) if self._counted else None


def jitter_ms(transits_ms: Iterable[float]) -> float | None:
    """Of transit times in the order of arrival; None for fewer than two."""
    jitter = Jitter()
    for transit_ms in transits_ms:
        jitter.arrived(0.0, transit_ms)
    return jitter.ms
