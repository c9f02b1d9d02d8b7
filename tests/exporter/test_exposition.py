"""Does Prometheus' own reader take it, and are the names those that blackbox_exporter's users know?"""

import msgspec
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.parser import text_string_to_metric_families as from_openmetrics
from prometheus_client.parser import text_string_to_metric_families as from_text

from natprobe.exporter.exposition import OPENMETRICS, TEXT, of_probe, of_registry, succeeded
from natprobe.model import Report, Verdict
from tests.reports.example_reports import EXAMPLES, healthy, inconclusive, relay_range_closed

PROMETHEUS = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,*/*;q=0.1"


def values(report: Report, *, strict: bool = False) -> dict[str, float]:
    body = of_probe(report, "", strict=strict).body.decode()
    return {sample.name: sample.value for family in from_text(body) for sample in family.samples}


@pytest.mark.parametrize("name", EXAMPLES)
def test_both_forms_are_read_and_hold_the_same(name: str) -> None:
    report = EXAMPLES[name]()
    plain, openmetrics = of_probe(report, "", strict=False), of_probe(report, PROMETHEUS, strict=False)
    assert (plain.media_type, openmetrics.media_type) == (TEXT, OPENMETRICS)
    texts = [sample for family in from_text(plain.body.decode()) for sample in family.samples]
    opens = [sample for family in from_openmetrics(openmetrics.body.decode()) for sample in family.samples]  # type: ignore[no-untyped-call]
    assert len(texts) > 10
    assert [(each.name, each.labels, each.value) for each in texts] == [
        (each.name, each.labels, each.value) for each in opens
    ]


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", TEXT),
        ("*/*", TEXT),
        ("text/plain;version=0.0.4", TEXT),
        (PROMETHEUS, OPENMETRICS),
        ("text/plain;q=0.5, Application/OpenMetrics-Text; version=1.0.0; q=0.9", OPENMETRICS),
        ("application/openmetrics-text;q=0", TEXT),
        ("application/openmetrics-text; q=0.000", TEXT),
        ("application/openmetrics-text;version=\r\nX: y", OPENMETRICS),
        (";;;,,,q=\x00", TEXT),
    ],
)
def test_the_accept_header_chooses_and_is_never_repeated(accept: str, media_type: str) -> None:
    assert of_registry(CollectorRegistry(), accept).media_type == media_type


@pytest.mark.parametrize(
    ("verdict", "lenient", "strict"),
    [
        (Verdict.PASS, True, True),
        (Verdict.WARN, True, False),
        (Verdict.FAIL, False, False),
        (Verdict.INCONCLUSIVE, False, False),
    ],
)
def test_success_is_proved(verdict: Verdict, lenient: bool, strict: bool) -> None:  # noqa: FBT001
    report = msgspec.structs.replace(healthy(), verdict=verdict)
    assert (succeeded(report, strict=False), succeeded(report, strict=True)) == (lenient, strict)
    assert values(report)["probe_success"] == lenient


def test_failed_and_not_told_differ_in_the_verdict() -> None:
    assert values(relay_range_closed())["probe_success"] == values(inconclusive())["probe_success"] == 0
    assert relay_range_closed().verdict != inconclusive().verdict


def test_durations_are_seconds() -> None:
    told = values(healthy())
    assert told["probe_duration_seconds"] == pytest.approx(0.4127)
    assert told["probe_dns_lookup_time_seconds"] == pytest.approx(0.0082)


def test_the_certificate_that_ends_first_is_told() -> None:
    chain = [{"not_after": "2027-01-01T00:00:00Z"}, {"not_after": "2026-12-01T00:00:00Z"}, {"not_after": None}, 3]
    shown = msgspec.structs.replace(healthy().checks[0], evidence={"handshake": {"chain": chain}})
    told = values(msgspec.structs.replace(healthy(), checks=(shown,)))
    assert told["probe_ssl_earliest_cert_expiry"] == 1796083200.0


@pytest.mark.parametrize("evidence", [{}, {"handshake": None}, {"handshake": {"chain": "x"}}])
def test_without_a_certificate_none_is_made_up(evidence: dict[str, object]) -> None:
    shown = msgspec.structs.replace(healthy().checks[0], evidence=evidence)
    told = values(msgspec.structs.replace(healthy(), checks=(shown,)))
    assert "probe_ssl_earliest_cert_expiry" not in told
