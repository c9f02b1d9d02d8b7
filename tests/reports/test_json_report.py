"""Is the JSON the contract's, and does it come back as the same report?"""

import json
import re
from typing import Any

import jsonschema
import msgspec
import pytest

from natprobe.model import Report
from natprobe.probes import evidence_types
from natprobe_reports import PLAIN, RENDERERS
from natprobe_reports.json import ReportError, decode
from natprobe_reports.schema import json_schema
from tests.reports.example_reports import EXAMPLES, healthy, interrupted

EVIDENCE = evidence_types()


def rendered(report: Report) -> str:
    return RENDERERS["json"](report, PLAIN)


def plain(report: Report) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(rendered(report))
    return value


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_report_comes_back_from_its_json_as_it_was(name: str) -> None:
    report = EXAMPLES[name]()
    assert decode(rendered(report).encode()) == report


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_report_validates_against_the_schema(name: str) -> None:
    schema = json_schema(EVIDENCE)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(plain(EXAMPLES[name]()))


def test_evidence_of_another_shape_does_not_validate() -> None:
    report = plain(healthy())
    reach = next(check for check in report["checks"] if check["id"] == "turn.reach")
    reach["evidence"]["opened_ms"] = "soon"
    validator = jsonschema.Draft202012Validator(json_schema(EVIDENCE))
    assert not validator.is_valid(report)


def test_the_schema_documents_each_field_of_the_evidence() -> None:
    definitions = json_schema(EVIDENCE)["$defs"]
    assert {f"evidence-{name}" for name in EVIDENCE} <= set(definitions)
    described = definitions["evidence-turn.reach"]["properties"]["opened_ms"]["description"]
    assert described == "How long TCP and TLS took to open the line."


def test_every_reference_of_the_schema_leads_somewhere() -> None:
    schema = json_schema(EVIDENCE)
    references = set(re.findall(r'"\$ref": "#/\$defs/([^"]+)"', json.dumps(schema)))
    assert references <= set(schema["$defs"])


@pytest.mark.parametrize("evidence", [{}, {"trace": ["turn.py:7 observe"]}])
def test_a_check_that_saw_nothing_validates(evidence: dict[str, Any]) -> None:
    report = plain(healthy())
    next(check for check in report["checks"] if check["id"] == "turn.reach")["evidence"] = evidence
    jsonschema.Draft202012Validator(json_schema(EVIDENCE)).validate(report)


def test_the_schema_and_every_list_are_written_even_where_they_are_empty() -> None:
    report = plain(interrupted())
    assert report["schema"] == "natprobe/report/1"
    assert report["findings"] == []
    assert all(check["findings"] == [] and "evidence" in check for check in report["checks"])


def test_a_field_that_is_not_known_is_absent() -> None:
    report = plain(healthy())
    assert "nat" not in report
    assert "address" not in report["checks"][0]


def test_an_address_is_a_host_and_a_port() -> None:
    assert plain(healthy())["checks"][1]["address"] == {"host": "203.0.113.10", "port": 3478}


def test_fields_of_a_later_natprobe_are_passed_over() -> None:
    later = plain(healthy()) | {"weather": {"sky": "blue"}}
    later["checks"][0]["mood"] = "good"
    assert decode(json.dumps(later).encode()) == healthy()


def test_a_byte_order_mark_is_passed_over() -> None:
    assert decode(b"\xef\xbb\xbf" + rendered(healthy()).encode()) == healthy()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "truncated"),
        (b"\xff\xfe{", "malformed"),
        (b"[]", "Expected `object`"),
        (b"[" * 100_000, "Expected `object`"),
        (b'{"schema":' + b"[" * 100_000, "Expected `str"),
        (b'{"schema":"natprobe/report/1","x":' + b"[" * 100_000, "recursion"),
        (b"{}", 'it has no "schema"'),
        (b'{"schema":"natprobe/report/2"}', "'natprobe/report/2'; this natprobe reads natprobe/report/1"),
        (b'{"schema":"natprobe/report/1"}', "missing required field"),
        (b'{"schema":"natprobe/report/1","natprobe":"1","command":"check","started":7}', "$.started"),
        (b'{"schema":"a\\u001b[2J\\nb"}', "a[2J b"),
    ],
)
def test_what_is_no_report_is_told_in_one_line(data: bytes, why: str) -> None:
    with pytest.raises(ReportError) as caught:
        decode(data)
    assert why in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_lone_surrogate_becomes_a_replacement_character_and_all_else_stays() -> None:
    text = "a\ud800b\x00\x1b\u202e\U0001f600"
    report = msgspec.structs.replace(
        healthy(),
        checks=(msgspec.structs.replace(healthy().checks[0], summary=text, evidence={"software\udc80": [text]}),),
    )
    check = plain(report)["checks"][0]
    assert check["summary"] == "a\ufffdb\x00\x1b\u202e\U0001f600"
    assert check["evidence"] == {"software\ufffd": ["a\ufffdb\x00\x1b\u202e\U0001f600"]}
