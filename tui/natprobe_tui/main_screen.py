"""The first screen: the culprit in a sentence, every target, what changed, and the keys."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.widgets import Footer, Input, Static

from natprobe.model import Status
from natprobe_reports.clean import clean
from natprobe_reports.culprit import culprit
from natprobe_reports.view import findings_of
from natprobe_reports.words import VERDICT_WORDS, counts, plural
from natprobe_tui.board import Board
from natprobe_tui.changes import Change, Note
from natprobe_tui.check_screen import CheckScreen, Describe
from natprobe_tui.facts import host_words
from natprobe_tui.feed import Feed
from natprobe_tui.host_screen import HostScreen
from natprobe_tui.keys import bindings
from natprobe_tui.marks import VERDICT_TONES, mark_of
from natprobe_tui.outline import SORTS, Line, View, is_open, outline
from natprobe_tui.place import Cell, Place, place_of
from natprobe_tui.rows import Spans, board_row, change_row, check_words, heading
from natprobe_tui.sheet import Sheet

TALL = 40


class MainScreen(Screen[None]):
    """Shows the board; asks the app for everything else."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("main")]

    def __init__(self, board: Board, feed: Feed, describe: Describe, recording: Callable[[], str]) -> None:
        super().__init__()
        self._board = board
        self._feed = feed
        self._describe = describe
        self._recording = recording
        self._view = View()

    def compose(self) -> ComposeResult:
        """The widgets, from top to bottom."""
        yield Static(id="headline")
        yield Static(id="status")
        yield Static(id="host")
        yield Static(id="heading")
        yield Sheet[Line](self._row, lambda line: line.key, empty=" waiting for the first results", id="board")
        yield Input(placeholder="filter: words that must all be there", id="filter", compact=True)
        yield Static(id="detail")
        yield Static(" changes (UTC)", id="log-title")
        yield Sheet[Change | Note](
            change_row, lambda change: change, empty=" nothing has changed so far", newest_first=True, id="log"
        )
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """The keys go to the table."""
        self.board_sheet.focus()
        self.paint()

    def on_resize(self, event: events.Resize) -> None:
        """A tall screen shows more of the log."""
        self.set_class(event.size.height >= TALL, "tall")
        self.call_after_refresh(self.paint)

    @property
    def board_sheet(self) -> Sheet[Line]:
        """The table of targets."""
        return self.query_one("#board", Sheet)

    @property
    def log_sheet(self) -> Sheet[Change | Note]:
        """The log of changes."""
        return self.query_one("#log", Sheet)

    @property
    def view(self) -> View:
        """What the user has asked to see."""
        return self._view

    def paint(self) -> None:
        """Brings the whole screen up to date; what looks as before is not touched."""
        if not self.is_mounted:
            return
        self._board.settle()
        self._view = self._view._replace(room=self.board_sheet.size.height)
        lines = outline(self._board, self._view)
        _show(self.query_one("#headline", Static), self._headline())
        self.query_one("#headline").set_classes(VERDICT_TONES[self._board.report.verdict])
        _show(self.query_one("#heading", Static), Text(heading(self.board_sheet.columns)))
        self.board_sheet.show(lines)
        self.log_sheet.show(tuple(reversed(self._board.changes)))
        _show(self.query_one("#host", Static), Text(host_words(self._board), no_wrap=True, overflow="ellipsis"))
        self.paint_status()
        self._paint_detail()

    def on_screen_resume(self) -> None:
        """What came while another screen lay over this one."""
        self.paint()

    def paint_status(self) -> None:
        """The line that counts the seconds."""
        if self.is_mounted:
            _show(self.query_one("#status", Static), Text(self._status(), no_wrap=True, overflow="ellipsis"))

    @property
    def here(self) -> Line | Change | Note | None:
        """What the cursor stands on, in the table or in the log."""
        return self.log_sheet.line if self.log_sheet.has_focus else self.board_sheet.line

    @property
    def place(self) -> Place | None:
        """The check that the cursor stands on; of a cell its first check that is not well."""
        here = self.here
        if isinstance(here, Change):
            return _place_of_change(self._board, here)
        if here is None or isinstance(here, Note) or here.kind == "group":
            return None
        if here.place is not None:
            return here.place
        cells = (
            [here.cell] if here.cell is not None else [cell for cell in self._board.cells if cell.asked == here.asked]
        )
        return _worst(self._board, cells)

    def words_here(self) -> str:
        """The row at the cursor as text, uncut."""
        place = self.place
        check = self._board.checks.get(place) if place is not None else None
        return check_words(place, check) if place is not None and check is not None else ""

    def action_open(self) -> None:
        """Drills down."""
        place = self.place
        if place is not None and place in self._board.checks:
            self.app.push_screen(CheckScreen(self._board, place, self._describe))

    def action_host(self) -> None:
        """To this host's own page."""
        self.app.push_screen(HostScreen(self._board))

    def action_fold(self) -> None:
        """Opens or closes the cell at the cursor."""
        line = self.board_sheet.line
        if line is None or line.cell is None:
            return
        shown = any(other.cell == line.cell and other.kind in ("check", "gap") for other in self.board_sheet.lines)
        self._fold(frozenset({line.cell}), opened=not shown)
        rows = [number for number, row in enumerate(self.board_sheet.lines) if row.cell == line.cell]
        if rows:
            self.board_sheet.move_to(rows[0])

    def action_fold_all(self) -> None:
        """Opens all; where all are open, closes all."""
        shown = {cell: checks for cell, checks in self._board.cells.items() if cell.transport or cell.address}
        everything = all(is_open(checks, cell, self._view) for cell, checks in shown.items())
        self._fold(frozenset(shown), opened=not everything)

    def action_filter(self) -> None:
        """Asks for words."""
        field = self.query_one("#filter", Input)
        field.add_class("open")
        field.focus()

    def action_sort(self) -> None:
        """The next order."""
        sort = SORTS[(SORTS.index(self._view.sort) + 1) % len(SORTS)]
        self._view = self._view._replace(sort=sort)
        self.paint()

    def action_next_trouble(self) -> None:
        """The next check below the cursor that is not well; from the end on, the first one."""
        sheet = self.board_sheet
        troubled = [number for number, line in enumerate(sheet.lines) if self._is_trouble(line)]
        if troubled:
            sheet.focus()
            sheet.move_to(next((number for number in troubled if number > sheet.cursor), troubled[0]))

    def action_log(self) -> None:
        """To the log of changes, or back."""
        (self.board_sheet if self.log_sheet.has_focus else self.log_sheet).focus()
        self._paint_detail()

    def on_key(self, event: events.Key) -> None:
        """Escape ends the filter, wherever the keys go."""
        field = self.query_one("#filter", Input)
        if event.key == "escape" and field.has_class("open"):
            event.stop()
            field.value = ""
            self._close_filter(field)

    @on(Input.Changed, "#filter")
    def _filtered(self, event: Input.Changed) -> None:
        self._view = self._view._replace(wanted=event.value)
        self.paint()

    @on(Input.Submitted, "#filter")
    def _kept(self, event: Input.Submitted) -> None:
        if not event.value.strip():
            self._close_filter(event.input)
        self.board_sheet.focus()

    @on(Sheet.Moved)
    def _moved(self) -> None:
        self._paint_detail()

    @on(Sheet.Resized, "#board")
    def _has_other_room(self) -> None:
        """A headline of two lines leaves less room than one of one, and what stands open goes by the room."""
        if self.board_sheet.size.height != self._view.room:
            self.paint()

    @on(Sheet.Chosen)
    def _chosen(self) -> None:
        self.action_open()

    def _close_filter(self, field: Input) -> None:
        field.remove_class("open")
        self.board_sheet.focus()

    def _fold(self, cells: frozenset[Cell], *, opened: bool) -> None:
        view = self._view
        self._view = view._replace(
            opened=view.opened | cells if opened else view.opened - cells,
            closed=view.closed - cells if opened else view.closed | cells,
        )
        self.paint()

    def _row(self, line: Line, columns: int) -> Spans:
        return board_row(line, self._board, columns)

    def _is_trouble(self, line: Line) -> bool:
        if line.kind == "check" and line.place is not None:
            check = self._board.checks.get(line.place)
            return check is not None and check.status.rank > Status.SKIP.rank
        if line.kind != "cell" or line.cell is None:
            return False
        checks = self._board.cells.get(line.cell, [])
        return not is_open(checks, line.cell, self._view) and any(
            check.status.rank > Status.SKIP.rank for check in checks
        )

    def _headline(self) -> Text:
        report = self._board.report
        if not report.checks:
            return Text("…  the first round goes on" if self._board.live else "…  no result yet")
        return Text(f"{VERDICT_WORDS[report.verdict]}  {clean(culprit(report))}")

    def _status(self) -> str:
        board = self._board
        ended, planned = board.progress.total
        doing = f"round {board.rounds + 1}: {ended} of {planned}" if board.live else plural(board.rounds, "round")
        order = "" if self._view.sort == "as given" else self._view.sort
        parts = (doing, self._feed.words(), self._recording(), order, counts(board.report.checks))
        return " · ".join(part for part in parts if part and not (board.live and part == "checking"))

    def _paint_detail(self) -> None:
        text = Text("\n".join(self._details()), overflow="ellipsis")
        _show(self.query_one("#detail", Static), text)

    def _details(self) -> tuple[str, ...]:
        """The sentence of the check at the cursor, uncut, and what to change where a finding says so."""
        place = self.place
        check = self._board.checks.get(place) if place is not None else None
        if check is None:
            return ()
        found = findings_of(self._board.report, check)
        fixes = (f"fix: {clean(finding.fix)}" for finding in found[:1])
        return (clean(f"{mark_of(check.status).word}  {check.id}: {check.summary}"), *fixes)


def _show(widget: Static, text: Text) -> None:
    if widget.content != text:
        widget.update(text)


def _place_of_change(board: Board, change: Change) -> Place | None:
    wanted = (change.check, change.target, change.transport, change.address)
    return next((place for place in board.checks if (place.id, *place.cell[1:]) == wanted), None)


def _worst(board: Board, cells: Sequence[Cell]) -> Place | None:
    checks = [check for cell in cells for check in board.cells.get(cell, [])]
    return place_of(max(checks, key=lambda check: check.status.rank)) if checks else None
