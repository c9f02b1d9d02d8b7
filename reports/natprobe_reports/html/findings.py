"""The findings of the page, errors first, and which of them each check led to."""

from collections.abc import Iterator
from typing import NamedTuple

from natprobe.model import Check, Report
from natprobe_reports.causes import Cause, causes, key_of
from natprobe_reports.html.marks import SEVERITY_MARKS, Mark

_MOST_OPEN = 20


class FindingView(NamedTuple):
    """One entry: what was seen, why, and what to change."""

    anchor: str
    mark: Mark
    id: str
    title: str
    cause: str
    fix: str
    places: tuple[str, ...]
    evidence: tuple[str, ...]
    open: bool


class Link(NamedTuple):
    """Leads to a finding."""

    anchor: str
    mark: Mark
    id: str


class Findings(NamedTuple):
    """All of them, with an index: asking once a check must not read every finding again."""

    views: tuple[FindingView, ...]
    by_place: dict[tuple[str, str | None], Link]

    def of(self, check: Check) -> tuple[Link, ...]:
        """Those that `check` led to."""
        return tuple(dict.fromkeys(self._links(check)))

    def _links(self, check: Check) -> Iterator[Link]:
        for finding in check.findings:
            for target in (None, check.target, check.asked):
                if link := self.by_place.get((finding, target)):
                    yield link


def findings_of(report: Report, prefix: str, *, verbose: bool) -> Findings:
    """The report's findings; notes stay folded, and so does what comes after many."""
    told = causes(report, "error", "warning", "info")
    views = tuple(_view(cause, index, prefix, verbose=verbose) for index, cause in enumerate(told))
    links = {key_of(cause.first): Link(*view[:3]) for cause, view in zip(told, views, strict=True)}
    by_place = {(finding.id, finding.target): links[key_of(finding)] for finding in report.findings}
    return Findings(views, by_place)


def _view(cause: Cause, index: int, prefix: str, *, verbose: bool) -> FindingView:
    finding = cause.first
    return FindingView(
        anchor=f"{prefix}finding-{index + 1}",
        mark=SEVERITY_MARKS[finding.severity],
        id=finding.id,
        title=finding.title,
        cause=finding.cause,
        fix=finding.fix,
        places=cause.places,
        evidence=cause.evidence,
        open=verbose or (index < _MOST_OPEN and finding.severity != "info"),
    )
