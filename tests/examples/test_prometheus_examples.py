"""Do the examples for Prometheus and Grafana hold: for promtool, for natprobe, and among each other?"""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from natprobe.exporter.config import Config
from natprobe.exporter.reading import read_config
from natprobe.probes import all_probes
from natprobe.target import parse
from tests.examples.exported import unknown, used

FOLDER = Path(__file__).parents[2] / "examples" / "prometheus"
VARIABLES = {"$__rate_interval": "5m", "$job": ".+", "$instance": ".+"}


def promtool(*arguments: str | Path, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["promtool", *arguments], input=stdin, capture_output=True, text=True, check=False, cwd=FOLDER, timeout=60
    )


def configuration() -> Config:
    schemes = frozenset[str]().union(*(probe.schemes for probe in all_probes() if probe.scope == "cell"))
    return read_config((FOLDER / "natprobe.toml").read_text(encoding="utf-8"), schemes=schemes, folder=FOLDER)


def dashboard() -> dict[str, Any]:
    read: dict[str, Any] = json.loads((FOLDER / "grafana-dashboard.json").read_text(encoding="utf-8"))
    return read


def panel_expressions() -> Iterator[str]:
    for panel in dashboard()["panels"]:
        for target in panel["targets"]:
            yield target["expr"]


def alert_expressions() -> list[str]:
    return re.findall(r"^ +expr: (.+)$", (FOLDER / "alerts.yml").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.prometheus
@pytest.mark.parametrize(
    "arguments",
    [("check", "config", "prometheus.yml"), ("check", "rules", "alerts.yml"), ("test", "rules", "alerts.test.yml")],
)
def test_promtool_is_content(arguments: tuple[str, ...]) -> None:
    done = promtool(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_provoked_by_a_test() -> None:
    alerts = set(re.findall(r"- alert: (\w+)", (FOLDER / "alerts.yml").read_text(encoding="utf-8")))
    tests = (FOLDER / "alerts.test.yml").read_text(encoding="utf-8")
    fired = set(re.findall(r"alertname: (\w+)\n +exp_alerts:\n", tests))
    assert len(alerts) > 5
    assert fired == alerts


def test_what_prometheus_is_to_ask_for_is_what_natprobe_allows() -> None:
    scrapes = (FOLDER / "prometheus.yml").read_text(encoding="utf-8").split("- job_name: ")[1:]
    asked = [
        (module[1], target)
        for job in scrapes
        if (module := re.search(r"module: \[(\w+)\]", job))
        for target in re.findall(r"- ((?:turns?|stuns?):\S+)", job)
    ]
    assert len(asked) == 4
    assert [(name, target) for name, target in asked if not allowed(name, target)] == []


def allowed(name: str, target: str) -> bool:
    module = configuration().module(name)
    return module is not None and module.permits(parse(target))


@pytest.mark.parametrize("expression", [*alert_expressions(), *panel_expressions()])
def test_every_expression_uses_what_is_exported(expression: str) -> None:
    assert list(used(expression))
    assert unknown(expression) == []


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("natprobe_verdicts == 1", "there is no metric natprobe_verdicts"),
        ('sum by (job) (rate(probe_success{mode="x"}[5m]))', "probe_success has no label mode"),
        ("sum by (colour) (natprobe_checks)", "none of them has the label colour"),
    ],
)
def test_an_expression_with_a_mistake_is_found(expression: str, said: str) -> None:
    assert unknown(expression) == [said]


def test_every_expression_of_the_dashboard_is_promql(tmp_path: Path) -> None:
    expressions = list(panel_expressions())
    for name, value in VARIABLES.items():
        expressions = [expression.replace(name, value) for expression in expressions]
    rules = [{"record": f"panel:{number}", "expr": expression} for number, expression in enumerate(expressions)]
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    done = promtool("check", "rules", tmp_path / "rules.yml")
    assert f"{len(rules)} rules found" in done.stdout, done.stderr


def test_the_dashboard_has_what_grafana_needs() -> None:
    read = dashboard()
    numbers = [panel["id"] for panel in read["panels"]]
    places = [tuple(panel["gridPos"][side] for side in "xywh") for panel in read["panels"]]
    assert len(set(numbers)) == len(numbers)
    assert all(x + w <= 24 for x, _, w, _ in places)
    assert not any(overlap(one, other) for one in places for other in places if one < other)
    assert {variable["name"] for variable in read["templating"]["list"]} == {"datasource", "job", "instance"}
    assert all(
        source["uid"] == "${datasource}"
        for panel in read["panels"]
        for source in (panel["datasource"], *(target["datasource"] for target in panel["targets"]))
    )


def overlap(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    x, y, w, h = one
    u, v, s, t = other
    return x < u + s and u < x + w and y < v + t and v < y + h
