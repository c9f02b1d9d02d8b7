"""A difference as JUnit XML: one suite a kind of change, one test case a check.

A failure is what makes the exit code 1: what broke. What fails without having broken just now is `skipped`, which no
reader shows as green; what works, or is gone, passes. Only what is not as it was has a case, and the run as a whole.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from xml.etree import ElementTree as ET

from natprobe.difference import Change, Difference
from natprobe_reports.diff_view import GROUPS, Group, changes, cleaned, culprit, pace_sentence, place, run_sentence
from natprobe_reports.style import Style

_OUTCOMES = {"broke": "failure", "surfaced": "skipped", "still_broken": "skipped", "untold": "skipped"}
_GITLAB_ATTACHMENT = "[["
"""GitLab makes links of `[[ATTACHMENT|path]]` in a case's output; nobody but its author should write one."""


def render(difference: Difference, style: Style) -> str:  # noqa: ARG001  the XML is the same everywhere
    """The difference as one `testsuites` element, in UTF-8."""
    difference = cleaned(difference)
    root = ET.Element("testsuites", name="natprobe diff")
    names: Counter[str] = Counter()
    for group in GROUPS:
        if found := changes(difference, group):
            _suite(root, group.title, [_case_of_change(group, change, names) for change in found])
    _suite(root, "The comparison", [_case_of_run(difference)])
    _count(root)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(root: ET.Element, name: str, cases: list[ET.Element]) -> None:
    suite = ET.SubElement(root, "testsuite", name=name)
    suite.extend(cases)
    _count(suite)
    suite.set("skipped", str(len(suite.findall("testcase/skipped"))))


def _count(element: ET.Element) -> None:
    element.set("tests", str(sum(1 for _ in element.iter("testcase"))))
    element.set("failures", str(sum(1 for _ in element.iter("failure"))))
    element.set("errors", "0")
    element.set("time", "0.000")


def _case_of_change(group: Group, change: Change, names: Counter[str]) -> ET.Element:
    case = _case(change.id, f"{change.id} of {place(change)}", names)
    outcome = _OUTCOMES.get(group.field)
    said = change.now_summary or change.was_summary or group.title
    if outcome:
        told = ET.SubElement(case, outcome, message=f"{group.title}: {said}")
        told.text = _text(_sentences(group, change))
        if outcome == "failure":
            told.set("type", change.findings[0].id if change.findings else group.field)
    ET.SubElement(case, "system-out").text = _text(_sentences(group, change))
    return case


def _case_of_run(difference: Difference) -> ET.Element:
    case = _case("diff", "natprobe diff", Counter())
    lines = (
        culprit(difference),
        f"old: {run_sentence(difference.old)}",
        f"new: {run_sentence(difference.new)}",
        *difference.notes,
        *(f"slower: {pace_sentence(pace)}" for pace in difference.slower),
        *(f"faster: {pace_sentence(pace)}" for pace in difference.faster),
    )
    ET.SubElement(case, "system-out").text = _text(lines)
    return case


def _case(check: str, name: str, names: Counter[str]) -> ET.Element:
    names[name] += 1
    unique = name if names[name] == 1 else f"{name} ({names[name]})"
    return ET.Element("testcase", classname=f"natprobe.{check.partition('.')[0]}", name=unique, time="0.000")


def _sentences(group: Group, change: Change) -> Iterator[str]:
    yield group.title
    if change.was is not None:
        yield f"was: {change.was.value}, {change.was_summary}"
    if change.now is not None:
        yield f"now: {change.now.value}, {change.now_summary}"
    for finding in change.findings:
        yield f"cause: {finding.cause}"
        yield f"fix: {finding.fix}"
        yield f"more: natprobe explain {finding.id}"


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines).replace(_GITLAB_ATTACHMENT, "[ [")
