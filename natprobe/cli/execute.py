"""Runs a plan for a person or a script: events to progress, recorder and fold; then one report, diagnosed."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from functools import partial

from natprobe.cli.interruption import cancels, hold, ignore
from natprobe.diagnose import diagnose
from natprobe.events import Emit, Event, Packet
from natprobe.fold import fold
from natprobe.model import Report
from natprobe.plan import Plan
from natprobe.runner import run

Listener = Callable[[Event], None]
Work = Callable[[Emit], Awaitable[None]]


def execute(plan: Plan, listeners: tuple[Listener, ...] = ()) -> Report:
    """Runs `plan` to its end, its deadline or an interruption; what was found by then is in the report."""
    return execute_work(partial(run, plan), listeners)


def execute_work(work: Work, listeners: tuple[Listener, ...] = ()) -> Report:
    """The same for anything that tells a run's events."""
    events: list[Event] = []

    def emit(event: Event) -> None:
        if not isinstance(event, Packet):
            events.append(event)
        for listener in listeners:
            listener(event)

    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(_interruptible(work, emit))
    ignore()
    return diagnose(fold(events))


async def _interruptible(work: Work, emit: Listener) -> None:
    cancels(asyncio.current_task(), asyncio.get_running_loop())
    try:
        await work(emit)
    finally:
        hold()
