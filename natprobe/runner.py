"""Runs a plan: bounded, deadlined, telling events. It knows no listener and judges nothing.

Theory of operation. Each target becomes cells (transport × address); all cells run at once. What an answer names (an
ICE endpoint's servers) joins them as a target of its own, within bounds. A run about this host
(`natprobe nat`) has sides in their place: one ladder an address family, with all servers to ask. Within a cell every
probe is a task that waits for the probes that give what it needs, so steps that do not depend on each other share
their round trips. Three nested scopes end in this order: the probes, then `closing` (allocations are released while the
sockets still pump), then the pumps. Interruption and deadline take the same way out.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from typing import Literal

import msgspec

from natprobe import __version__
from natprobe.client.hold import Hold
from natprobe.client.shared import Shared
from natprobe.credential import Credential
from natprobe.events import Emit, NatClassified, RunEnded, RunStarted
from natprobe.ladder import climb
from natprobe.model import Nat, NatBehaviour
from natprobe.net.clock import Clock
from natprobe.net.handshake import Roots
from natprobe.net.tls import preload
from natprobe.net.vantage import utc_now, vantage
from natprobe.plan import (
    DEEPEST,
    Order,
    Plan,
    cells,
    for_cell,
    for_host,
    for_target,
    led,
    literal,
    orders,
    sides,
)  # fmt: skip
from natprobe.probe import Bench, Cell, Context, Destinations, Followed, Lead, Side
from natprobe.target import Target

CLEANUP_S = 1.0
"""Kept back from the deadline for releasing allocations and closing sockets."""

_CLOSING_S = 0.95
"""What of it closing may take, so that the last event is told within the deadline."""

_CELLS_AT_ONCE = 64
_MOST_LEADS = 32


class Run(msgspec.Struct, frozen=True):
    """What every part of one run shares."""

    plan: Plan
    emit: Emit
    clock: Clock
    roots: Roots
    room: asyncio.Semaphore
    targets: asyncio.TaskGroup
    """Holds a task a target; what answers name joins it."""
    shared: Shared
    known: dict[tuple[Target, Credential | None], Order] = msgspec.field(default_factory=dict)

    def take(self, order: Order) -> None:
        """Begins with a target."""
        self.known[order.mark] = order
        self.targets.create_task(_run_target(self, order))

    def why_stopped(self) -> str:
        """The clause for a check that the end of the run cuts off just now."""
        if self.clock.now() >= self.plan.deadline_s - CLEANUP_S:
            return f"the run reached its deadline of {self.plan.deadline_s:g} s"
        return "the run was interrupted"


class Errand(msgspec.Struct, frozen=True):
    """One target's share of a run."""

    run: Run
    order: Order
    until_s: float | None = None
    """When the target's own time is up, on the run's clock."""

    def why_stopped(self) -> str:
        """See Run."""
        if self.until_s is not None and self.run.clock.now() >= self.until_s:
            return f"the target reached its own limit of {self.order.settings.timeout_s:g} s"
        return self.run.why_stopped()

    def follow(self, where: Cell | None, lead: Lead) -> Followed:
        """See Context.follow."""
        order = led(self.run.plan, self.order, where, lead)
        if order is None:
            return "withheld"
        if order.mark in self.run.known:
            return "known"
        answers = sum(each.depth > 0 for each in self.run.known.values())
        if order.depth > DEEPEST or answers >= _MOST_LEADS:
            return "too-many"
        self.run.take(order)
        return "followed"


def _limits(plan: Plan) -> tuple[str, ...]:
    """What this system or privilege keeps from the probes of the plan, each sentence once."""
    schemes = {target.scheme for target in plan.targets}
    apt = (probe for probe in plan.probes if probe.schemes & schemes)
    return tuple(dict.fromkeys(sentence for probe in apt for sentence in probe.limits()))


async def run(plan: Plan, emit: Emit) -> None:
    """Runs `plan` and tells `emit` each event. Cancelled, it releases what it holds, tells its last event and ends."""
    clock = Clock()
    roots, room, targets = Roots(plan.settings.ca_file), asyncio.Semaphore(_CELLS_AT_ONCE), asyncio.TaskGroup()
    current = Run(plan, emit, clock, roots, room, targets, Shared(targets))
    emit(
        RunStarted(
            natprobe=__version__,
            command=plan.command,
            started=utc_now(),
            deadline_ms=plan.deadline_s * 1000,
            vantage=vantage(*_limits(plan)),
            targets=tuple(str(target) for target in plan.targets),
        )
    )
    interrupted = True
    if any(target.secure for target in plan.targets):
        preload(current.roots)
    try:
        async with asyncio.timeout(plan.deadline_s - CLEANUP_S), current.targets:
            if plan.aim == "host":
                current.targets.create_task(_run_host(current))
            for order in orders(plan) if plan.aim == "servers" else ():
                current.take(order)
        interrupted = False
    except TimeoutError:
        interrupted = False
    finally:
        emit(RunEnded(at_ms=clock.now_ms(), interrupted=interrupted))


async def _run_target(current: Run, order: Order) -> None:
    limit_s = order.settings.timeout_s
    errand = Errand(current, order, None if limit_s is None else current.clock.now() + limit_s)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(limit_s):
            destinations = literal(order.target) or await _resolved(errand)
            async with asyncio.TaskGroup() as group:
                for cell in cells(order.target, destinations, current.plan.families):
                    group.create_task(_run_cell(errand, cell))


async def _resolved(errand: Errand) -> Destinations:
    plan = errand.run.plan
    async with _context(errand, None) as context:
        scope: Literal["target", "spare"] = "spare" if plan.unnamed else "target"
        rungs = for_target(plan.probes, errand.order.target, scope)
        await climb(context, rungs, errand.run.emit, errand.why_stopped)
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
    errand = Errand(current, Order(target, current.plan.settings))
    return target, literal(target) or await _resolved(errand)


async def _run_side(current: Run, side: Side, behaviours: dict[Side, NatBehaviour]) -> None:
    errand = Errand(current, Order(side.servers[0].target, current.plan.settings))
    async with current.room, _context(errand, side) as context:
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


async def _run_cell(errand: Errand, cell: Cell) -> None:
    async with errand.run.room, _context(errand, cell) as context:
        rungs = for_cell(errand.run.plan.probes, cell, errand.order.settings)
        await climb(context, rungs, errand.run.emit, errand.why_stopped)


@contextlib.asynccontextmanager
async def _context(errand: Errand, where: Cell | Side | None) -> AsyncIterator[Context]:
    current, order = errand.run, errand.order
    place = where if isinstance(where, Cell) else None
    async with asyncio.TaskGroup() as pumps:
        closing = AsyncExitStack()
        try:
            hold = Hold(current.clock, current.emit, current.roots, pumps, closing)
            yield Context(
                target=order.target,
                place=place,
                seat=where if isinstance(where, Side) else None,
                settings=order.settings,
                bench=Bench(),
                hold=hold,
                origin=str(order.origin) if order.origin else None,
                follow=partial(errand.follow, place),
                once=current.shared.once,
                shunned=order.shunned,
            )
        finally:
            await _close(closing)


async def _close(closing: AsyncExitStack) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_CLOSING_S):
            await closing.aclose()
