"""What lies over a screen: the help, and where a report is to be saved."""

from pathlib import Path
from typing import ClassVar

from rich.table import Table
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static

from natprobe_reports import RENDERERS
from natprobe_tui.form import TYPED_FAST
from natprobe_tui.keys import KEYS, Where

SUFFIXES = {
    "text": "txt",
    "json": "json",
    "junit": "xml",
    "html": "html",
    "markdown": "md",
    "github": "md",
    "nagios": "txt",
    "openmetrics": "prom",
}
_TITLES: dict[Where, str] = {
    "everywhere": "Everywhere",
    "main": "Main screen",
    "check": "A check",
    "host": "This host",
    "since": "Comparison",
    "live": "Live",
    "replay": "Replay",
}
_CLOSE: list[BindingType] = [Binding("escape,q,question_mark", "dismiss", "Close")]


class HelpScreen(ModalScreen[None]):
    """All keys."""

    BINDINGS: ClassVar[list[BindingType]] = _CLOSE

    def compose(self) -> ComposeResult:
        """A table a place."""
        with VerticalScroll(classes="dialog"):
            yield Static(_help())


def _help() -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    table.add_row("up, down", "move; also j, k, page keys, home, end, and the mouse")
    for where, title in _TITLES.items():
        table.add_row("", "")
        table.add_row(f"[u]{title}[/u]", "")
        for key in KEYS:
            if key.where == where:
                table.add_row(key.written.replace("[", r"\["), key.help)
    table.add_row("", "")
    table.add_row("", "escape closes this help")
    return table


class SaveScreen(ModalScreen[tuple[str, Path] | None]):
    """Which format, and under which name? Gives None where it is called off."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Close"), *TYPED_FAST]

    def compose(self) -> ComposeResult:
        """The formats, then the name."""
        with Vertical(classes="dialog"):
            yield Static("Save the report as", id="save-title")
            yield OptionList(*RENDERERS, id="formats")
            yield Input("natprobe.txt", id="file", placeholder="file name", compact=True)
            yield Static("enter saves, tab goes to the name, escape calls it off", id="save-hint")

    @on(OptionList.OptionHighlighted)
    def _suggest(self, event: OptionList.OptionHighlighted) -> None:
        form = str(event.option.prompt)
        field = self.query_one(Input)
        field.value = str(Path(field.value or "natprobe").with_suffix(f".{SUFFIXES.get(form, 'txt')}"))

    @on(OptionList.OptionSelected)
    @on(Input.Submitted)
    def _save(self) -> None:
        formats = self.query_one(OptionList)
        name = self.query_one(Input).value.strip()
        option = formats.highlighted_option
        if option is None or not name:
            return
        self.dismiss((str(option.prompt), Path(name)))
