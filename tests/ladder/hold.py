"""What holds of every run, whatever was broken: asserted after each case."""

import functools
import re
from typing import Any

import jsonschema
import msgspec

from natprobe.catalogue import load
from natprobe.catalogue.entry import placeholders
from natprobe.model import Report
from natprobe.probes import evidence_types
from natprobe_reports.schema import json_schema
from tests.lab.coturn import PASSWORD
from tests.ladder.case import Outcome


@functools.cache
def validator() -> Any:
    """Of the report's JSON Schema, with the evidence of every probe."""
    return jsonschema.Draft202012Validator(json_schema(evidence_types()))


def assert_sound(outcome: Outcome) -> None:
    """The report fits its schema, shows no secret, and its sentences have no gaps; nothing is left on a server."""
    validator().validate(msgspec.json.decode(outcome.stdout))
    assert outcome.stderr == ""
    assert PASSWORD not in outcome.stdout + outcome.text
    assert outcome.report.deadline_ms is not None
    assert outcome.report.duration_ms <= outcome.report.deadline_ms
    assert not any(check.status == "error" for check in outcome.report.checks)
    assert gaps(outcome) == set()
    assert outcome.released


def gaps(outcome: Outcome) -> set[tuple[str, str]]:
    """Facts that a finding's sentences ask for and that its judge did not give."""
    return gaps_in(outcome.report)


def gaps_in(report: Report) -> set[tuple[str, str]]:
    """The same of a report alone."""
    facts: dict[str, dict[str, str]] = {}
    for check in report.checks:
        facts |= {finding: given for finding, given in check.facts.items() if finding not in facts}
    missing: set[tuple[str, str]] = set()
    for finding in report.findings:
        entry = load().entry(finding.id)
        asked = placeholders(entry.title + entry.evidence + entry.cause + entry.fix) - set(entry.defaults)
        missing |= {(finding.id, name) for name in asked if not facts.get(finding.id, {}).get(name)}
    return missing


def first_lines(text: str) -> str:
    """The culprit of a text report, its lines joined."""
    return re.split(r" turns?:", text, maxsplit=1)[0]
