"""Each fault of a server or of the way to it, in a world of its own: nothing is missed, and nothing false is said."""

import pytest

from tests.ladder.case import Case, Outcome
from tests.ladder.credentials import CREDENTIALS
from tests.ladder.hold import assert_sound, first_lines
from tests.ladder.paths import CERTIFICATES, CLIENT, DEADLINES, NAMES, REACH
from tests.ladder.rare import RARE
from tests.ladder.servers import ALLOCATION, RELAY, SEEN_FROM_HOME
from tests.ladder.wishes import RANGE, RATE

pytestmark = pytest.mark.lab

CASES = (
    *ALLOCATION,
    *RELAY,
    *SEEN_FROM_HOME,
    *CREDENTIALS,
    *REACH,
    *CLIENT,
    *CERTIFICATES,
    *NAMES,
    *RARE,
    *RATE,
    *RANGE,
    *DEADLINES,
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_fault_is_told_by_its_id_and_by_no_other(case: Case, outcome: Outcome) -> None:
    told = {severity: outcome.findings(severity) for severity in ("error", "warning", "info")}
    assert told == {"error": case.errors, "warning": case.warnings, "info": case.infos}, outcome.text
    assert {name: outcome.statuses(name) for name in case.statuses} == {
        name: {status} for name, status in case.statuses.items()
    }, outcome.text
    assert outcome.exit_code == case.exit_code
    assert case.culprit in first_lines(outcome.text)
    assert_sound(outcome)
