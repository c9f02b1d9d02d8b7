"""Runs a plan: bounded, deadlined, telling events. It knows no listener and judges nothing.

Theory of operation. Each target becomes cells (transport × address); all cells run at once. A run about this host
(`natprobe nat`) has sides in their place: one ladder an address family, with all servers to ask. Within a cell every
probe is a task that waits for the probes that give what it needs, so steps that do not depend on each other share
their round trips. Three nested scopes end in this order: the probes, then `closing` (allocations are released while the
sockets still pump), then the pumps. Interruption and deadline take the same way out.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Literal

from natprobe import __version__
from natprobe.client.hold import Hold
from natprobe.events import Emit, NatClassified, RunEnded, RunStarted
from natprobe.ladder import climb
from natprobe.model import Nat, NatBehaviour
from natprobe.net.clock import Clock
from natprobe.net.handshake import Roots
from natprobe.net.tls import preload
from natprobe.net.vantage import utc_now, vantage
from natprobe.plan import Plan, cells, for_cell, for_host, for_target, literal, sides
from natprobe.probe import Bench, Cell, Context, Destinations, Side
from natprobe.target import Target

CLEANUP_S = 1.0
"""Kept back from the deadline for releasing allocations and closing sockets."""

_CLOSING_S = 0.95
"""What of it closing may take, so that the last event is told within the deadline."""

_CELLS_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Run:
    """What every part of one run shares."""

    plan: Plan
    emit: Emit
    clock: Clock
    roots: Roots
    room: asyncio.Semaphore

    def why_stopped(self) -> str:
        """The clause for a check that the end of the run cuts off just now."""
        if self.clock.now() >= self.plan.deadline_s - CLEANUP_S:
            return f"the run reached its deadline of {self.plan.deadline_s:g} s"
        return "the run was interrupted"


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
            if plan.aim == "host":
                group.create_task(_run_host(current))
            for target in plan.targets if plan.aim == "servers" else ():
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
        scope: Literal["target", "spare"] = "spare" if current.plan.unnamed else "target"
        await climb(context, for_target(current.plan.probes, target, scope), current.emit, current.why_stopped)
        return context.bench.get(Destinations) if context.bench.has(Destinations) else Destinations(())


async def _run_host(current: Run) -> None:
    async with asyncio.TaskGroup() as group:
        finding = [group.create_task(_found(current, target)) for target in current.plan.targets]
    resolved = [task.result() for task in finding]
    behaviours: dict[Side, NatBehaviour] = {}
    async with asyncio.TaskGroup() as group:
        for side in sides(current.plan, resolved):
            group.create_task(_run_side(current, side, behaviours))


async def _found(current: Run, target: Target) -> tuple[Target, Destinations]:
    return target, literal(target) or await _resolved(current, target)


async def _run_side(current: Run, side: Side, behaviours: dict[Side, NatBehaviour]) -> None:
    async with current.room, _context(current, side.servers[0].target, side) as context:
        try:
            await climb(context, for_host(current.plan.probes), current.emit, current.why_stopped)
        finally:  # what was found before an interruption is told as well
            if context.bench.has(NatBehaviour):
                behaviours[side] = context.bench.get(NatBehaviour)
                current.emit(NatClassified(at_ms=current.clock.now_ms(), nat=_together(current.plan, behaviours)))


def _together(plan: Plan, behaviours: dict[Side, NatBehaviour]) -> Nat:
    """The report holds one behaviour a family: of several sources, the one that the user named first."""
    order = [None, *plan.sources]
    known = {side.family: behaviours[side] for side in sorted(behaviours, key=lambda side: -order.index(side.source))}
    return Nat(ipv4=known.get(4), ipv6=known.get(6))


async def _run_cell(current: Run, cell: Cell) -> None:
    async with current.room, _context(current, cell.asked, cell) as context:
        await climb(context, for_cell(current.plan.probes, cell), current.emit, current.why_stopped)


@contextlib.asynccontextmanager
async def _context(current: Run, target: Target, where: Cell | Side | None) -> AsyncIterator[Context]:
    async with asyncio.TaskGroup() as pumps:
        closing = AsyncExitStack()
        try:
            hold = Hold(current.clock, current.emit, current.roots, pumps, closing)
            yield Context(
                target=target,
                place=where if isinstance(where, Cell) else None,
                seat=where if isinstance(where, Side) else None,
                settings=current.plan.settings,
                bench=Bench(),
                hold=hold,
            )
        finally:
            await _close(closing)


async def _close(closing: AsyncExitStack) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_CLOSING_S):
            await closing.aclose()
