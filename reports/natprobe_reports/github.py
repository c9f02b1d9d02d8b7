"""The findings as GitHub workflow commands: annotations that a job shows beside its log.

The form is `::error title=…::…`. A line break or a percent sign in a value would end or change the command, in a
property a colon and a comma too; each is written as its percent code, as the runner expects.
"""

from collections.abc import Iterator

from natprobe.model import Check, Finding, Report, Severity, Status
from natprobe_reports.clean import clean_report
from natprobe_reports.style import Style
from natprobe_reports.view import findings_of, of_severity, place_of

_COMMANDS: dict[Severity, str] = {"error": "error", "warning": "warning", "info": "notice"}
_UNEXPLAINED = {Status.FAIL: "error", Status.ERROR: "error", Status.INCONCLUSIVE: "warning"}
_MESSAGE = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def render(report: Report, style: Style) -> str:
    """One line a finding, errors first as GitHub shows only the first ten; nothing for a run without findings."""
    report = clean_report(report)
    lines = [*_of_findings(report, "error"), *_of_checks(report), *_of_findings(report, "warning")]
    lines += _of_findings(report, "info") if style.verbose else ()
    return "".join(f"{line}\n" for line in lines)


def _of_findings(report: Report, severity: Severity) -> Iterator[str]:
    for finding in of_severity(report.findings, severity):
        yield _command(_COMMANDS[severity], finding.title, _message(finding))


def _of_checks(report: Report) -> Iterator[str]:
    """What went wrong and no finding explains."""
    for check in report.checks:
        if check.status in _UNEXPLAINED and not findings_of(report, check):
            yield _command(_UNEXPLAINED[check.status], _title(check), check.summary)


def _title(check: Check) -> str:
    return f"{check.id} of {place_of(check)}"


def _message(finding: Finding) -> str:
    return f"{finding.evidence}\nCause: {finding.cause}\nFix: {finding.fix}\nMore: natprobe explain {finding.id}"


def _command(name: str, title: str, message: str) -> str:
    return f"::{name} title={title.translate(_PROPERTY)}::{message.translate(_MESSAGE)}"
