"""Runs single probes against servers of the tests, through the engine: `checked(target, "ws.upgrade")`."""

import asyncio
import concurrent.futures
from typing import Any

from natprobe.diagnose import diagnose
from natprobe.events import Event
from natprobe.fold import fold
from natprobe.model import Check, Report
from natprobe.plan import Plan
from natprobe.probe import Probe, Settings
from natprobe.probes import all_probes
from natprobe.runner import run
from natprobe.target import parse


def chosen(*ids: str) -> tuple[Probe[Any], ...]:
    """The probes of these ids, and the one that looks whether the port is open."""
    wanted = tuple(probe for probe in all_probes() if probe.id in {*ids, "port.tcp"})
    assert {probe.id for probe in wanted} == {*ids, "port.tcp"}
    return wanted


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
