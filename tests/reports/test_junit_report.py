"""Do Jenkins, GitLab and GitHub find in the JUnit file what a person finds in the text?"""

from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest
import xmlschema

from natprobe.fold import EMPTY
from natprobe.model import Finding, Report, Status, Verdict
from natprobe_reports import PLAIN, RENDERERS
from tests.lab import ability
from tests.reports.example_reports import EXAMPLES, TURN, healthy, inconclusive, interrupted, relay_range_closed

XSD = xmlschema.XMLSchema(str(Path(__file__).with_name("junit.xsd")))


def rendered(report: Report) -> ET.Element:
    """The report's JUnit, after its schema found it good."""
    text = RENDERERS["junit"](report, PLAIN)
    XSD.validate(text)
    return ET.fromstring(text)  # noqa: S314  our own text


def case(root: ET.Element, start: str) -> ET.Element:
    return next(case for case in root.iter("testcase") if case.attrib["name"].startswith(start))


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_check_is_one_case_and_the_counts_agree(name: str) -> None:
    report = EXAMPLES[name]()
    root = rendered(report)
    told = sum(check.status is Status.SKIP for check in report.checks)
    assert len(root.findall("testsuite/testcase[@classname!='natprobe.run']")) == len(report.checks)
    assert sum(int(suite.attrib["skipped"]) for suite in root) == told
    for tag, attribute in (("testcase", "tests"), ("failure", "failures"), ("error", "errors")):
        assert int(root.attrib[attribute]) == len(list(root.iter(tag)))
        assert sum(int(suite.attrib[attribute]) for suite in root) == len(list(root.iter(tag)))


@pytest.mark.jenkins
def test_the_schema_that_jenkins_publishes_finds_every_example_good() -> None:
    schemas = [xmlschema.XMLSchema(str(path)) for path in ability.JUNIT_SCHEMA.glob("*/junit-10.xsd")]
    assert schemas
    for schema in schemas:
        for make in EXAMPLES.values():
            schema.validate(RENDERERS["junit"](make(), PLAIN))
        assert not schema.is_valid(RENDERERS["junit"](healthy(), PLAIN).replace("<testcase ", "<testcase verdict='' "))


def test_a_failure_holds_what_was_seen_and_what_to_change() -> None:
    failed = case(rendered(relay_range_closed()), "turn.relay-in of turn:turn.example.org:3478?transport=udp")
    failure = failed.find("failure")
    assert failure is not None
    assert failure.attrib["type"] == "relay-port-range-blocked"
    assert (failure.text or "").startswith("nothing came in at 203.0.113.10:49172")
    assert "fix: Allow inbound udp/49160-49200" in (failure.text or "")
    assert "flight.waited_ms: 2000.0" in (failed.findtext("system-out") or "")


def test_a_warning_passes_and_tells_its_finding() -> None:
    warned = case(rendered(relay_range_closed()), "turn.reach of turn:turn.example.org:3478?transport=tcp")
    assert [child.tag for child in warned] == ["system-out"]
    assert "fix: Nothing, where this is meant." in (warned.findtext("system-out") or "")


def test_what_could_not_be_told_is_not_green() -> None:
    unknown = case(rendered(inconclusive()), "turn.allocate")
    error = unknown.find("error")
    assert error is not None
    assert error.attrib["type"] == "inconclusive"
    assert error.text == "the server asks for credentials and none were given"


def test_a_skipped_case_says_why_where_gitlab_reads_it() -> None:
    skipped = case(rendered(inconclusive()), "turn.permission").find("skipped")
    assert skipped is not None
    assert skipped.text == skipped.attrib["message"] == "not tested: it needs turn.allocate"


def test_targets_stand_in_the_name_and_not_in_the_class() -> None:
    names = {case.attrib["classname"] for case in rendered(healthy()).iter("testcase")}
    assert names == {"natprobe.dns", "natprobe.turn"}


def test_two_checks_of_one_name_stay_two() -> None:
    twice = msgspec.structs.replace(healthy(), checks=healthy().checks[:1] * 2)
    names = [case.attrib["name"] for case in rendered(twice).iter("testcase")]
    assert names == [f"dns.resolve of {TURN}", f"dns.resolve of {TURN} (2)"]


def test_an_interrupted_run_and_an_empty_one_are_not_green() -> None:
    for report, kind in ((interrupted(), "interrupted"), (EMPTY, "inconclusive")):
        error = rendered(report).find("testsuite[@name='the run']/testcase/error")
        assert error is not None
        assert error.attrib["type"] == kind


def test_a_finding_that_no_check_raised_is_a_case_of_its_own() -> None:
    across = Finding(id="clock-skew", severity="error", title="The clock is wrong", cause="c", fix="f", evidence="e")
    report = msgspec.structs.replace(healthy(), findings=(across,), verdict=Verdict.FAIL)
    failure = case(rendered(report), "clock-skew").find("failure")
    assert failure is not None
    assert failure.attrib["message"] == "The clock is wrong"


def test_a_start_that_is_no_time_is_left_out() -> None:
    strange = msgspec.structs.replace(healthy(), started="yesterday", duration_ms=-1.0)
    assert all("timestamp" not in suite.attrib for suite in rendered(strange))


def test_nobody_else_can_attach_a_file_in_gitlab() -> None:
    hostile = msgspec.structs.replace(healthy().checks[0], summary="[[ATTACHMENT|/etc/passwd]]")
    root = rendered(msgspec.structs.replace(healthy(), checks=(hostile,)))
    assert "[[" not in "".join(root.itertext())
