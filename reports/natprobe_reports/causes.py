"""How many findings are there, and of how many causes? The one count that every format tells.

A finding is one fault of one target: what JSON lists, and what metrics and annotations count. Findings that say the
same of several targets have one cause, and people read them once, with each place. Where the two numbers differ both
are told, so that nobody who lays two formats side by side has to wonder.
"""

from collections.abc import Iterable
from typing import NamedTuple

from natprobe.model import Finding, Report, Severity
from natprobe_reports.view import of_severity
from natprobe_reports.words import plural

NOUNS: dict[Severity, str] = {"error": "error", "warning": "warning", "info": "note"}
Key = tuple[str, str, str, str, str]


class Cause(NamedTuple):
    """Findings that say the same of several places, told once."""

    findings: tuple[Finding, ...]

    @property
    def first(self) -> Finding:
        """What stands for all of them: they differ in their places, and in what was seen there."""
        return self.findings[0]

    @property
    def places(self) -> tuple[str, ...]:
        """Where: target, address and check of each."""
        return tuple(dict.fromkeys(place for finding in self.findings if (place := _place(finding))))

    @property
    def evidence(self) -> tuple[str, ...]:
        """What was seen, each once."""
        return tuple(dict.fromkeys(finding.evidence for finding in self.findings))


def key_of(finding: Finding) -> Key:
    """What findings of one cause have in common."""
    return finding.severity, finding.id, finding.title, finding.cause, finding.fix


def causes(report: Report, *severities: Severity) -> tuple[Cause, ...]:
    """The findings of these severities in that order, by cause; within one severity in the report's order."""
    same: dict[Key, list[Finding]] = {}
    for severity in severities:
        for finding in of_severity(report.findings, severity):
            same.setdefault(key_of(finding), []).append(finding)
    return tuple(Cause(tuple(group)) for group in same.values())


def total(report: Report, severity: Severity) -> str:
    """`1 error`; `3 errors (1 cause at 3 targets)` where findings share a cause."""
    told = causes(report, severity)
    findings = [finding for cause in told for finding in cause.findings]
    words = plural(len(findings), NOUNS[severity])
    if len(told) == len(findings):
        return words
    return f"{words} ({plural(len(told), 'cause')} at {plural(_targets(findings), 'target')})"


def totals(report: Report, severities: Iterable[Severity]) -> str:
    """`3 errors (1 cause at 3 targets), 0 warnings`."""
    return ", ".join(total(report, severity) for severity in severities)


def _targets(findings: Iterable[Finding]) -> int:
    return len({finding.target for finding in findings})


def _place(finding: Finding) -> str:
    words = (finding.target or "", str(finding.address or ""), finding.check or "")
    return " ".join(word for word in words if word)
