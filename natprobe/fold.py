"""What do the events of a run add up to? `fold(events)` is the report; nothing else builds one."""

from collections.abc import Iterable
from functools import reduce

import msgspec

from natprobe.events import (
    CandidateFound,
    CandidateMissed,
    CheckAdvanced,
    CheckEnded,
    CheckPlanned,
    CheckStarted,
    Event,
    NatClassified,
    Packet,
    RunEnded,
    RunStarted,
)
from natprobe.model import Check, Report, Status, Vantage, Verdict

EMPTY = Report(
    natprobe="",
    command="check",
    started="",
    duration_ms=0.0,
    verdict=Verdict.INCONCLUSIVE,
    vantage=Vantage(hostname="", platform=""),
)


def fold(events: Iterable[Event]) -> Report:
    """The report that `events` add up to, its checks as planned; a run that has not ended yet folds as well."""
    told = tuple(events)
    report = reduce(step, told, EMPTY)
    order = {_place(event): number for number, event in enumerate(told) if isinstance(event, CheckPlanned)}
    checks = tuple(sorted(report.checks, key=lambda check: order.get(_place(check), len(order))))
    ordered = msgspec.structs.replace(report, checks=checks)
    return msgspec.structs.replace(ordered, verdict=verdict_of(ordered))


def _place(check: CheckPlanned | Check) -> tuple[object, ...]:
    return check.asked, check.target, check.transport, check.address, check.id


def step(report: Report, event: Event) -> Report:
    """`report` after one more event."""
    match event:
        case RunStarted():
            return msgspec.structs.replace(
                report,
                natprobe=event.natprobe,
                command=event.command,
                started=event.started,
                deadline_ms=event.deadline_ms,
                vantage=event.vantage,
            )
        case CheckEnded():
            return msgspec.structs.replace(report, checks=(*report.checks, check_of(event)))
        case NatClassified():
            return msgspec.structs.replace(report, nat=event.nat)
        case CandidateFound():
            return msgspec.structs.replace(report, candidates=(*report.candidates, event.candidate))
        case CandidateMissed():
            return msgspec.structs.replace(report, candidate_errors=(*report.candidate_errors, event.error))
        case RunEnded():
            return msgspec.structs.replace(report, duration_ms=event.at_ms, interrupted=event.interrupted)
        case CheckPlanned() | CheckStarted() | CheckAdvanced() | Packet():
            return report


def check_of(event: CheckEnded) -> Check:
    """The check that this event tells of."""
    return Check(
        id=event.id,
        target=event.target,
        asked=event.asked,
        group=event.group,
        address=event.address,
        transport=event.transport,
        status=event.status,
        summary=event.summary,
        started_ms=event.started_ms,
        duration_ms=event.duration_ms,
        evidence=event.evidence,
        findings=tuple(raised.id for raised in event.raised),
        facts={raised.id: raised.facts for raised in event.raised if raised.facts},
    )


def verdict_of(report: Report) -> Verdict:
    """The verdict of the checks alone: the worst status decides, and no result at all is no pass."""
    decisive = [check.status for check in report.checks if check.status is not Status.SKIP]
    if not decisive:
        return Verdict.INCONCLUSIVE
    return _VERDICTS[max(decisive, key=lambda status: status.rank)]


_VERDICTS = {
    Status.PASS: Verdict.PASS,
    Status.WARN: Verdict.WARN,
    Status.INCONCLUSIVE: Verdict.INCONCLUSIVE,
    Status.FAIL: Verdict.FAIL,
    Status.ERROR: Verdict.FAIL,
}
