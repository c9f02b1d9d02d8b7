"""Runs single probes against servers of the tests, through the engine: `checked(target, "ws.upgrade")`."""

import asyncio
import concurrent.futures
from typing import Any

import msgspec

from natprobe.client.rig import Accepting
from natprobe.diagnose import diagnose
from natprobe.events import Event
from natprobe.fold import fold
from natprobe.model import Check, Report, Status
from natprobe.plan import Plan
from natprobe.probe import Context, Judgement, Probe, Settings
from natprobe.probes import all_probes
from natprobe.runner import run
from natprobe.target import parse
from natprobe.target.schemes import SCHEMES


class Open(msgspec.Struct, frozen=True):
    """The port is taken for open."""


async def _opens(ctx: Context) -> Open:
    ctx.bench.put(Accepting())
    return Open()


DOOR = Probe(
    id="port.tcp",
    title="Port",
    schemes=frozenset(SCHEMES),
    evidence=Open,
    observe=_opens,
    judge=lambda _evidence: Judgement(status=Status.PASS, summary="taken for open"),
    deadline_s=1.0,
    gives=(Accepting,),
)
"""Stands in for the port's own check, which is tested elsewhere."""


def chosen(*ids: str) -> tuple[Probe[Any], ...]:
    """The probes of these ids, behind an open door."""
    wanted = tuple(probe for probe in all_probes() if probe.id in ids)
    assert len(wanted) == len(ids), ids
    return (DOOR, *wanted)


async def checking(target: str, *ids: str, settings: Settings | None = None, deadline_s: float = 30.0) -> Report:
    """The report of these probes alone about one target."""
    events: list[Event] = []
    plan = Plan("check", (parse(target),), chosen(*ids), settings or Settings(), deadline_s)
    await run(plan, events.append)
    return diagnose(fold(events))


def checked(target: str, *ids: str, settings: Settings | None = None, deadline_s: float = 30.0) -> Report:
    """The same for tests that have no loop of their own."""

    def work() -> Report:
        return asyncio.run(checking(target, *ids, settings=settings, deadline_s=deadline_s))

    with concurrent.futures.ThreadPoolExecutor(1) as threads:
        return threads.submit(work).result()


def of(report: Report, check_id: str) -> Check:
    """The report's one check of this id."""
    (found,) = [check for check in report.checks if check.id == check_id]
    return found


def told(report: Report, check_id: str) -> tuple[str, tuple[str, ...]]:
    """How that check ended, and what it found."""
    check = of(report, check_id)
    return check.status.value, check.findings
