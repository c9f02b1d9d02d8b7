"""How do the checks of a report stand together? Targets hold cells, a cell holds its ladder of checks."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from natprobe.address import Address
from natprobe.model import Check, Finding, Report, Status
from natprobe_reports.words import COUNT_WORDS, applies, is_untested

_NOT_TESTED = "not tested"
_NOT_OFFERED = "not offered"

_NEED = re.compile(r"not tested: it needs (?P<id>[a-z0-9]+\.[a-z0-9-]+)")


class CellView(NamedTuple):
    """One transport at one address of a target, or the target as a whole where both are None."""

    target: str
    transport: str | None
    address: Address | None
    checks: tuple[Check, ...]

    @property
    def place(self) -> str:
        """Where, in words; empty for the target as a whole."""
        words = (f"over {self.transport}" if self.transport else "", f"at {self.address}" if self.address else "")
        return " ".join(word for word in words if word)

    @property
    def healthy(self) -> bool:
        """Whether every check of the cell that applies has passed, and there is one."""
        return bool(self.asked) and all(check.status is Status.PASS for check in self.asked)

    @property
    def asked(self) -> tuple[Check, ...]:
        """The checks of the cell without those that do not apply."""
        return tuple(check for check in self.checks if applies(check))

    @property
    def not_offered(self) -> bool:
        """Whether this is a transport that the server does not have and that nobody asked for."""
        return any(check.summary.startswith(_NOT_OFFERED) for check in self.checks)

    def count(self, *statuses: Status) -> int:
        """How many of the cell's checks ended in one of `statuses`."""
        return sum(check.status in statuses for check in self.checks)


class TargetView(NamedTuple):
    """A target as the user wrote it, and its cells in the order in which they were told."""

    asked: str
    cells: tuple[CellView, ...]
    group: str | None = None
    """What a deployment file says that it belongs to."""


class NotTested(NamedTuple):
    """Checks that one cause kept from being made."""

    cause: str
    ids: tuple[str, ...]


def targets(report: Report) -> tuple[TargetView, ...]:
    """The report's checks by target and cell; those of one group stand together, behind those of none."""
    grouped: dict[str, dict[tuple[str, str | None, Address | None], list[Check]]] = {}
    for check in report.checks:
        cells = grouped.setdefault(check.asked or check.target, {})
        cells.setdefault((check.target, check.transport, check.address), []).append(check)
    groups = {check.asked or check.target: check.group for check in report.checks}
    order = tuple(dict.fromkeys((None, *groups.values())))
    views = (
        TargetView(asked, tuple(CellView(*place, tuple(checks)) for place, checks in cells.items()), groups[asked])
        for asked, cells in grouped.items()
    )
    return tuple(sorted(views, key=lambda view: order.index(view.group)))


def opens_group(views: tuple[TargetView, ...], index: int) -> bool:
    """Whether the target at `index` is the first one of a group that has a name."""
    group = views[index].group
    return group is not None and (index == 0 or views[index - 1].group != group)


def state(cell: CellView) -> str:
    """How the cell stands, in words: `9 of 11 ok, 1 failed`."""
    if cell.not_offered:
        return "not offered"
    asked = len(cell.asked)
    if asked == 0:
        return "does not apply"
    if cell.count(Status.SKIP) == len(cell.checks):
        return COUNT_WORDS[Status.SKIP]
    if cell.healthy:
        return f"{asked} of {asked} ok"
    told = (Status.FAIL, Status.ERROR, Status.INCONCLUSIVE, Status.WARN)
    parts = (f"{cell.count(status)} {COUNT_WORDS[status]}" for status in told if cell.count(status))
    return ", ".join((f"{cell.count(Status.PASS)} of {asked} ok", *parts))


def made(cell: CellView) -> tuple[Check, ...]:
    """The checks of `cell` that are told one by one: all but those that were not tested."""
    return tuple(check for check in cell.checks if not is_untested(check))


def not_tested(cell: CellView) -> tuple[NotTested, ...]:
    """The checks of `cell` that were not made, by the first thing that each of them lacked."""
    by_cause: dict[str, list[str]] = {}
    for check in filter(is_untested, cell.checks):
        cause = "the server does not offer this transport" if cell.not_offered else _cause(check, cell.checks)
        by_cause.setdefault(cause, []).append(check.id)
    return tuple(NotTested(cause, tuple(ids)) for cause, ids in by_cause.items())


def place_of(check: Check) -> str:
    """Where the check looked: the target, and the transport and address beside it."""
    place = CellView(check.target, check.transport, check.address, ()).place
    return f"{check.target} {place}".rstrip()


def findings_of(report: Report, check: Check) -> tuple[Finding, ...]:
    """The findings in sentences that `check` led to."""
    return tuple(finding for finding in report.findings if belongs(finding, check))


def belongs(finding: Finding, check: Check) -> bool:
    """Whether `check` is among those that led to `finding`."""
    return finding.id in check.findings and finding.target in _targets(check)


def orphans(report: Report) -> tuple[Finding, ...]:
    """The findings that no check of the report led to: what only shows across checks."""
    led = {(finding, target) for check in report.checks for finding in check.findings for target in _targets(check)}
    return tuple(finding for finding in report.findings if (finding.id, finding.target) not in led)


def of_severity(findings: Iterable[Finding], severity: str) -> tuple[Finding, ...]:
    """Those of `findings` with that severity."""
    return tuple(finding for finding in findings if finding.severity == severity)


def _targets(check: Check) -> tuple[str | None, ...]:
    return (None, check.target, check.asked)


def _cause(check: Check, cell: tuple[Check, ...]) -> str:
    by_id = {other.id: other for other in cell}
    seen: set[str] = set()
    while check.id not in seen and (need := _NEED.fullmatch(check.summary)):
        seen.add(check.id)
        root = by_id.get(need["id"])
        if root is None or not is_untested(root):
            return f"{need['id']} {_ENDED[root.status] if root else 'was not reached'}"
        check = root
    return check.summary.removeprefix(_NOT_TESTED).lstrip(": ") or "no reason was given"


_ENDED = {
    Status.PASS: "gave nothing to go on with",
    Status.SKIP: "does not apply",
    Status.WARN: "gave nothing to go on with",
    Status.INCONCLUSIVE: "could not be told",
    Status.FAIL: "failed",
    Status.ERROR: "failed inside natprobe",
}
