"""`natprobe nat` in every NAT of tests/scenarios/nat: the right answer, or an honest "unknown"."""

import itertools
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pytest

from tests.lab import natscenario
from tests.lab.classify import Verdict
from tests.lab.natscenario import Scenario, differences, right
from tests.lab.natstage import Stage

pytestmark = [pytest.mark.lab, pytest.mark.tun]

SCENARIOS = natscenario.load()
LOSS = 0.1
LOSSY_RUNS = int(os.environ.get("NATPROBE_LOSS_RUNS", "6"))
LOSSY_NATS = [name for name in SCENARIOS if re.fullmatch(r"emulated-(none|eim|adm|apdm)-(open|eif|adf|apdf)", name)]
LOSSY_LINUX_NATS = ("linux-masquerade", "linux-static-dnat")
LINUX_SHARE = 4
"""One run with Linux's own NAT for so many with an emulated one: it plays alone, the others side by side."""
_WITH = "-with-loss-"


def _lossy(names: Iterable[str], runs: int) -> dict[str, Scenario]:
    chosen = zip(range(runs), itertools.cycle(names), strict=False)
    return {f"{name}{_WITH}{run}": natscenario.lossy(SCENARIOS[name], LOSS, run) for run, name in chosen}


LOSSY = _lossy(LOSSY_NATS, LOSSY_RUNS) | _lossy(LOSSY_LINUX_NATS, max(1, LOSSY_RUNS // LINUX_SHARE))


@pytest.fixture(scope="module")
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """Plays what was selected, and nothing else."""
    selected = {item.callspec.params.get("name") for item in request.session.items if hasattr(item, "callspec")}
    played = {name: each for name, each in SCENARIOS.items() if name in selected}
    lossy = LOSSY if any(item.name == _WITH_LOSS for item in request.session.items) else {}
    with Stage({**played, **lossy}) as stage:
        yield stage


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_nat_is_told_truthfully(stage: Stage, name: str) -> None:
    scenario, played = SCENARIOS[name], stage.played(name)
    assert lies(scenario, played.truth) == (), f"the lab itself is wrong\n{played.evidence()}"
    assert played.done.exit_code in scenario.exit_codes, played.evidence()
    assert differences(scenario, played.report) == (), played.evidence()


@pytest.mark.timeout(120 + 5 * LOSSY_RUNS)
def test_loss_never_makes_a_wrong_answer(stage: Stage) -> None:
    """IPv4 and IPv6 in each run. With NATPROBE_LOSS_RUNS 200 and more; not even two in a hundred may be unknown."""
    runs = {name: stage.played(name) for name in LOSSY}
    wrong = {name: found for name, played in runs.items() if (found := differences(LOSSY[name], played.report))}
    assert not wrong, "\n".join((str(wrong), *(runs[name].evidence() for name in wrong)))
    unknown = [name for name, played in runs.items() if differences(SCENARIOS[lossless(name)], played.report)]
    assert len(unknown) <= max(1, 0.02 * len(runs)), "\n".join((str(unknown), runs[unknown[0]].evidence()))


def lossless(name: str) -> str:
    """The scenario that a lossy run is made from."""
    return name.partition(_WITH)[0]


_WITH_LOSS = test_loss_never_makes_a_wrong_answer.__name__


def lies(scenario: Scenario, truth: Mapping[str, Verdict]) -> tuple[str, ...]:
    """Where the hand-made client has seen another NAT than the scenario describes."""
    return tuple(
        f"{family}: {truth[family]}"
        for family, expected in scenario.expect.items()
        if family in truth and not _fits(truth[family], expected)
    )


def _fits(verdict: Verdict, expected: Mapping[str, Any]) -> bool:
    seen = {"mapping": verdict.mapping, "filtering": verdict.filtering}
    return all((word or "unknown") in right(expected[name]) for name, word in seen.items())
