"""Where do the events come from, and when? Rounds of a running deployment, or a recording that is played."""

import asyncio
import contextlib
import random
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

from natprobe.events import CheckEnded, Emit, Event, RunEnded, RunStarted
from natprobe_tui.moments import at_s
from natprobe_tui.pace import Pace

HOST = "this host"
"""Asks for a look at this host in place of a round of targets."""
Start = Callable[[Emit, str | None], Awaitable[None]]
"""Runs one round of all targets, of the one that is named, or `HOST`, and tells its events. Cancelled, it lets go of
everything that it holds on servers before it returns."""

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 10.0, 50.0)
LONGEST_GAP_S = 3.0
"""Silences of a recording that are longer are cut to this."""
_BREATH = 500


class Feed(Protocol):
    """What the dashboard plays."""

    live: bool
    paused: bool
    trouble: str

    async def run(self, hear: Emit, calm_rounds: Callable[[], int]) -> None:
        """Tells events until there are no more, or until it is cancelled."""

    def words(self) -> str:
        """What it is doing, in a phrase."""

    def toggle_pause(self) -> None:
        """Holds still, or goes on."""


class Live:
    """Round after round. A round that is asked for comes next; nothing ever runs beside another."""

    live = True

    def __init__(self, start: Start, pace: Pace, chance: Callable[[], float] = random.random) -> None:
        self.paused = False
        self.trouble = ""
        self._start = start
        self._pace = pace
        self._chance = chance
        self._asked: deque[str | None] = deque()
        self._nudge = asyncio.Event()
        self._due_s: float | None = None
        self._awake_from = 0

    async def run(self, hear: Emit, calm_rounds: Callable[[], int]) -> None:
        """Rounds until it is cancelled."""
        wanted: str | None = None
        while True:
            await self._round(hear, wanted)
            wanted = await self._wait(calm_rounds())

    def again(self, asked: str | None = None) -> None:
        """Asks for a round of all targets, or of this one, as soon as may be."""
        if asked not in self._asked:
            self._asked.append(asked)
        self._awake_from = -1
        self._nudge.set()

    def toggle_pause(self) -> None:
        """No round begins by itself while it is paused; one that is asked for does."""
        self.paused = not self.paused
        self._nudge.set()

    def words(self) -> str:
        """When the next round begins."""
        if self.trouble:
            return self.trouble
        if self.paused:
            return "paused"
        if self._due_s is None:
            return "checking"
        return f"next in {max(self._due_s - asyncio.get_running_loop().time(), 0.0):.0f} s"

    async def _round(self, hear: Emit, wanted: str | None) -> None:
        self._due_s = None
        try:
            await self._start(hear, wanted)
            self.trouble = ""
        except Exception as error:  # a fault of ours must not end the watch; its text could hold anything
            self.trouble = f"natprobe itself failed: {type(error).__name__}"

    async def _wait(self, calm_rounds: int) -> str | None:
        if self._awake_from < 0 or calm_rounds == 0:
            self._awake_from = calm_rounds
        loop = asyncio.get_running_loop()
        self._due_s = loop.time() + self._pace.wait_s(calm_rounds - self._awake_from, self._chance())
        while not self._asked:
            left_s = None if self.paused else self._due_s - loop.time()
            if left_s is not None and left_s <= 0:
                return None
            self._nudge.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left_s):
                    await self._nudge.wait()
        return self._asked.popleft()


class Replay:
    """A recording, at its own pace or another, step by step if so wished."""

    live = False

    def __init__(self, events: Iterable[Event], speed: float = 1.0) -> None:
        self.paused = False
        self.trouble = ""
        self.ended = False
        self._events = events
        self._speed = speed
        self._steps = 0
        self._nudge = asyncio.Event()
        self._started = ""
        self._last_s: float | None = None

    async def run(self, hear: Emit, calm_rounds: Callable[[], int]) -> None:  # noqa: ARG002  a recording has its pace
        """Plays to the end."""
        heard = 0
        try:
            for event in self._events:
                await self._until(event)
                hear(event)
                heard += 1
                if heard % _BREATH == 0:  # keys are answered, however fast it plays
                    await asyncio.sleep(0)
        except ValueError as error:
            self.trouble = f"the recording ends here: {error}"
        self.ended = True

    def toggle_pause(self) -> None:
        """Holds still, or goes on."""
        self.paused = not self.paused
        self._nudge.set()

    def step(self) -> None:
        """Plays on to the next result, and holds still there."""
        self.paused = True
        self._steps += 1
        self._nudge.set()

    def faster(self) -> None:
        """The next speed."""
        self._speed = next((speed for speed in SPEEDS if speed > self._speed), SPEEDS[-1])
        self._nudge.set()

    def slower(self) -> None:
        """The speed before."""
        self._speed = next((speed for speed in reversed(SPEEDS) if speed < self._speed), SPEEDS[0])
        self._nudge.set()

    def words(self) -> str:
        """Where it stands."""
        if self.trouble:
            return self.trouble
        state = "replay ended" if self.ended else "replay paused" if self.paused else "replay"
        return state if self.ended else f"{state} ×{self._speed:g}"

    async def _until(self, event: Event) -> None:
        """Waits for the moment of `event`, or for the key that asks for it."""
        now_s = self._moment_s(event)
        left_s = 0.0 if self._last_s is None else min(max(now_s - self._last_s, 0.0), LONGEST_GAP_S)
        self._last_s = now_s
        loop = asyncio.get_running_loop()
        while (self.paused and not self._steps) or (left_s > 0 and not self._steps):
            began_s, speed = loop.time(), self._speed
            self._nudge.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if self.paused else left_s / speed):
                    await self._nudge.wait()
            if not self.paused:
                left_s -= (loop.time() - began_s) * speed
        if self._steps and isinstance(event, CheckEnded | RunEnded):
            self._steps -= 1

    def _moment_s(self, event: Event) -> float:
        if isinstance(event, RunStarted):
            self._started = event.started
        return at_s(self._started, event)
