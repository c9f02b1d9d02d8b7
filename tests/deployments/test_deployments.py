"""The deployments of our first users: each mistake is told by its name, nothing else is, and mended they are clean."""

import pytest

from tests.deployments.case import Case, told
from tests.deployments.cases import BROKEN, MENDED
from tests.ladder.case import Outcome
from tests.ladder.hold import assert_sound

pytestmark = [pytest.mark.lab, pytest.mark.deployments]


def difference(case: Case, outcome: Outcome) -> str:
    found = told(outcome)
    return f"missing: {sorted(case.told - found)}\nnot so: {sorted(found - case.told)}\n{outcome.text}"


def assert_nothing_secret_shows(case: Case, outcome: Outcome) -> None:
    shown = outcome.stdout + outcome.text + outcome.stderr
    assert [name for name, secret in case.secrets.items() if secret in shown] == []


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case.name)
def test_a_deployment_as_it_was_is_told_all_its_mistakes_and_no_other(case: Case, outcome: Outcome) -> None:
    assert told(outcome) == case.told, difference(case, outcome)
    assert outcome.exit_code == 1
    assert_sound(outcome)
    assert_nothing_secret_shows(case, outcome)


@pytest.mark.parametrize("case", MENDED, ids=lambda case: case.name)
def test_a_mended_deployment_comes_out_clean(case: Case, outcome: Outcome) -> None:
    assert told(outcome) == frozenset(), outcome.text
    unfinished = {check.id for check in outcome.report.checks if check.status not in {"pass", "skip"}}
    assert unfinished == set()
    assert outcome.exit_code == 0
    assert_sound(outcome)
    assert_nothing_secret_shows(case, outcome)
