"""Runs a plan for a person or a script: events to progress, recorder and fold; then one report, diagnosed."""

import asyncio
import contextlib
import signal
from collections.abc import Callable

from natprobe.diagnose import diagnose
from natprobe.events import Event, Packet
from natprobe.fold import fold
from natprobe.model import Report
from natprobe.plan import Plan
from natprobe.runner import run

Listener = Callable[[Event], None]


def execute(plan: Plan, listeners: tuple[Listener, ...] = ()) -> Report:
    """Runs `plan` to its end, its deadline or an interruption; what was found by then is in the report."""
    events: list[Event] = []

    def emit(event: Event) -> None:
        if not isinstance(event, Packet):
            events.append(event)
        for listener in listeners:
            listener(event)

    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(_interruptible(plan, emit))
    return diagnose(fold(events))


async def _interruptible(plan: Plan, emit: Listener) -> None:
    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers on its loop
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel if task else lambda: None)
    await run(plan, emit)
