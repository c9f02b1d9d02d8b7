"""What is the one sentence that says it all? The first error, else what could not be told, else what was proved."""

from natprobe.model import Check, Finding, Report, Status, Verdict
from natprobe_reports.proof import proof
from natprobe_reports.view import of_severity
from natprobe_reports.words import duration, plural

_BROKEN = frozenset({Status.FAIL, Status.ERROR})


def culprit(report: Report) -> str:
    """The sentence beside the verdict's word."""
    if not report.checks and not report.findings and report.nat is None and not report.candidates:
        return _nothing(report)
    return _trouble(report) or _stopped(report) or proof(report)


def _nothing(report: Report) -> str:
    return (
        f"nothing was checked: interrupted after {duration(report.duration_ms)}"
        if report.interrupted
        else ("nothing was checked")
    )


def _trouble(report: Report) -> str | None:
    """The first sentence in the order of the verdict's own reasons; None where all is well."""
    if errors := of_severity(report.findings, "error"):
        return _of_finding(report, errors[0])
    if broken := _first(report, _BROKEN):
        return _of_check(broken)
    if report.interrupted:
        return None
    if unknown := _first(report, {Status.INCONCLUSIVE}):
        return _of_check(unknown)
    if report.verdict is Verdict.INCONCLUSIVE:
        return _untested(report)
    if warnings := of_severity(report.findings, "warning"):
        return _of_finding(report, warnings[0])
    warned = _first(report, {Status.WARN})
    return _of_check(warned) if warned else None


def _untested(report: Report) -> str:
    """Why nothing was asked: the first reason that is not another check."""
    skipped = (check for check in report.checks if check.status is Status.SKIP)
    first = next((check for check in skipped if not check.summary.startswith("not tested: it needs ")), None)
    return _of_check(first) if first else "it could not be told whether this works"


def _stopped(report: Report) -> str | None:
    if not report.interrupted:
        return None
    told = sum(check.status not in (Status.INCONCLUSIVE, Status.SKIP) for check in report.checks)
    return f"interrupted after {duration(report.duration_ms)}; nothing had failed in {plural(told, 'check')}"


def _first(report: Report, statuses: frozenset[Status] | set[Status]) -> Check | None:
    return next((check for check in report.checks if check.status in statuses), None)


def _of_check(check: Check) -> str:
    return f"{check.summary} ({check.id} of {check.target})"


def _of_finding(report: Report, finding: Finding) -> str:
    """The finding's title; with how many targets it breaks, or with its target where the title could be of any."""
    asked = {check.asked or check.target for check in report.checks}
    broken = {each.target for each in report.findings if (each.id, each.title) == (finding.id, finding.title)}
    if len(broken) > 1:
        return f"{finding.title} ({len(broken)} of {len(asked)} targets)"
    named = finding.target is None or any(place in finding.title for place in _names(finding))
    alone = len({check.target for check in report.checks}) < 2
    return finding.title if named or alone else f"{finding.title} ({finding.target})"


def _names(finding: Finding) -> tuple[str, ...]:
    """What would tell the reader of a title where this is."""
    uri = finding.target or ""
    host = uri.partition(":")[2].strip("/").partition("?")[0].partition("/")[0].rpartition(":")[0]
    return tuple(name for name in (uri, host, finding.address.host if finding.address else "") if name)
