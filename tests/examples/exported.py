"""Which metrics, with which labels, does natprobe export? Asked of the code, so that no example names another."""

import re
from collections.abc import Iterator

from prometheus_client.parser import text_string_to_metric_families

from natprobe.exporter.exposition import of_probe, of_registry
from natprobe.exporter.tally import Tally
from tests.reports.example_reports import EXAMPLES

OF_PROMETHEUS = {"up": frozenset[str]()}
ADDED = frozenset({"job", "instance"})
"""Labels that Prometheus adds to every series."""

_SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)?\{([^}]*)\}")
_MATCHER = re.compile(r'([a-zA-Z_]\w*)\s*(?:=~|!~|!=|=)\s*"[^"]*"')
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)")
_NAME = re.compile(r"(?<![\w:$.\[])([a-zA-Z_:][\w:]*)\b(?!\s*\()")
_WORDS = frozenset({"and", "or", "unless", "by", "on", "without", "ignoring", "bool", "offset"})


def exported() -> dict[str, frozenset[str]]:
    """Every metric's name with its labels: those of /probe over all example reports, and those of /metrics."""
    tally = Tally(("turn",))
    tally.responded(200)
    texts = [of_probe(make(), "", strict=False).body.decode() for make in EXAMPLES.values()]
    texts.append(of_registry(tally.registry, "").body.decode())
    found: dict[str, frozenset[str]] = dict(OF_PROMETHEUS)
    for text in texts:
        for sample in (each for family in text_string_to_metric_families(text) for each in family.samples):
            found[sample.name] = found.get(sample.name, frozenset()) | sample.labels.keys()
    return found | {"probe_ssl_earliest_cert_expiry": frozenset()}


def used(expression: str) -> Iterator[tuple[str, frozenset[str]]]:
    """The metrics of a PromQL expression, each with the labels that its selector names."""
    bare = _GROUPING.sub("", expression)
    for name, matchers in _SELECTOR.findall(bare):
        yield name, frozenset(_MATCHER.findall(matchers))
    for name in _NAME.findall(re.sub(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]', " ", bare)):
        if name not in _WORDS:
            yield name, frozenset()


def grouped(expression: str) -> frozenset[str]:
    """The labels by which an expression groups or matches."""
    return frozenset(
        label.strip() for labels in _GROUPING.findall(expression) for label in labels.split(",") if label.strip()
    )


def unknown(expression: str) -> list[str]:
    """What in the expression no export of ours has."""
    known = exported()
    metrics = dict.fromkeys(used(expression))
    wrong = [f"there is no metric {name}" for name, _ in metrics if name not in known]
    wrong += [
        f"{name} has no label {label}"
        for name, labels in metrics
        for label in sorted(labels - known.get(name, frozenset()) - ADDED)
    ]
    everywhere = frozenset[str]().union(*(known.get(name, frozenset()) for name, _ in metrics)) | ADDED
    return wrong + [f"none of them has the label {label}" for label in sorted(grouped(expression) - everywhere)]
