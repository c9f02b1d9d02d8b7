"""The findings for people: what was seen, why, and what to change; errors first, infos on request."""

from natprobe.model import Report, Severity, Status
from natprobe_reports.causes import Cause, causes
from natprobe_reports.layout import columns, hanging, mark
from natprobe_reports.style import Style

_MARKS: dict[Severity, Status] = {"error": Status.FAIL, "warning": Status.WARN, "info": Status.SKIP}
_MOST_SEEN = 2
_INDENT = "      "


def shown(style: Style) -> tuple[Severity, ...]:
    """The severities that are told."""
    return ("error", "warning", "info") if style.verbose else ("error", "warning")


def findings_lines(report: Report, style: Style) -> list[list[str]]:
    """One block a cause."""
    return [_block(cause, style) for cause in causes(report, *shown(style))]


def _block(cause: Cause, style: Style) -> list[str]:
    finding = cause.first
    status = _MARKS[finding.severity]
    word = f"{mark(status, Style())} "
    title, *more = hanging(word, finding.title, columns(style))
    labelled = (
        *(("at", place) for place in cause.places),
        *(("seen", evidence) for evidence in _some(cause.evidence, style)),
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


def _some(evidence: tuple[str, ...], style: Style) -> tuple[str, ...]:
    """What was seen; of many places that show the same, the first ones."""
    if style.verbose or len(evidence) <= _MOST_SEEN + 1:
        return evidence
    return (*evidence[:_MOST_SEEN], f"the same at {len(evidence) - _MOST_SEEN} more of these places (-v shows each)")


def _label(word: str) -> str:
    return f"{_INDENT}{word + ':':<7}"
