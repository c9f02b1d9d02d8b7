"""What does this scrape ask for, and is it allowed? Pure: query and header in, an admission or a refusal out."""

import math
from typing import Literal
from urllib.parse import parse_qsl

import msgspec

from natprobe.exporter.config import Config, Module
from natprobe.exporter.reading import SHORTEST_DEADLINE_S
from natprobe.target import Target, TargetError, parse
from natprobe.target.errors import shown

TIMEOUT_HEADER = "x-prometheus-scrape-timeout-seconds"
MARGIN_S = 0.5
"""Kept back from what Prometheus grants, for the report and its way back."""
_PARAMETERS = ("module", "target", "debug")
_MOST_FIELDS = 16

Reason = Literal["query", "module", "target", "not-allowed", "timeout", "rate", "busy", "stopping"]
"""Why nothing was probed: a closed list, as it labels a metric."""


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why this is not probed: a status of RFC 9110, a word for the metrics, a sentence for a person."""

    status: int
    reason: Reason
    sentence: str
    retry_after_s: int | None = None


class Admission(msgspec.Struct, frozen=True, kw_only=True):
    """A probe that is allowed, and how long it may take."""

    module: Module
    target: Target
    deadline_s: float
    debug: bool = False
    """Whether a person reads the answer: the report as text in place of metrics."""


class _RefusedError(Exception):
    def __init__(self, status: int, reason: Reason, sentence: str) -> None:
        super().__init__(sentence)
        self.refusal = Refusal(status=status, reason=reason, sentence=sentence)


def admit(query: str, granted: str | None, config: Config) -> Admission | Refusal:
    """What `query` asks for. `granted` is the value of X-Prometheus-Scrape-Timeout-Seconds, where it was sent."""
    try:
        asked = _parameters(query)
        module = _module(asked, config)
        target = _target(asked, module)
        return Admission(
            module=module, target=target, deadline_s=_deadline_s(granted, module), debug=asked.get("debug") == "true"
        )
    except _RefusedError as refused:
        return refused.refusal


def _parameters(query: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise _RefusedError(400, "query", "the query is no list of name=value in UTF-8") from None
    asked = dict(pairs)
    unknown = next((name for name in asked if name not in _PARAMETERS), None)
    if unknown is not None:
        raise _RefusedError(
            400, "query", f"there is no parameter {shown(unknown)!r}; known are {', '.join(_PARAMETERS)}"
        )
    if len(asked) != len(pairs):
        raise _RefusedError(400, "query", "each parameter is given once")
    if asked.get("debug", "true") not in {"true", "false"}:
        raise _RefusedError(400, "query", "debug is true or false")
    return asked


def _module(asked: dict[str, str], config: Config) -> Module:
    names = ", ".join(module.name for module in config.modules)
    if not asked.get("module"):
        raise _RefusedError(400, "module", f"no module is named; add module=NAME, one of {names}")
    module = config.module(asked["module"])
    if module is None:
        raise _RefusedError(400, "module", f"there is no module {shown(asked['module'])!r}; there are {names}")
    return module


def _target(asked: dict[str, str], module: Module) -> Target:
    if not asked.get("target"):
        raise _RefusedError(400, "target", "no target is named; add target=URI, with %3F for its question mark")
    try:
        target = parse(asked["target"])
    except TargetError as error:
        raise _RefusedError(400, "target", str(error)) from None
    if not module.permits(target):
        raise _RefusedError(
            403,
            "not-allowed",
            f"the configuration does not allow {shown(str(target))} with module {module.name}; "
            "add it to the module's targets",
        )
    return target


def _deadline_s(granted: str | None, module: Module) -> float:
    if granted is None:
        return module.timeout_s
    try:
        granted_s = float(granted)
    except ValueError:
        granted_s = math.nan
    if not 0 < granted_s < math.inf:
        raise _RefusedError(400, "timeout", "the scrape timeout in the header is no number of seconds")
    if granted_s - MARGIN_S < SHORTEST_DEADLINE_S:
        least = SHORTEST_DEADLINE_S + MARGIN_S
        raise _RefusedError(
            400, "timeout", f"a scrape timeout of {granted_s:g} s leaves no time to probe; give {least:g} s at least"
        )
    return min(granted_s - MARGIN_S, module.timeout_s)
