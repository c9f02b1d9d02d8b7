"""A difference in every form: the culprit first, nothing claimed that was not seen, hostile words stay words."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from natprobe.difference import Difference, difference
from natprobe_reports.diff import DIFF_RENDERERS
from natprobe_reports.diff_json import render_schema
from natprobe_reports.style import PLAIN, Style
from tests.difference.pieces import asked, check, finding, report, served
from tests.reports.example_reports import certificate_expired, healthy, inconclusive, interrupted, relay_range_closed
from tests.reports.test_hostile_strings import FORBIDDEN, HOSTILE, report_of

REPORTS = Path(__file__).parents[2] / "reports"
EXTENSIONS = {"text": "txt", "json": "json", "junit": "junit.xml", "markdown": "md", "github": "github.txt"}


SLOW = {"evidence": asked(60, 61, 64, 59, 60)}


def aged() -> Difference:
    """A week later: slower, a certificate nearer to its end, another one renewed."""
    old = report(
        check(summary="answers STUN in 20.0 ms", evidence=asked(20, 21, 22, 20, 23)),
        check("dns.resolve", transport=None, address=None),
        check("tls.certificate", transport="tls", evidence=served("2026-12-21T09:00:00Z")),
        check("tls.certificate", transport="dtls", evidence=served("2026-11-22T09:00:00Z", "cc")),
    )
    new = report(
        check("turn.reach", "warn", summary="answers STUN in 60.0 ms, which is slow", findings=("stun-slow",), **SLOW),
        check("dns.resolve", transport=None, address=None, duration_ms=90.0),
        check("tls.certificate", transport="tls", evidence=served("2026-12-21T09:00:00Z")),
        check("tls.certificate", transport="dtls", evidence=served("2027-02-22T09:00:00Z", "dd")),
        findings=(
            finding(
                "stun-slow",
                "warning",
                title="The server answers slowly",
                cause="A long way, or a busy server.",
                fix="Put a server nearer to its users.",
            ),
        ),
        started="2026-11-28T09:00:00.000Z",
    )
    return difference(old, new)


EXAMPLES: dict[str, Callable[[], Difference]] = {
    "relay-range-closed": lambda: difference(healthy(), relay_range_closed()),
    "relay-range-mended": lambda: difference(relay_range_closed(), healthy()),
    "another-target-fails": lambda: difference(healthy(), certificate_expired()),
    "no-longer-told": lambda: difference(healthy(), inconclusive()),
    "interrupted": lambda: difference(healthy(), interrupted()),
    "a-week-later": aged,
    "same": lambda: difference(healthy(), healthy()),
}
FIRST = {
    "relay-range-closed": "BROKE The relay works from inside, but 203.0.113.10:49160-49200/udp is closed to the "
    "outside (turn.relay-in of turn:turn.example.org:3478 over udp at 203.0.113.10:3478); 1 more broken",
    "relay-range-mended": "MENDED nothing broke: 10 checks ended as before; 2 mended, 7 new",
    "another-target-fails": "FAILS nothing that worked broke, but this fails: The certificate of turn.example.org has",
    "no-longer-told": "SAME nothing broke: 3 checks ended as before; 6 no longer told, 14 gone",
    "interrupted": "SAME nothing broke: 10 checks ended as before; 1 no longer told, 12 gone",
    "a-week-later": "SAME nothing broke: 3 checks ended as before; 1 warning now, 2 slower",
    "same": "SAME nothing broke: 23 checks ended as before",
}


def rendered(form: str, different: Difference, style: Style = PLAIN) -> str:
    return DIFF_RENDERERS[form](different, style)


@pytest.mark.parametrize("form", EXTENSIONS)
@pytest.mark.parametrize("name", EXAMPLES)
def test_a_diff_example_is_what_the_renderer_writes(name: str, form: str) -> None:
    path = REPORTS / "diff-examples" / f"{name}.{EXTENSIONS[form]}"
    text = rendered(form, EXAMPLES[name]())
    if os.environ.get("NATPROBE_REWRITE_EXAMPLES"):
        path.write_bytes(text.encode())
    assert path.read_bytes().decode() == text


def test_no_diff_example_is_left_over() -> None:
    expected = {f"{name}.{extension}" for name in EXAMPLES for extension in EXTENSIONS.values()}
    assert {path.name for path in (REPORTS / "diff-examples").iterdir()} == expected


def test_the_diff_schema_file_is_made_from_the_values() -> None:
    path = REPORTS / "schema" / "diff-1.schema.json"
    if os.environ.get("NATPROBE_REWRITE_EXAMPLES"):
        path.write_text(render_schema(), encoding="utf-8")
    assert path.read_text(encoding="utf-8") == render_schema()


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_json_keeps_to_its_schema_and_writes_every_field(name: str) -> None:
    told = json.loads(rendered("json", EXAMPLES[name]()))
    jsonschema.validate(told, json.loads(render_schema()))
    assert set(told) == set(Difference.__struct_fields__)


def test_the_schema_refuses_a_difference_without_its_lists() -> None:
    told = json.loads(rendered("json", aged()))
    del told["broke"]
    with pytest.raises(jsonschema.ValidationError, match="broke"):
        jsonschema.validate(told, json.loads(render_schema()))


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_first_sentence_says_what_broke(name: str) -> None:
    assert " ".join(rendered("text", EXAMPLES[name]()).split()).startswith(FIRST[name])


def test_a_few_samples_are_said_of_these_two_runs_only() -> None:
    text = " ".join(rendered("text", aged()).split())
    assert "round trip 21 ms -> 60 ms (medians of 5 and 5)" in text
    assert "dns.resolve took 1.0 ms -> 90 ms (one sample each, in these two runs)" in text
    assert "the medians differ by more than 30 % and 5 ms" in text
    assert "30 %" not in rendered("text", EXAMPLES["same"]())


def test_certificates_tell_their_days() -> None:
    text = " ".join(rendered("text", aged()).split())
    assert "ends in 23 days (2026-12-21T09:00:00Z); 30 days were left before" in text
    assert "renewed, ends in 86 days" in text


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_junit_failure_is_what_broke_and_its_counts_are_true(name: str) -> None:
    different = EXAMPLES[name]()
    root = ET.fromstring(rendered("junit", different))  # noqa: S314  our own text
    cases = root.findall("testsuite/testcase")
    assert len(root.findall(".//failure")) == len(different.broke) == int(root.attrib["failures"])
    assert len(cases) == int(root.attrib["tests"]) == sum(int(suite.attrib["tests"]) for suite in root)
    assert len({case.attrib["name"] for case in cases}) == len(cases)


def test_annotations_are_errors_for_what_broke_and_nothing_where_all_is_well() -> None:
    lines = rendered("github", EXAMPLES["relay-range-closed"]()).splitlines()
    assert [line.split(" title=")[0] for line in lines] == ["::error", "::error"]
    assert rendered("github", EXAMPLES["same"]()) == ""


def test_colour_changes_no_character() -> None:
    different = EXAMPLES["relay-range-closed"]()
    coloured = rendered("text", different, Style(colour=True))
    for code in ("\x1b[31m", "\x1b[32m", "\x1b[0m"):
        coloured = coloured.replace(code, "")
    assert coloured == rendered("text", different)


def hostile(text: str) -> Difference:
    one, two = report_of(text), report(check())
    return difference(two, one) if text else difference(one, two)


@pytest.mark.parametrize("form", EXTENSIONS)
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_stay_words_in_a_difference(form: str, text: str) -> None:
    told = rendered(form, hostile(text), Style(verbose=True))
    told.encode()
    if form == "json":
        json.loads(told)
        return
    assert not FORBIDDEN.search(told)
    if form == "junit":
        ET.fromstring(told)  # noqa: S314  our own text
    if form == "github":
        assert all(line.startswith(("::error title=", "::warning title=", "::notice ")) for line in told.splitlines())


@given(text=st.text(st.characters(codec=None), max_size=60))
@settings(max_examples=40)
def test_any_text_at_all_stays_text_in_a_difference(text: str) -> None:
    for form in EXTENSIONS:
        told = rendered(form, hostile(text), Style(verbose=True))
        assert form == "json" or not FORBIDDEN.search(told)
        if form == "junit":
            ET.fromstring(told)  # noqa: S314  our own text
