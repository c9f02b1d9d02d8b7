"""`natprobe nat` in every NAT of tests/scenarios/nat: the right answer, or an honest "unknown"."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.lab import natscenario
from tests.lab.classify import Verdict
from tests.lab.natscenario import Scenario, differences, right
from tests.lab.natstage import Stage

pytestmark = [pytest.mark.lab, pytest.mark.tun]

SCENARIOS = natscenario.load()


@pytest.fixture(scope="module")
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """Plays what was selected, and nothing else."""
    selected = {item.callspec.params.get("name") for item in request.session.items if hasattr(item, "callspec")}
    with Stage({name: each for name, each in SCENARIOS.items() if name in selected}) as stage:
        yield stage


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_nat_is_told_truthfully(stage: Stage, name: str) -> None:
    scenario, played = SCENARIOS[name], stage.played(name)
    assert lies(scenario, played.truth) == (), f"the lab itself is wrong\n{played.evidence()}"
    assert played.done.exit_code in scenario.exit_codes, played.evidence()
    assert differences(scenario, played.report) == (), played.evidence()


def lies(scenario: Scenario, truth: Mapping[str, Verdict]) -> tuple[str, ...]:
    """Where the hand-made client has seen another NAT than the scenario describes."""
    return tuple(
        f"{family}: {truth[family]}"
        for family, expected in scenario.expect.items()
        if family in truth and not _fits(truth[family], expected)
    )


def _fits(verdict: Verdict, expected: Mapping[str, Any]) -> bool:
    if expected["type"] == "udp-blocked":
        return (verdict.mapping, verdict.filtering) == (None, None)
    return verdict.mapping in right(expected["mapping"]) and verdict.filtering in right(expected["filtering"])
