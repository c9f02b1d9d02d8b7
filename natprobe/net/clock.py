"""What time is it, since the run began?"""

import time


class Clock:
    """A monotonic clock that stands at 0 when the run starts. Its readings are `now` for everything in wire/."""

    __slots__ = ("_start",)

    def __init__(self) -> None:
        # perf_counter, as monotonic() moves in steps of 16 ms on Windows.
        self._start = time.perf_counter()

    def now(self) -> float:
        """Seconds since the run's start."""
        return time.perf_counter() - self._start

    def now_ms(self) -> float:
        """Milliseconds since the run's start."""
        return self.now() * 1000
