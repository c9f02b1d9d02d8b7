"""A report as text: `RENDERERS[name](report, style)`. Pure: no I/O, no clock, no probing, no judging.

A format's imports happen when it is used for the first time. Every text ends with one line break.
"""

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

from natprobe_reports.style import PLAIN, Style

if TYPE_CHECKING:
    from natprobe.model import Report

Renderer = Callable[["Report", Style], str]

_MODULES = {
    "text": "text",
    "json": "json",
    "junit": "junit",
    "markdown": "markdown",
    "github": "github",
    "nagios": "nagios",
    "openmetrics": "openmetrics",
    "html": "html",
}


def _lazy(module: str) -> Renderer:
    def render(report: "Report", style: Style = PLAIN) -> str:
        text: str = import_module(f"natprobe_reports.{module}").render(report, style)
        return text

    return render


RENDERERS: dict[str, Renderer] = {name: _lazy(module) for name, module in _MODULES.items()}

__all__ = ["PLAIN", "RENDERERS", "Renderer", "Style"]
