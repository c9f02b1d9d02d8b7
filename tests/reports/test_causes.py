"""Does every format tell the same number of findings, and of causes where that is another one?"""

import json
import re
from collections.abc import Callable

import msgspec
import pytest

from natprobe.fold import EMPTY
from natprobe.model import Finding, Report, Severity
from natprobe_reports import RENDERERS
from natprobe_reports.causes import causes, total, totals
from natprobe_reports.style import Style
from tests.reports.example_deployment import deployment
from tests.reports.example_reports import EXAMPLES

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
VERBOSE = Style(verbose=True, width=400)


def at(*targets: str, title: str = "No such name") -> tuple[Finding, ...]:
    first = Finding(id="dns-nxdomain", severity="error", title=title, cause="c", fix="f", evidence="seen")
    return tuple(msgspec.structs.replace(first, target=target) for target in targets)


@pytest.mark.parametrize(
    ("findings", "told"),
    [
        ((), "0 errors"),
        (at("a"), "1 error"),
        (at("a", "b"), "2 errors (1 cause at 2 targets)"),
        ((*at("a", "b"), *at("a", title="Another name")), "3 errors (2 causes at 2 targets)"),
        ((*at("a"), *at("b", title="Another name")), "2 errors"),
        (at("a", "a"), "2 errors (1 cause at 1 target)"),
    ],
)
def test_where_findings_share_a_cause_both_numbers_are_told(findings: tuple[Finding, ...], told: str) -> None:
    assert total(msgspec.structs.replace(EMPTY, findings=findings), "error") == told


@pytest.mark.parametrize("build", [*EXAMPLES.values(), deployment])
def test_every_format_tells_the_same_numbers(build: Callable[[], Report]) -> None:
    report = build()
    listed = json.loads(RENDERERS["json"](report, VERBOSE))["findings"]
    metrics = RENDERERS["openmetrics"](report, VERBOSE)
    for severity in SEVERITIES:
        number = sum(each["severity"] == severity for each in listed)
        assert total(report, severity).startswith(f"{number} ")
        assert _sample(metrics, "natprobe_findings", severity) == number
        assert _sample(metrics, "natprobe_causes", severity) == len(causes(report, severity))
    said = totals(report, SEVERITIES)
    assert f" · {said}\n" in RENDERERS["text"](report, VERBOSE)
    assert f" · {said} · " in RENDERERS["markdown"](report, VERBOSE).replace("\\", "")
    page = RENDERERS["html"](report, VERBOSE)
    assert all(total(report, severity) in page for severity in SEVERITIES if causes(report, severity))
    assert len(RENDERERS["github"](report, VERBOSE).splitlines()) >= len(listed)


def test_an_example_has_a_cause_of_several_targets() -> None:
    assert len(causes(deployment(), *SEVERITIES)) < len(deployment().findings)


def _sample(metrics: str, name: str, severity: str) -> float:
    found = re.search(rf'^{name}{{severity="{severity}"}} (\S+)$', metrics, re.MULTILINE)
    assert found
    return float(found[1])
