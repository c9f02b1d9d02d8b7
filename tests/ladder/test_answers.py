"""Answers that no sound server gives: each told by its id and by no other, and never an error of ours."""

import pytest

from natprobe.server import FAULTS
from tests.ladder.answers import ANSWERS, Answer
from tests.ladder.case import Outcome
from tests.ladder.hold import assert_sound


def _name(case: Answer) -> str:
    return f"{case.name}-{case.target.replace('{}', '')}"


@pytest.mark.parametrize("case", ANSWERS, ids=_name)
def test_an_answer_that_no_sound_server_gives_is_told_by_its_id(case: Answer, outcome: Outcome) -> None:
    told = {severity: outcome.findings(severity) for severity in ("error", "warning", "info")}
    assert told == {"error": case.errors, "warning": case.warnings, "info": case.infos}, outcome.text
    assert {name: outcome.statuses(name) for name in case.statuses} == {
        name: {status} for name, status in case.statuses.items()
    }, outcome.text
    assert outcome.report.verdict == case.verdict
    assert_sound(outcome)


def test_every_fault_that_the_embedded_server_offers_is_tried() -> None:
    tried = {fault for case in ANSWERS for fault in case.faults or FAULTS[case.name].faults}
    elsewhere = {
        "relayed-private",  # would make a client send to an address that is not ours: coturn's private-relayed-address
        "wrong-mapped-address",  # the same, to a host that nobody has
    }
    assert {name for name, fault in FAULTS.items() if not tried.issuperset(fault.faults)} == elsewhere
