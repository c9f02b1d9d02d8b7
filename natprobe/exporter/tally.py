"""What the exporter tells of itself: what it probed, what it refused, what it answered. Labels are closed lists."""

import contextlib
from collections.abc import Iterable, Iterator
from typing import Literal, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info
from prometheus_client.process_collector import ProcessCollector

from natprobe import __version__
from natprobe.exporter.admission import Reason

Result = Literal["pass", "warn", "fail", "inconclusive", "broken", "abandoned"]
"""The report's verdict; `broken` where natprobe or the configuration is at fault; `abandoned` where nobody waits."""

_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60)


class Tally:
    """The exporter's own metrics, in a registry of its own; every series stands at 0 from the start."""

    def __init__(self, modules: Iterable[str]) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        Info("natprobe_exporter", "This exporter.", registry=self.registry).info({"version": __version__})
        self._running = Gauge(
            "natprobe_exporter_probes_running", "Probes that run at this moment.", registry=self.registry
        )
        self._probes = Counter(
            "natprobe_exporter_probes_total", "Probes by result.", ("module", "result"), registry=self.registry
        )
        self._took = Histogram(
            "natprobe_exporter_probe_duration_seconds", "How long probes took.", ("module",), buckets=_BUCKETS,
            registry=self.registry,
        )  # fmt: skip
        self._refused = Counter(
            "natprobe_exporter_refused_total", "Probes not made, by reason.", ("reason",), registry=self.registry
        )
        self._responses = Counter(
            "natprobe_exporter_http_responses_total", "HTTP responses by status.", ("code",), registry=self.registry
        )
        for module in modules:
            self._took.labels(module)
            for result in get_args(Result):
                self._probes.labels(module, result)
        for reason in get_args(Reason):
            self._refused.labels(reason)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """A probe runs within the block."""
        with self._running.track_inprogress():
            yield

    def probed(self, module: str, result: Result, took_s: float) -> None:
        """A probe ended."""
        self._probes.labels(module, result).inc()
        self._took.labels(module).observe(took_s)

    def refused(self, reason: Reason) -> None:
        """Something was not probed."""
        self._refused.labels(reason).inc()

    def responded(self, status: int) -> None:
        """An HTTP response was sent."""
        self._responses.labels(str(status)).inc()
