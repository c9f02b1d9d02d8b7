"""One check: where it stands in its ladder, its finding, its evidence, its packets and their bytes."""

from collections.abc import Callable
from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import Screen
from textual.widgets import Footer, Static, TabbedContent, TabPane

from natprobe.model import Check
from natprobe_reports.clean import clean
from natprobe_tui.board import Board
from natprobe_tui.keys import bindings
from natprobe_tui.marks import mark_of
from natprobe_tui.packets import Lane, Step, mapped
from natprobe_tui.pages import Part, evidence_parts, explained_parts, finding_parts
from natprobe_tui.place import Place
from natprobe_tui.rows import Spans, check_words
from natprobe_tui.sequence import hex_lines, lane_heading, lanes, step_row
from natprobe_tui.sheet import Sheet

Describe = Callable[[bytes], tuple[str, ...]]
"""A packet's bytes in words: what it is, then each thing in it."""


class CheckScreen(Screen[None]):
    """Follows its check from round to round."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("check")]

    def __init__(self, board: Board, place: Place, describe: Describe) -> None:
        super().__init__()
        self._board = board
        self._place = place
        self._describe = describe
        self._steps: tuple[Step, ...] = ()
        self._lanes: tuple[Lane, ...] = ()

    def compose(self) -> ComposeResult:
        """The title, the ladder, and a tab for each kind of proof."""
        yield Static(id="title")
        yield Static(id="ladder")
        with TabbedContent(id="tabs", initial="finding"):
            with TabPane("1 Finding", id="finding"), VerticalScroll(classes="prose"):
                yield Static(id="finding-text")
            with TabPane("2 Evidence", id="evidence"), VerticalScroll(classes="prose"):
                yield Static(id="evidence-text")
            with TabPane("3 Packets", id="packets"), Vertical():
                yield Static(id="lanes")
                yield Sheet[Step](
                    self._row, lambda step: step, empty=" no packet of this cell was seen", id="packets-sheet"
                )
                with VerticalScroll(id="packet"):
                    yield Static(id="packet-text")
            with TabPane("4 Explain", id="explain"), VerticalScroll(classes="prose"):
                yield Static(id="explain-text")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Shows the check, as soon as its widgets are there."""
        self.call_after_refresh(self.action_show, "finding")

    @property
    def place(self) -> Place:
        """The check that is shown."""
        return self._place

    @property
    def check(self) -> Check | None:
        """What stands of it; None where the newest round does not have it any more."""
        return self._board.checks.get(self._place)

    def paint(self) -> None:
        """Brings everything up to date."""
        if not self.is_mounted:
            return
        self._board.settle()
        check = self.check
        self._text("#title", self._title(check))
        self._text("#ladder", self._ladder())
        if check is not None:
            self._paint_tab(check)

    def _paint_tab(self, check: Check) -> None:
        """Only what is shown is made."""
        match self.query_one(TabbedContent).active:
            case "finding":
                self._table("#finding-text", finding_parts(self._board.report, check))
            case "evidence":
                self._table("#evidence-text", evidence_parts(check))
            case "explain":
                nothing = (("", "There is no finding to explain: see the evidence.", "dim"),)
                self._table("#explain-text", explained_parts(check) or nothing)
            case _:
                self._paint_packets()

    def on_screen_resume(self) -> None:
        """What came while another screen lay over this one."""
        self.paint()

    def paint_status(self) -> None:
        """Nothing here counts the seconds."""

    def words_here(self) -> str:
        """What is told of the check, to be copied: its packet where the packets are shown."""
        if self.query_one(TabbedContent).active == "packets":
            step = self._sheet.line
            return "" if step is None else "\n".join((*self._described(step), *hex_lines(step.packet.data)))
        check = self.check
        if check is None:
            return ""
        parts = (f"{label}: {text}" for label, text, _ in finding_parts(self._board.report, check) if label)
        return "\n".join((check_words(self._place, check), *parts))

    def action_back(self) -> None:
        """To the main screen."""
        self.app.pop_screen()

    def action_show(self, pane: str) -> None:
        """Another tab."""
        self.query_one(TabbedContent).active = pane
        self.paint()
        inside = self.query_one(f"#{pane}").query("Sheet, VerticalScroll").first()
        inside.focus()

    def action_explain(self) -> None:
        """The catalogue's page, and back to the finding."""
        self.action_show("finding" if self.query_one(TabbedContent).active == "explain" else "explain")

    def action_sibling(self, rows: int) -> None:
        """The next check of the same cell."""
        ids = [check.id for check in self._board.cells.get(self._place.cell, [])]
        if self._place.id in ids:
            self._place = self._place._replace(id=ids[(ids.index(self._place.id) + rows) % len(ids)])
            self.paint()

    @on(TabbedContent.TabActivated)
    def _turned(self) -> None:
        self.paint()

    @on(Sheet.Moved)
    def _moved(self) -> None:
        self._paint_packet()

    @property
    def _sheet(self) -> Sheet[Step]:
        return self.query_one("#packets-sheet", Sheet)

    def _title(self, check: Check | None) -> Text:
        cell = self._place.cell
        where = clean(f"{cell.target} at {cell.address}" if cell.address else cell.target)
        if check is None:
            return Text(f"{self._place.id} is no longer made\n{where}")
        name = self._board.titles.get(check.id, "")
        return Text(f"{mark_of(check.status).text.strip()}  {check.id}  {clean(name)}\n{where}")

    def _ladder(self) -> Text:
        rungs = Text()
        for check in self._board.cells.get(self._place.cell, []):
            rung = f"{mark_of(check.status).symbol}{check.id.partition('.')[2] or check.id}"
            rungs.append(rung, "reverse" if check.id == self._place.id else "")
            rungs.append("  ")
        return rungs

    def _paint_packets(self) -> None:
        cell, checks = self._place.cell, self._board.report.checks
        found = self._board.captured.of_cell(cell, checks)
        if found != self._steps:
            seen = mapped(found, cell, checks)
            self._steps, self._lanes = found, lanes(found, translated=seen is not None)
            heading = lane_heading(self._lanes) + (f"  the NAT shows us as {seen}" if seen else "")
            self._text("#lanes", Text(heading, no_wrap=True, overflow="ellipsis"))
            self._sheet.show(found)
        self._paint_packet()

    def _paint_packet(self) -> None:
        step = self._sheet.line
        if step is None:
            self._text("#packet-text", Text(""))
            return
        packet = step.packet
        way = f"{packet.local} → {packet.remote}" if packet.direction == "sent" else f"{packet.remote} → {packet.local}"
        head = f"at {step.at_ms:.1f} ms  {packet.transport}  {way}  {len(packet.data)} bytes"
        self._text("#packet-text", Text("\n".join((head, *_indented(self._described(step)), *hex_lines(packet.data)))))

    def _row(self, step: Step, columns: int) -> Spans:
        return step_row(step, self._lanes, ", ".join(self._described(step)), columns)

    def _described(self, step: Step) -> tuple[str, ...]:
        return tuple(map(clean, self._describe(step.packet.data)))

    def _text(self, selector: str, text: Text) -> None:
        widget = self.query_one(selector, Static)
        if widget.content != text:
            widget.update(text)

    def _table(self, selector: str, parts: tuple[Part, ...]) -> None:
        widget = self.query_one(selector, Static)
        if getattr(widget, "parts", None) == parts:
            return
        widget.parts = parts  # type: ignore[attr-defined]
        table = Table.grid(padding=(0, 2))
        table.add_column(style="dim", no_wrap=True)
        table.add_column(overflow="fold")
        for label, text, tone in parts:
            table.add_row(label, Text(text, _STYLES.get(tone, "")))
        widget.update(table)


def _indented(words: tuple[str, ...]) -> tuple[str, ...]:
    """What the packet is, and each thing in it a line of its own."""
    return (*words[:1], *(f"  {word}" for word in words[1:]))


_STYLES = {"strong": "bold", "dim": "dim", "fail": "bold", "warn": "bold"}
