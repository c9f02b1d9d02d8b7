"""This host: the way out through its NAT, and its candidates as they are gathered."""

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Footer, Static

from natprobe_reports.style import MINIMUM_WIDTH, PLAIN
from natprobe_tui.board import Board
from natprobe_tui.host_picture import candidate_lines, nat_lines
from natprobe_tui.keys import bindings

_CANDIDATES = "candidates, and after which time each was there"


class HostScreen(Screen[None]):
    """Shows what `Board.host` knows, while it is found out."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("host")]

    def __init__(self, board: Board) -> None:
        super().__init__()
        self._board = board

    def compose(self) -> ComposeResult:
        """The title, the way out, the candidates."""
        yield Static(id="title")
        with VerticalScroll(classes="prose", id="host-page"):
            yield Static(id="nat")
            yield Static(id="candidates")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """The page has the keys."""
        self.query_one("#host-page").focus()

    def on_resize(self) -> None:
        """Shows what is known by now, in lines as wide as the screen."""
        self.call_after_refresh(self.paint)

    def paint(self) -> None:
        """Brings everything up to date."""
        if not self.is_mounted:
            return
        vantage = self._board.report.vantage
        self._show("#title", f"{vantage.hostname or 'this host'}  {', '.join(vantage.addresses)}\n{self._doing()}")
        columns = self.query_one("#host-page").scrollable_content_region.width - 2
        nat, found = self._lines(max(columns, MINIMUM_WIDTH))
        self._show("#nat", "\n".join(nat))
        self._show("#candidates", "\n".join(("", _CANDIDATES, *found) if found else ()))

    def on_screen_resume(self) -> None:
        """What came while another screen lay over this one."""
        self.paint()

    def paint_status(self) -> None:
        """Nothing here counts the seconds."""

    def words_here(self) -> str:
        """All of it, to be copied."""
        nat, found = self._lines(PLAIN.width)
        return "\n".join((*nat, *found))

    def action_back(self) -> None:
        """To the main screen."""
        self.app.pop_screen()

    def _doing(self) -> str:
        host = self._board.host
        if host.busy:
            return "looking at it"
        return "NAT and candidates" if host.nat or host.candidates else "nothing is known of its NAT and candidates yet"

    def _lines(self, columns: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        host = self._board.host
        name = self._board.report.vantage.hostname or "this host"
        return tuple(nat_lines(name, host, columns)), tuple(candidate_lines(host, columns))

    def _show(self, selector: str, words: str) -> None:
        widget, text = self.query_one(selector, Static), Text(words)
        if widget.content != text:
            widget.update(text)
