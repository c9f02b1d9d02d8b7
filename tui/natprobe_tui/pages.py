"""What is told of one check? Its finding with cause and fix, its evidence, and what the catalogue explains."""

from collections.abc import Iterator, Mapping
from typing import Any

from natprobe.catalogue import Entry, load
from natprobe.model import Check, Finding, Report
from natprobe_reports.clean import clean
from natprobe_reports.view import findings_of
from natprobe_reports.words import duration
from natprobe_tui.marks import SEVERITY_TONES
from natprobe_tui.packets import as_address

Part = tuple[str, str, str]
"""A label, a text and a tone."""

_DEEPEST = 12
_WORDS = {None: "unknown", True: "yes", False: "no"}


def finding_parts(report: Report, check: Check) -> tuple[Part, ...]:
    """The findings that `check` led to, in labelled sentences; how it ended where there are none."""
    found = findings_of(report, check)
    told = tuple(part for finding in found for part in _finding(finding))
    return told or (("seen", clean(check.summary), "plain"), *_nothing(check))


def _nothing(check: Check) -> Iterator[Part]:
    trace = check.evidence.get("trace")
    if isinstance(trace, list):
        yield from (("at", clean(str(line)), "dim") for line in trace)
        return
    yield "", "This check led to no finding of the catalogue.", "dim"


def _finding(finding: Finding) -> Iterator[Part]:
    yield finding.severity, clean(finding.title), SEVERITY_TONES[finding.severity]
    yield "seen", clean(finding.evidence), "plain"
    yield "cause", clean(finding.cause), "plain"
    yield "fix", clean(finding.fix), "strong"
    yield "id", finding.id, "dim"


def explained_parts(check: Check) -> tuple[Part, ...]:
    """What the catalogue says about each finding of `check`, as `natprobe explain` does."""
    catalogue = load()
    entries = (catalogue.entry(finding) for finding in check.findings if finding in catalogue)
    return tuple(part for entry in entries for part in _entry(entry))


def _entry(entry: Entry) -> Iterator[Part]:
    said = entry.readable()
    yield entry.id, said.title, "strong"
    yield "symptom", entry.symptom, "plain"
    yield "evidence", said.evidence, "plain"
    yield from (("mistaken for", text, "plain") for text in entry.look_alikes)
    yield "cause", said.cause, "plain"
    yield "fix", said.fix, "plain"
    yield from (("see", text, "dim") for text in entry.references)


def evidence_parts(check: Check) -> tuple[Part, ...]:
    """The evidence as a tree, a value a line: the name indented as deep as it stands."""
    took = (("took", duration(check.duration_ms), "plain"), ("began", f"{check.started_ms:.1f} ms", "plain"))
    return (*took, *_tree(check.evidence, 0))


def _tree(evidence: Mapping[str, Any], depth: int) -> Iterator[Part]:
    for name, value in evidence.items():
        yield from _branch(clean(str(name)), value, depth)


def _branch(name: str, value: Any, depth: int) -> Iterator[Part]:
    label = "  " * depth + name
    if depth >= _DEEPEST or _is_plain(value):
        yield label, _shown(name, value), "dim" if value is None else "plain"
    elif isinstance(value, Mapping):
        yield label, "", "plain"
        yield from _tree(value, depth + 1)
    else:
        for number, item in enumerate(value, start=1):
            yield from _branch(f"{name} {number}", item, depth)


def _is_plain(value: Any) -> bool:
    if isinstance(value, Mapping):
        return not value or as_address(value) is not None
    return not isinstance(value, list | tuple) or not any(isinstance(item, Mapping | list | tuple) for item in value)


def _shown(name: str, value: Any) -> str:
    if (address := as_address(value)) is not None:
        return clean(str(address))
    if isinstance(value, list | tuple):
        return ", ".join(_shown(name, item) for item in value) or "none"
    if value is None or isinstance(value, bool):
        return _WORDS[value]
    if isinstance(value, int | float) and name.endswith("_ms"):
        return f"{value:g} ms"
    return clean(str(value)) if value != {} else "none"
