"""The findings for people: what was seen, why, and what to change; errors first, infos on request."""

from typing import NamedTuple

from natprobe.model import Finding, Report, Severity, Status
from natprobe_reports.layout import columns, hanging, mark
from natprobe_reports.style import Style
from natprobe_reports.view import of_severity

_MARKS: dict[Severity, Status] = {"error": Status.FAIL, "warning": Status.WARN, "info": Status.SKIP}
_MOST_SEEN = 2
_INDENT = "      "


class Entry(NamedTuple):
    """Findings that say the same of several places, told once."""

    first: Finding
    places: tuple[str, ...]
    evidence: tuple[str, ...]


def entries(report: Report, *severities: Severity) -> tuple[Entry, ...]:
    """The findings of these severities in that order; within one, in the report's order."""
    same: dict[tuple[str, ...], list[Finding]] = {}
    for severity in severities:
        for finding in of_severity(report.findings, severity):
            same.setdefault((severity, finding.id, finding.title, finding.cause, finding.fix), []).append(finding)
    return tuple(_entry(group) for group in same.values())


def _entry(group: list[Finding]) -> Entry:
    places = dict.fromkeys(place for finding in group if (place := _place(finding)))
    return Entry(group[0], tuple(places), tuple(dict.fromkeys(finding.evidence for finding in group)))


def findings_lines(report: Report, style: Style) -> list[list[str]]:
    """One block a finding."""
    shown: tuple[Severity, ...] = ("error", "warning", "info") if style.verbose else ("error", "warning")
    return [_block(entry, style) for entry in entries(report, *shown)]


def _block(entry: Entry, style: Style) -> list[str]:
    finding = entry.first
    status = _MARKS[finding.severity]
    word = f"{mark(status, Style())} "
    title, *more = hanging(word, finding.title, columns(style))
    labelled = (
        *(("at", place) for place in entry.places),
        *(("seen", evidence) for evidence in _shown(entry.evidence, style)),
        ("cause", finding.cause),
        ("fix", finding.fix),
    )
    lines = [line for label, text in labelled for line in hanging(_label(label), text, columns(style))]
    return [
        mark(status, style) + title[len(word) - 1 :],
        *more,
        *lines,
        f"{_label('more')}natprobe explain {finding.id}",
    ]


def _shown(evidence: tuple[str, ...], style: Style) -> tuple[str, ...]:
    """What was seen; of many places that show the same, the first ones."""
    if style.verbose or len(evidence) <= _MOST_SEEN + 1:
        return evidence
    return (*evidence[:_MOST_SEEN], f"the same at {len(evidence) - _MOST_SEEN} more of these places (-v shows each)")


def _label(word: str) -> str:
    return f"{_INDENT}{word + ':':<7}"


def _place(finding: Finding) -> str:
    words = (finding.target or "", str(finding.address or ""), finding.check or "")
    return " ".join(word for word in words if word)
