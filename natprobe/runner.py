"""Runs a plan: bounded, deadlined, telling events. It knows no listener and judges nothing.

Theory of operation. Each target becomes cells (transport × address); all cells run at once. Within a cell every probe
is a task that waits for the probes that give what it needs, so steps that do not depend on each other share their
round trips. Three nested scopes end in this order: the probes, then `closing` (allocations are released while the
sockets still pump), then the pumps. Interruption and deadline take the same way out.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

from natprobe import __version__
from natprobe.client.hold import Hold
from natprobe.events import Emit, RunEnded, RunStarted
from natprobe.ladder import climb
from natprobe.net.clock import Clock
from natprobe.net.handshake import Roots
from natprobe.net.tls import preload
from natprobe.net.vantage import utc_now, vantage
from natprobe.plan import Plan, cells, for_cell, for_target, literal
from natprobe.probe import Bench, Cell, Context, Destinations
from natprobe.target import Target

CLEANUP_S = 1.0
"""Kept back from the deadline for releasing allocations and closing sockets."""

_CELLS_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Run:
    """What every part of one run shares."""

    plan: Plan
    emit: Emit
    clock: Clock
    roots: Roots
    room: asyncio.Semaphore

    @property
    def why_stopped(self) -> str:
        """The sentence for a check that the end of the run cuts off."""
        return f"the run was stopped before its deadline of {self.plan.deadline_s:g} s, or reached it"


async def run(plan: Plan, emit: Emit) -> None:
    """Runs `plan` and tells `emit` each event. Cancelled, it releases what it holds, tells its last event and ends."""
    clock = Clock()
    current = Run(plan, emit, clock, Roots(plan.settings.ca_file), asyncio.Semaphore(_CELLS_AT_ONCE))
    emit(
        RunStarted(
            natprobe=__version__,
            command=plan.command,
            started=utc_now(),
            deadline_ms=plan.deadline_s * 1000,
            vantage=vantage(),
            targets=tuple(str(target) for target in plan.targets),
        )
    )
    interrupted = True
    if any(target.secure for target in plan.targets):
        preload(current.roots)
    try:
        async with asyncio.timeout(plan.deadline_s - CLEANUP_S), asyncio.TaskGroup() as group:
            for target in plan.targets:
                group.create_task(_run_target(current, target))
        interrupted = False
    except TimeoutError:
        interrupted = False
    finally:
        emit(RunEnded(at_ms=clock.now_ms(), interrupted=interrupted))


async def _run_target(current: Run, target: Target) -> None:
    destinations = literal(target) or await _resolved(current, target)
    async with asyncio.TaskGroup() as group:
        for cell in cells(target, destinations, current.plan.families):
            group.create_task(_run_cell(current, cell))


async def _resolved(current: Run, target: Target) -> Destinations:
    async with _context(current, target, None) as context:
        await climb(context, for_target(current.plan.probes, target), current.emit, current.why_stopped)
        return context.bench.get(Destinations) if context.bench.has(Destinations) else Destinations(())


async def _run_cell(current: Run, cell: Cell) -> None:
    async with current.room, _context(current, cell.asked, cell) as context:
        await climb(context, for_cell(current.plan.probes, cell), current.emit, current.why_stopped)


@contextlib.asynccontextmanager
async def _context(current: Run, target: Target, place: Cell | None) -> AsyncIterator[Context]:
    async with asyncio.TaskGroup() as pumps:
        closing = AsyncExitStack()
        try:
            hold = Hold(current.clock, current.emit, current.roots, pumps, closing)
            yield Context(target=target, place=place, settings=current.plan.settings, bench=Bench(), hold=hold)
        finally:
            await _close(closing)


async def _close(closing: AsyncExitStack) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CLEANUP_S):
            await closing.aclose()
