"""What broke and what was mended since an older report? As `natprobe diff` judges, round after round."""

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Footer, Static

from natprobe.difference import difference
from natprobe.model import Report
from natprobe_reports.clean import clean
from natprobe_reports.diff import DIFF_RENDERERS
from natprobe_reports.style import Style
from natprobe_tui.board import Board
from natprobe_tui.keys import bindings

_TONES = {"BROKE": "fail", "FAILS": "fail", "MENDED": "ok", "SAME": "ok"}


class SinceScreen(Screen[None]):
    """Compares what stands with `older`, anew after each round."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("since")]

    def __init__(self, board: Board, name: str, older: Report) -> None:
        super().__init__()
        self._board = board
        self._name = name
        self._older = older
        self._shown: tuple[int, int] | None = None
        self._text = ""

    def compose(self) -> ComposeResult:
        """The title, and the difference below it."""
        yield Static(id="title")
        with VerticalScroll(classes="prose", id="since-page"):
            yield Static(id="since")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Compares, as soon as there is room to write in."""
        self.query_one("#since-page").focus()
        self.call_after_refresh(self.paint)

    def on_resize(self) -> None:
        """Lines are broken anew."""
        self.call_after_refresh(self.paint)

    def paint(self) -> None:
        """Compares again where a round has ended since, or the screen has another width."""
        width = self.query_one("#since-page").scrollable_content_region.width if self.is_mounted else 0
        now = (self._board.rounds, width)
        if width <= 0 or now == self._shown:
            return
        self._shown = now
        self._board.settle()
        found = difference(self._older, self._board.kept)
        self._text = DIFF_RENDERERS["text"](found, Style(width=width, unicode=True))
        head = self._text.partition(" ")[0]
        title = self.query_one("#title", Static)
        title.update(Text(clean(f"since {self._name}, {self._older.started}")))
        title.set_classes(_TONES.get(head, ""))
        self.query_one("#since", Static).update(Text(self._text))

    def on_screen_resume(self) -> None:
        """What came while another screen lay over this one."""
        self.paint()

    def paint_status(self) -> None:
        """Nothing here counts the seconds."""

    def words_here(self) -> str:
        """The comparison, to be copied."""
        return self._text

    def action_back(self) -> None:
        """To the main screen."""
        self.app.pop_screen()
