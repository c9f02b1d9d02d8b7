"""One report as the values that the templates lay out: nothing is decided there."""

from typing import NamedTuple

import msgspec

from natprobe.model import Candidate, CandidateError, Report
from natprobe_reports.causes import causes, total
from natprobe_reports.culprit import culprit
from natprobe_reports.html.certificates import Chain, chains
from natprobe_reports.html.findings import Findings, findings_of
from natprobe_reports.html.ladder import Anchors, Target, anchors_of, ladders
from natprobe_reports.html.marks import SEVERITY_MARKS, STATUS_MARKS, VERDICT_MARKS, Mark
from natprobe_reports.html.moments import shown
from natprobe_reports.html.network import NatView, nats
from natprobe_reports.html.timeline import Group, timeline
from natprobe_reports.view import place_of
from natprobe_reports.words import duration, exit_meaning, for_base, tally

LARGE_CHECKS = 150


class Count(NamedTuple):
    """So many checks, or findings, of a kind."""

    mark: Mark
    words: str
    apart: bool = False
    """Whether something else is counted from here on."""


class Raw(NamedTuple):
    """One check's evidence as JSON."""

    anchor: str
    mark: Mark
    id: str
    place: str
    text: str


class RawTarget(NamedTuple):
    """The evidence of a target's checks."""

    asked: str
    checks: tuple[Raw, ...]


class CandidateView(NamedTuple):
    """A row of the candidates' table."""

    type: str
    protocol: str
    address: str
    related: str
    server: str
    line: str
    took: str


class MissedView(NamedTuple):
    """A row of the table of candidates that are missing."""

    url: str
    said: str
    after: str


class Page(NamedTuple):
    """All of it, in the order in which it is read."""

    prefix: str
    name: str
    level: int
    """Of the headings: 2, or 3 where the report is one of several."""
    verdict: Mark
    culprit: str
    interrupted: str
    counts: tuple[Count, ...]
    exit: str
    origin: str
    started: str
    targets: tuple[Target, ...]
    findings: Findings
    timeline: tuple[Group, ...]
    nats: tuple[NatView, ...]
    candidates: tuple[CandidateView, ...]
    missed: tuple[MissedView, ...]
    chains: tuple[Chain, ...]
    facts: tuple[tuple[str, str], ...]
    limits: tuple[str, ...]
    raw: tuple[RawTarget, ...]
    large: bool

    @property
    def contents(self) -> tuple[tuple[str, str], ...]:
        """The sections that are there: their ids and titles."""
        sections = (
            ("targets", "Targets", self.targets),
            ("findings", "Findings", self.findings.views),
            ("timeline", "Timeline", self.timeline),
            ("candidates", "Candidates", self.candidates or self.missed),
            ("nat", "NAT", self.nats),
            ("certificates", "Certificates", self.chains),
            ("run", "This run", self.facts),
            ("raw", "Raw evidence", self.raw),
        )
        return tuple((name, title) for name, title, there in sections if there)


def page_of(report: Report, *, prefix: str = "", name: str = "", level: int = 2, verbose: bool = False) -> Page:
    """The cleaned `report` as a page, or as a part of one: `prefix` keeps its anchors apart."""
    anchors = anchors_of(report, prefix)
    findings = findings_of(report, prefix, verbose=verbose)
    sentence = culprit(report)
    return Page(
        prefix=prefix,
        name=name,
        level=level,
        verdict=VERDICT_MARKS[report.verdict],
        culprit=sentence,
        interrupted=_interrupted(report, sentence),
        counts=_counts(report),
        exit=exit_meaning(report),
        origin=" ".join(filter(None, ("natprobe", report.natprobe, report.command))),
        started=shown(report.started),
        targets=ladders(report, findings, anchors, verbose=verbose),
        findings=findings,
        timeline=timeline(report),
        nats=nats(report),
        candidates=tuple(map(_candidate, report.candidates)),
        missed=tuple(map(_missed, report.candidate_errors)),
        chains=chains(report),
        facts=_facts(report),
        limits=report.vantage.limits,
        raw=_raw(report, anchors),
        large=len(report.checks) > LARGE_CHECKS,
    )


def _interrupted(report: Report, sentence: str) -> str:
    if not report.interrupted or "interrupted after" in sentence:
        return ""
    return f"Interrupted after {duration(report.duration_ms)}: this is what was found until then."


def _counts(report: Report) -> tuple[Count, ...]:
    made = [Count(STATUS_MARKS[status], words) for status, words in tally(report.checks)]
    told = [Count(SEVERITY_MARKS[each], total(report, each)) for each in SEVERITY_MARKS if causes(report, each)]
    first = [told[0]._replace(apart=True)] if made and told else told[:1]
    return (*made, *first, *told[1:])


def _facts(report: Report) -> tuple[tuple[str, str], ...]:
    limit = f", of at most {duration(report.deadline_ms)}" if report.deadline_ms is not None else ""
    told = (
        ("host", report.vantage.hostname),
        ("platform", report.vantage.platform),
        ("addresses", ", ".join(report.vantage.addresses)),
        ("started", shown(report.started)),
        ("duration", duration(report.duration_ms) + limit),
        ("result", exit_meaning(report)),
        ("made by", " ".join(filter(None, ("natprobe", report.natprobe, report.command)))),
    )
    return tuple((label, value) for label, value in told if value)


def _candidate(candidate: Candidate) -> CandidateView:
    through = f"{candidate.url or ''}{f' by {candidate.relay_protocol}' if candidate.relay_protocol else ''}"
    return CandidateView(
        type=candidate.type,
        protocol=candidate.protocol,
        address=str(candidate.address),
        related=str(candidate.related) if candidate.related else "",
        server=f"{through}{for_base(candidate)}".strip(),
        line=candidate.candidate,
        took=duration(candidate.gathered_ms),
    )


def _missed(error: CandidateError) -> MissedView:
    code = f"{error.code} " if error.code is not None else ""
    return MissedView(f"{error.url}{for_base(error)}", f"{code}{error.text}", duration(error.at_ms))


def _raw(report: Report, anchors: Anchors) -> tuple[RawTarget, ...]:
    grouped: dict[str, list[Raw]] = {}
    for check in report.checks:
        if anchor := anchors.evidence(check):
            text = msgspec.json.format(msgspec.json.encode(check.evidence), indent=2).decode()
            raw = Raw(anchor, STATUS_MARKS[check.status], check.id, place_of(check), text)
            grouped.setdefault(check.asked or check.target, []).append(raw)
    return tuple(RawTarget(asked, tuple(checks)) for asked, checks in grouped.items())
