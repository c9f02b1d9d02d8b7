"""The reports of several hosts on one page: how each stands, and what becomes of calls between them."""

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

from natprobe.model import Finding, Report, Verdict
from natprobe_reports.clean import clean
from natprobe_reports.html.marks import SEVERITY_MARKS, VERDICT_MARKS, Mark
from natprobe_reports.html.page import LARGE_CHECKS, Page, page_of
from natprobe_reports.proof import nat_words
from natprobe_reports.words import plural


class Pair(NamedTuple):
    """What becomes of a call between two of the hosts, who count from 0 in the order of the reports."""

    a: int
    b: int
    direct: bool | None
    """None: it can't be told, and `reason` says why."""
    path: str
    """host, srflx, prflx, relay or none, as `natprobe pair` tells it."""
    reason: str
    findings: tuple[Finding, ...] = ()


class Said(NamedTuple):
    """A finding in short."""

    mark: Mark
    id: str
    title: str
    fix: str


class PairView(NamedTuple):
    """One pair in words."""

    anchor: str
    names: tuple[str, str]
    mark: Mark
    path: str
    reason: str
    findings: tuple[Said, ...]


class Row(NamedTuple):
    """A row of the matrix; None where a host meets itself."""

    name: str
    cells: tuple[PairView | None, ...]


class Several(NamedTuple):
    """The page."""

    verdict: Mark
    headline: str
    hosts: tuple[Page, ...]
    nats: tuple[tuple[str, ...], ...]
    rows: tuple[Row, ...]
    pairs: tuple[PairView, ...]
    large: bool


_DIRECT, _RELAY = Mark("pass", "direct"), Mark("warn", "relay")
_NO_PATH, _UNKNOWN = Mark("fail", "no path"), Mark("inconclusive", "not known")
_WORDS = (_DIRECT, _RELAY, _NO_PATH, _UNKNOWN)
_WORST = (Verdict.PASS, Verdict.WARN, Verdict.INCONCLUSIVE, Verdict.FAIL)
_PATHS = {"host": "by host candidates", "srflx": "by srflx candidates", "prflx": "by prflx candidates"}


def several_of(named: Sequence[tuple[str, Report]], pairs: Sequence[Pair], *, verbose: bool) -> Several:
    """The cleaned reports as a page."""
    hosts = tuple(
        page_of(report, prefix=f"host-{number}-", name=name, level=3, verbose=verbose)
        for number, (name, report) in enumerate(named, 1)
    )
    views = _views([host.name for host in hosts], pairs)
    worst = max((report.verdict for _, report in named), key=_WORST.index, default=Verdict.PASS)
    return Several(
        verdict=VERDICT_MARKS[worst],
        headline=_headline(len(hosts), tuple(views.values())),
        hosts=hosts,
        nats=tuple(_nats(report) for _, report in named),
        rows=tuple(_row(number, [host.name for host in hosts], views) for number in range(len(hosts))),
        pairs=tuple(views.values()),
        large=sum(len(report.checks) for _, report in named) > LARGE_CHECKS,
    )


def _views(names: list[str], pairs: Sequence[Pair]) -> dict[tuple[int, int], PairView]:
    told = {(min(pair.a, pair.b), max(pair.a, pair.b)): pair for pair in pairs}
    missing = "Nobody has compared these two."
    return {
        (a, b): _view(number, (names[a], names[b]), told.get((a, b), Pair(a, b, None, "", missing)))
        for number, (a, b) in enumerate(combinations(range(len(names)), 2), 1)
    }


def _view(number: int, names: tuple[str, str], pair: Pair) -> PairView:
    return PairView(
        anchor=f"pair-{number}",
        names=names,
        mark=_mark(pair),
        path=_path(pair),
        reason=clean(pair.reason),
        findings=tuple(map(_said, pair.findings)),
    )


def _mark(pair: Pair) -> Mark:
    if pair.path == "none":
        return _NO_PATH
    return _UNKNOWN if pair.direct is None else _DIRECT if pair.direct else _RELAY


def _path(pair: Pair) -> str:
    if pair.direct is None:
        return "count on a relay" if pair.path == "relay" else ""
    return _PATHS.get(pair.path, "") if pair.direct else ""


def _said(finding: Finding) -> Said:
    return Said(SEVERITY_MARKS[finding.severity], clean(finding.id), clean(finding.title), clean(finding.fix))


def _row(number: int, names: list[str], views: dict[tuple[int, int], PairView]) -> Row:
    others = range(len(names))
    return Row(names[number], tuple(views.get((min(number, other), max(number, other))) for other in others))


def _headline(hosts: int, pairs: tuple[PairView, ...]) -> str:
    counted = Counter(pair.mark for pair in pairs)
    told = ", ".join(f"{counted[mark]} {mark.word}" for mark in _WORDS if counted[mark])
    return f"{plural(hosts, 'host')}, {plural(len(pairs), 'pair')}" + (f": {told}" if told else "")


def _nats(report: Report) -> tuple[str, ...]:
    known = (("IPv4", report.nat.ipv4), ("IPv6", report.nat.ipv6)) if report.nat else ()
    return tuple(f"{family}: {nat_words(nat)}" for family, nat in known if nat is not None)
