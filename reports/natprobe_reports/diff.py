"""A difference as text: `DIFF_RENDERERS[name](difference, style)`. Pure, as the renderers of reports are."""

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

from natprobe_reports.style import PLAIN, Style

if TYPE_CHECKING:
    from natprobe.difference import Difference

DiffRenderer = Callable[["Difference", Style], str]


def _lazy(module: str) -> DiffRenderer:
    def render(difference: "Difference", style: Style = PLAIN) -> str:
        text: str = import_module(f"natprobe_reports.{module}").render(difference, style)
        return text

    return render


DIFF_RENDERERS: dict[str, DiffRenderer] = {
    name: _lazy(f"diff_{name}") for name in ("text", "json", "junit", "markdown", "github")
}
