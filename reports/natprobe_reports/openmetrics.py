"""The report as OpenMetrics text, for a Prometheus that scrapes a file or an exporter.

What is not known has no sample: a check that was skipped or could not be told is missing from `natprobe_check_success`
and has its word in `natprobe_check_status`. Durations are seconds, as Prometheus wants them.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.registry import Collector

from natprobe.model import Check, Report, Severity, Status, Verdict
from natprobe_reports.causes import causes
from natprobe_reports.clean import clean_report
from natprobe_reports.evidence import numbers
from natprobe_reports.style import Style

_PLACE = ("check", "target", "address", "transport")
_SUCCESS = {Status.PASS: 1.0, Status.WARN: 1.0, Status.FAIL: 0.0, Status.ERROR: 0.0}
_SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")

Samples = dict[tuple[str, ...], float]
"""By label values: no exposition may hold one series twice, and of two the later one counts."""


class _ReportCollector(Collector):
    """Hands the report's metrics to a registry."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def collect(self) -> Iterator[Metric]:
        """Every metric family of the report."""
        return families(self._report)


def render(report: Report, style: Style) -> str:  # noqa: ARG001  metrics are the same everywhere
    """The exposition, ended by `# EOF`."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_ReportCollector(report))
    text: str = generate_latest(registry).decode()  # type: ignore[no-untyped-call]
    return text


def families(report: Report) -> Iterator[Metric]:
    """Every metric family of `report`, for an exposition that holds more than these."""
    cleaned = clean_report(report)
    yield from _of_run(cleaned)
    yield from _of_checks(cleaned)


def _of_run(report: Report) -> Iterator[Metric]:
    yield InfoMetricFamily(
        "natprobe",
        "The natprobe that made the report, and where it ran.",
        {"version": report.natprobe, "command": report.command, "hostname": report.vantage.hostname},
    )
    if (started_s := _unix_time(report.started)) is not None:
        yield GaugeMetricFamily("natprobe_started_timestamp_seconds", "When the run began.", started_s)
    yield GaugeMetricFamily("natprobe_duration_seconds", "How long the run took.", _seconds(report.duration_ms))
    yield GaugeMetricFamily("natprobe_interrupted", "1 where the run was interrupted.", float(report.interrupted))
    verdicts: Samples = {(verdict.value,): float(verdict is report.verdict) for verdict in Verdict}
    yield _family("natprobe_verdict", "1 for the run's verdict.", ("verdict",), verdicts)
    statuses = Counter(check.status for check in report.checks)
    counted: Samples = {(status.value,): float(statuses[status]) for status in Status}
    yield _family("natprobe_checks", "Checks by status.", ("status",), counted)
    severities = Counter(finding.severity for finding in report.findings)
    found: Samples = {(severity,): float(severities[severity]) for severity in _SEVERITIES}
    yield _family("natprobe_findings", "Findings by severity.", ("severity",), found)
    shared: Samples = {(severity,): float(len(causes(report, severity))) for severity in _SEVERITIES}
    yield _family("natprobe_causes", "Causes of the findings by severity.", ("severity",), shared)
    each: Samples = {(finding.id, finding.severity, finding.target or ""): 1.0 for finding in report.findings}
    yield _family("natprobe_finding", "1 for each finding.", ("finding", "severity", "target"), each)


def _of_checks(report: Report) -> Iterator[Metric]:
    known = [check for check in report.checks if check.status in _SUCCESS]
    success: Samples = {_place(check): _SUCCESS[check.status] for check in known}
    yield _family("natprobe_check_success", "1 where the check passed, 0 where it failed.", _PLACE, success)
    took: Samples = {_place(check): _seconds(check.duration_ms) for check in known}
    yield _family("natprobe_check_duration_seconds", "How long the check took.", _PLACE, took)
    ended: Samples = {(*_place(check), check.status.value): 1.0 for check in report.checks}
    yield _family("natprobe_check_status", "1 for the status of each check.", (*_PLACE, "status"), ended)
    seen: Samples = {
        (*_place(check), name): value for check in report.checks for name, value in numbers(check.evidence)
    }
    yield _family("natprobe_check_evidence", "Numbers in a check's evidence.", (*_PLACE, "name"), seen)


def _place(check: Check) -> tuple[str, ...]:
    return (check.id, check.target, str(check.address or ""), check.transport or "")


def _seconds(milliseconds: float) -> float:
    return round(milliseconds / 1000, 6)


def _family(name: str, help_text: str, labels: Sequence[str], samples: Samples) -> Metric:
    family = GaugeMetricFamily(name, help_text, labels=labels)
    for values, value in samples.items():
        family.add_metric(values, value)
    return family


def _unix_time(started: str) -> float | None:
    try:
        return datetime.fromisoformat(started).timestamp() if started else None
    except (ValueError, OverflowError):
        return None
