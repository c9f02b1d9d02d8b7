"""From values to what Prometheus reads: OpenMetrics where it takes that, else its older text format."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec
from prometheus_client import CollectorRegistry, exposition
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from natprobe.model import Report, Verdict
from natprobe_reports.openmetrics import families

TEXT = "text/plain; version=0.0.4; charset=utf-8"
_NOT_AT_ALL = re.compile(r"q=0(\.0*)?")
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


class Exposition(msgspec.Struct, frozen=True):
    """Metrics as bytes, and their media type."""

    media_type: str
    body: bytes


class _Families(Collector):
    """Hands metric families to a registry."""

    def __init__(self, found: Iterable[Metric]) -> None:
        self._found = tuple(found)

    def collect(self) -> Iterable[Metric]:
        """The families."""
        return self._found


def of_probe(report: Report, accept: str, *, strict: bool) -> Exposition:
    """What a scrape of /probe gets: the names that blackbox_exporter's users know, then everything in the report."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Families((*_familiar(report, strict=strict), *families(report))))
    return of_registry(registry, accept)


def of_registry(registry: CollectorRegistry, accept: str) -> Exposition:
    """All of `registry`, in the form that the Accept header `accept` asks for (RFC 9110 section 12.5.1)."""
    if _takes_openmetrics(accept):
        return Exposition(OPENMETRICS, openmetrics.generate_latest(registry))  # type: ignore[no-untyped-call]
    return Exposition(TEXT, exposition.generate_latest(registry))


def succeeded(report: Report, *, strict: bool) -> bool:
    """Whether the target was proved to work. What could not be told is no success; natprobe_verdict tells the two."""
    return report.verdict is Verdict.PASS or (report.verdict is Verdict.WARN and not strict)


def _takes_openmetrics(accept: str) -> bool:
    for offer in accept.lower().split(","):
        media_type, *parameters = (part.strip() for part in offer.split(";"))
        if media_type == "application/openmetrics-text":
            return not any(_NOT_AT_ALL.fullmatch(parameter) for parameter in parameters)
    return False


def _familiar(report: Report, *, strict: bool) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "probe_success", "1 where the target was proved to work, 0 otherwise.", float(succeeded(report, strict=strict))
    )
    yield GaugeMetricFamily("probe_duration_seconds", "How long the probe took.", report.duration_ms / 1000)
    lookups = [check.duration_ms for check in report.checks if check.id == "dns.resolve"]
    if lookups:
        yield GaugeMetricFamily("probe_dns_lookup_time_seconds", "How long resolving took.", max(lookups) / 1000)
    ends = [end for check in report.checks for end in _ends(check.evidence)]
    if ends:
        yield GaugeMetricFamily(
            "probe_ssl_earliest_cert_expiry", "UNIX time at which the first certificate ends.", min(ends)
        )


def _ends(evidence: dict[str, Any]) -> Iterator[float]:
    """When the certificates of a handshake end, as UNIX time."""
    handshake = evidence.get("handshake")
    chain = handshake.get("chain") if isinstance(handshake, dict) else None
    for certificate in chain if isinstance(chain, list) else ():
        try:
            yield datetime.fromisoformat(certificate["not_after"]).timestamp()
        except (LookupError, TypeError, ValueError, OverflowError):
            continue
