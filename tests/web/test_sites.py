"""Each fault of a deployment's ports and sites, in a world of its own: nothing is missed, and nothing false is said."""

import pytest

from tests.ladder.case import Outcome
from tests.ladder.hold import assert_sound
from tests.web.case import Site
from tests.web.ports import PORTS, UDP_PORTS
from tests.web.tls import TLS

pytestmark = pytest.mark.lab

SITES = (*PORTS, *UDP_PORTS, *TLS)


@pytest.mark.parametrize("case", SITES, ids=lambda case: case.name)
def test_a_fault_is_told_by_its_id_and_by_no_other(case: Site, outcome: Outcome) -> None:
    told = {severity: outcome.findings(severity) for severity in ("error", "warning", "info")}
    assert told == {"error": case.errors, "warning": case.warnings, "info": case.infos}, outcome.text
    assert {name: outcome.statuses(name) for name in case.statuses} == {
        name: {status} for name, status in case.statuses.items()
    }, outcome.text
    assert outcome.exit_code == case.exit_code
    said = "\n".join((outcome.text, *(check.summary for check in outcome.report.checks)))
    for words in case.says:
        assert words in said
    assert_sound(outcome)
