"""Does the reference parser take it, and does a number that is not known have no sample?"""

import msgspec
import pytest
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from natprobe.fold import EMPTY
from natprobe.model import Report
from natprobe_reports import PLAIN, RENDERERS
from tests.reports.example_reports import EXAMPLES, TURN, healthy, inconclusive, relay_range_closed


def families(report: Report) -> dict[str, Metric]:
    text = RENDERERS["openmetrics"](report, PLAIN)
    assert text.endswith("# EOF\n")
    parsed = text_string_to_metric_families(text)  # type: ignore[no-untyped-call]
    return {family.name: family for family in parsed}


def samples(report: Report, name: str, *labels: str) -> dict[tuple[str, ...], float]:
    return {tuple(sample.labels[label] for label in labels): sample.value for sample in families(report)[name].samples}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_reference_parser_takes_every_example(name: str) -> None:
    assert families(EXAMPLES[name]())


def test_an_empty_report_has_no_made_up_start() -> None:
    assert "natprobe_started_timestamp_seconds" not in families(EMPTY)


def test_the_verdict_is_one_of_four() -> None:
    verdicts = samples(relay_range_closed(), "natprobe_verdict", "verdict")
    assert verdicts == {("pass",): 0, ("warn",): 0, ("fail",): 1, ("inconclusive",): 0}


def test_a_check_succeeds_or_fails_and_a_skipped_one_has_no_sample() -> None:
    success = samples(relay_range_closed(), "natprobe_check_success", "check", "transport")
    assert success["turn.relay-in", "udp"] == 0
    assert success["turn.relay-out", "udp"] == 1
    assert ("turn.relay-loop", "udp") not in success
    assert ("turn.allocate", "udp") not in samples(inconclusive(), "natprobe_check_success", "check", "transport")


def test_the_status_says_why_a_sample_is_missing() -> None:
    statuses = samples(inconclusive(), "natprobe_check_status", "check", "status")
    assert statuses["turn.allocate", "inconclusive"] == 1
    assert statuses["turn.permission", "skip"] == 1


def test_durations_are_seconds() -> None:
    assert samples(healthy(), "natprobe_duration_seconds") == {(): 0.4127}
    assert samples(healthy(), "natprobe_started_timestamp_seconds") == {(): 1795251600.0}


def test_numbers_of_the_evidence_are_metrics_and_unknown_ones_are_not() -> None:
    evidence = {"days_left": 12, "verified": True, "rtt_ms": None, "name": "x", "loss": {"percent": 0.5}, "all": [1, 2]}
    seen = msgspec.structs.replace(healthy().checks[0], evidence=evidence)
    values = samples(msgspec.structs.replace(healthy(), checks=(seen,)), "natprobe_check_evidence", "target", "name")
    assert values == {(TURN, "days_left"): 12.0, (TURN, "verified"): 1.0, (TURN, "loss.percent"): 0.5}


def test_one_series_is_written_once_whatever_the_report_repeats() -> None:
    twice = msgspec.structs.replace(healthy(), checks=healthy().checks * 2)
    text = RENDERERS["openmetrics"](twice, PLAIN)
    series = [line.rpartition(" ")[0] for line in text.splitlines() if not line.startswith("#")]
    assert len(series) == len(set(series))


def test_the_default_registry_is_left_alone() -> None:
    from prometheus_client import REGISTRY

    before = sorted(metric.name for metric in REGISTRY.collect())
    RENDERERS["openmetrics"](healthy(), PLAIN)
    assert sorted(metric.name for metric in REGISTRY.collect()) == before
