"""The report as JUnit XML for Jenkins, GitLab and GitHub: one suite a cell, one test case a check.

No standard exists; this is what their readers have in common. Jenkins cuts `classname` at its last dot into package
and class, so targets, which are full of dots, stand in `name`; GitLab drops a case whose `name` it has seen, and reads
the content of `failure`, `error` and `skipped` but not their `message`. JUnit knows no "could not be told": that is an
`error`, as nothing green may hide it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from xml.etree import ElementTree as ET

from natprobe.model import Check, Finding, Report, Status, Verdict
from natprobe_reports.clean import clean_report
from natprobe_reports.culprit import culprit
from natprobe_reports.evidence import evidence_lines
from natprobe_reports.style import Style
from natprobe_reports.view import CellView, findings_of, of_severity, orphans, place_of, targets

_TIMESTAMP = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}")
_GITLAB_ATTACHMENT = "[["
"""GitLab makes links of `[[ATTACHMENT|path]]` in a case's output; nobody but its author should write one."""

_OUTCOMES = {Status.FAIL: "failure", Status.ERROR: "error", Status.INCONCLUSIVE: "error", Status.SKIP: "skipped"}


class _Case(NamedTuple):
    """One test case: its element, and the tag of its outcome."""

    element: ET.Element
    outcome: str | None


def render(report: Report, style: Style) -> str:  # noqa: ARG001  the XML is the same everywhere
    """The report as one `testsuites` element, in UTF-8."""
    report = clean_report(report)
    root = ET.Element("testsuites", name=f"natprobe {report.command}")
    names: Counter[str] = Counter()
    for target in targets(report):
        for cell in target.cells:
            cases = [_case_of_check(report, check, names) for check in cell.checks]
            root.append(_suite(report, f"{cell.target} {cell.place}".strip(), _took_ms(cell), cases, target.group))
    if loose := _loose(report, names):
        root.append(_suite(report, "the run", report.duration_ms, loose))
    _count(root, [case for suite in root for case in suite.iter("testcase")], report.duration_ms)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(report: Report, name: str, took_ms: float, cases: list[_Case], group: str | None = None) -> ET.Element:
    suite = ET.Element("testsuite", name=name)
    _count(suite, [case.element for case in cases], took_ms)
    suite.set("skipped", str(sum(case.outcome == "skipped" for case in cases)))
    if started := _TIMESTAMP.match(report.started):
        suite.set("timestamp", started[0])
    if report.vantage.hostname:
        suite.set("hostname", report.vantage.hostname)
    properties = ET.SubElement(suite, "properties")
    told = {"natprobe": report.natprobe, "verdict": report.verdict.value, "group": group}
    for key, value in told.items():
        if value is None:
            continue
        ET.SubElement(properties, "property", name=key, value=value)
    suite.extend(case.element for case in cases)
    return suite


def _count(element: ET.Element, cases: list[ET.Element], took_ms: float) -> None:
    element.set("tests", str(len(cases)))
    element.set("failures", str(sum(case.find("failure") is not None for case in cases)))
    element.set("errors", str(sum(case.find("error") is not None for case in cases)))
    element.set("time", _seconds(took_ms))


def _took_ms(cell: CellView) -> float:
    ended = max(check.started_ms + check.duration_ms for check in cell.checks)
    return max(ended - min(check.started_ms for check in cell.checks), 0.0)


def _case_of_check(report: Report, check: Check, names: Counter[str]) -> _Case:
    findings = findings_of(report, check)
    case = _case(check.id, f"{check.id} of {place_of(check)}", check.duration_ms, names)
    outcome = _OUTCOMES.get(check.status)
    if outcome == "skipped":
        ET.SubElement(case, outcome, message=check.summary).text = _text([check.summary])
    elif outcome:
        kind = findings[0].id if findings else check.status.value
        told = ET.SubElement(case, outcome, message=check.summary, type=kind)
        told.text = _text([check.summary, *(line for finding in findings for line in _sentences(finding))])
    told_already = outcome in ("failure", "error")
    ET.SubElement(case, "system-out").text = _text(_seen(check, () if told_already else findings))
    return _Case(case, outcome)


def _loose(report: Report, names: Counter[str]) -> list[_Case]:
    """What no check tells: findings across checks, and a run that was cut short or checked nothing."""
    found = (*of_severity(orphans(report), "error"), *of_severity(orphans(report), "warning"))
    cases = [_case_of_finding(finding, names) for finding in found]
    return [*cases, _case_of_run(report, names)] if report.interrupted or not report.checks else cases


def _case_of_run(report: Report, names: Counter[str]) -> _Case:
    case = _case("run", f"natprobe {report.command}", report.duration_ms, names)
    outcome = None if report.verdict is Verdict.PASS and not report.interrupted else "error"
    if outcome:
        kind = "interrupted" if report.interrupted else report.verdict.value
        ET.SubElement(case, outcome, message=culprit(report), type=kind).text = _text([culprit(report)])
    ET.SubElement(case, "system-out").text = _text([culprit(report)])
    return _Case(case, outcome)


def _case_of_finding(finding: Finding, names: Counter[str]) -> _Case:
    case = _case("finding", f"{finding.id} {finding.target or ''}".strip(), 0.0, names)
    outcome = "failure" if finding.severity == "error" else None
    if outcome:
        ET.SubElement(case, outcome, message=finding.title, type=finding.id).text = _text(_sentences(finding))
    ET.SubElement(case, "system-out").text = _text(_sentences(finding))
    return _Case(case, outcome)


def _case(check: str, name: str, took_ms: float, names: Counter[str]) -> ET.Element:
    names[name] += 1
    unique = name if names[name] == 1 else f"{name} ({names[name]})"
    classname = f"natprobe.{check.partition('.')[0]}"
    return ET.Element("testcase", classname=classname, name=unique, time=_seconds(took_ms))


def _seen(check: Check, findings: tuple[Finding, ...]) -> Iterator[str]:
    yield f"{check.status.value}: {check.summary}"
    for finding in findings:
        yield from _sentences(finding)
    yield from evidence_lines(check.evidence)


def _sentences(finding: Finding) -> Iterator[str]:
    yield f"{finding.severity}: {finding.title}"
    yield f"seen: {finding.evidence}"
    yield f"cause: {finding.cause}"
    yield f"fix: {finding.fix}"
    yield f"more: natprobe explain {finding.id}"


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines).replace(_GITLAB_ATTACHMENT, "[ [")


def _seconds(milliseconds: float) -> str:
    return f"{max(milliseconds, 0.0) / 1000:.3f}"
