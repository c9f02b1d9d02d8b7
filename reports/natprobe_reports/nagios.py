"""The report as a monitoring plugin's one line: `NATPROBE CRITICAL - the culprit | performance data`.

The plugin guidelines' own exit codes (0, 1, 2, 3) differ from natprobe's; `exit_status` is their one place.
"""

from collections import Counter
from collections.abc import Iterator
from enum import IntEnum

from natprobe.model import Check, Report, Status, Verdict
from natprobe_reports.clean import clean_report
from natprobe_reports.culprit import culprit
from natprobe_reports.style import Style

_MOST_CHARACTERS = 4096
"""What Nagios reads of a plugin has a limit of 8 KiB; half of it leaves room for long names of services."""

_IN_TEXT = str.maketrans({"|": "/"})
_IN_LABEL = str.maketrans({"|": "/", "'": "_", "=": "_"})


class ExitStatus(IntEnum):
    """The states that monitoring plugins know."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


_STATUSES = {
    Verdict.PASS: ExitStatus.OK,
    Verdict.WARN: ExitStatus.WARNING,
    Verdict.FAIL: ExitStatus.CRITICAL,
    Verdict.INCONCLUSIVE: ExitStatus.UNKNOWN,
}


def exit_status(report: Report) -> ExitStatus:
    """The state; a fault of natprobe's own, and an interrupted run that saw no failure, are unknown."""
    failed = any(check.status is Status.FAIL for check in report.checks)
    broke = any(check.status is Status.ERROR for check in report.checks)
    if (broke or report.interrupted) and not failed:
        return ExitStatus.UNKNOWN
    return _STATUSES[report.verdict]


def render(report: Report, style: Style) -> str:
    """The plugin's line; labels of the performance data stay the same from run to run."""
    report = clean_report(report)
    line = f"NATPROBE {exit_status(report).name} - {culprit(report).translate(_IN_TEXT)} |"
    for datum in _performance(report):
        if len(line) + len(datum) >= _MOST_CHARACTERS:
            break
        line += f" {datum}"
    return (line if style.unicode else line.encode("ascii", "backslashreplace").decode("ascii")) + "\n"


def _performance(report: Report) -> Iterator[str]:
    """Totals first, then each check that ran to an end: `'label'=value[unit];warn;crit;min;max`."""
    limit = f"{report.deadline_ms / 1000:g}" if report.deadline_ms is not None else ""
    yield f"time={report.duration_ms / 1000:.3f}s;;;0;{limit}"
    counted = Counter(check.status for check in report.checks)
    yield f"checks={len(report.checks)};;;0;"
    for status in (Status.FAIL, Status.WARN, Status.INCONCLUSIVE):
        yield f"{status.value}={counted[status]};;;0;{len(report.checks)}"
    measured = {
        _label(check): check.duration_ms for check in report.checks if check.status in (Status.PASS, Status.WARN)
    }
    for label, took_ms in measured.items():
        yield f"'{label}'={took_ms:.3f}ms;;;0;"


def _label(check: Check) -> str:
    words = (check.id, check.asked or check.target, check.transport or "", str(check.address or ""))
    return " ".join(filter(None, words)).translate(_IN_LABEL)
