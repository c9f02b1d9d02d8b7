"""A long list of rows with a cursor. Only what is on the screen is made, and only what has changed is painted again."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from natprobe_tui.keys import SHEET_KEYS
from natprobe_tui.rows import Spans

L = TypeVar("L")


class Sheet(ScrollView, Generic[L], can_focus=True):
    """Rows of any kind: `draw` makes one, `key_of` says what stays the same when rows come and go."""

    TONES = ("plain", "strong", "dim", "ok", "warn", "fail", "unknown", "busy", "spark", "sent", "received")
    COMPONENT_CLASSES: ClassVar[set[str]] = {"sheet--cursor", *(f"sheet--{tone}" for tone in TONES)}
    BINDINGS: ClassVar[list[BindingType]] = list(SHEET_KEYS)

    class Moved(Message):
        """The cursor stands on another row."""

        def __init__(self, sheet: "Sheet[Any]") -> None:
            super().__init__()
            self.sheet = sheet

        @property
        def control(self) -> "Sheet[Any]":
            """Whose cursor it is."""
            return self.sheet

    class Resized(Moved):
        """There is room for more rows, or for fewer."""

    class Chosen(Moved):
        """A row is to be opened."""

    def __init__(
        self,
        draw: Callable[[L, int], Spans],
        key_of: Callable[[L], Hashable],
        *,
        empty: str = "",
        newest_first: bool = False,
        id: str | None = None,  # noqa: A002  Textual's word
    ) -> None:
        super().__init__(id=id)
        self._draw = draw
        self._key_of = key_of
        self._empty = empty
        self._newest_first = newest_first
        self._lines: Sequence[L] = ()
        self._cursor = 0
        self._drawn: dict[int, Spans] = {}

    @property
    def lines(self) -> Sequence[L]:
        """The rows."""
        return self._lines

    @property
    def cursor(self) -> int:
        """Where the cursor stands, from 0."""
        return self._cursor

    @property
    def columns(self) -> int:
        """How wide a row is: the scroll bar's column is kept free, so that nothing jumps when it is needed."""
        return self.scrollable_content_region.width

    @property
    def line(self) -> L | None:
        """The row at the cursor; None where there are no rows."""
        return self._lines[self._cursor] if self._lines else None

    def show(self, lines: Sequence[L]) -> None:
        """Takes other rows. The cursor stays with its row, or near where that was."""
        at_top = self._newest_first and not self.has_focus
        key = None if self.line is None or at_top else self._key_of(self.line)
        self._lines = lines
        found = next((number for number, line in enumerate(lines) if self._key_of(line) == key), None)
        moved = found is not None and found != self._cursor
        kept = 0 if at_top else min(self._cursor, max(len(lines) - 1, 0))
        self._cursor = kept if found is None else found
        size = Size(self.columns, len(lines))
        if size != self.virtual_size:
            self.virtual_size = size
        if moved:
            self._keep_in_sight()
        self._repaint()

    def move_to(self, number: int) -> None:
        """Puts the cursor on row `number`, or on the nearest that there is."""
        target = max(0, min(number, len(self._lines) - 1))
        if target == self._cursor or not self._lines:
            return
        self._cursor = target
        self._keep_in_sight()
        self._repaint()
        self.post_message(self.Moved(self))

    def action_move(self, rows: int) -> None:
        """Up and down."""
        self.move_to(self._cursor + rows)

    def action_page(self, pages: int) -> None:
        """A screen up or down."""
        self.move_to(self._cursor + pages * max(self.size.height - 1, 1))

    def action_edge(self, end: int) -> None:
        """The first row or the last."""
        self.move_to(len(self._lines) - 1 if end else 0)

    def render_line(self, y: int) -> Strip:
        """The row that is shown at line `y` of the screen."""
        number = y + self.scroll_offset.y
        width = self.columns
        if number >= len(self._lines):
            text = self._empty if number == 0 else ""
            return Strip([Segment(text, self._style("dim"))]).adjust_cell_length(width, self.rich_style)
        spans = self._draw(self._lines[number], width)
        self._drawn[number] = spans
        here = number == self._cursor and self.has_focus
        under = Style(bgcolor=self.get_component_rich_style("sheet--cursor").bgcolor) if here else Style.null()
        segments = [Segment(text, self._style(tone) + under) for text, tone in spans]
        return Strip(segments).adjust_cell_length(width, self.rich_style + under)

    def notify_style_update(self) -> None:
        """Another theme: everything has other colours."""
        super().notify_style_update()
        self.refresh()

    def on_resize(self) -> None:
        """Rows are as wide as the screen."""
        self.virtual_size = Size(self.columns, len(self._lines))
        self.refresh()
        self.post_message(self.Resized(self))

    def on_focus(self) -> None:
        """The cursor is shown where the keys go."""
        self.refresh()

    def on_blur(self) -> None:
        """And only there."""
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """A click takes the cursor along; a second one opens."""
        number = event.y + self.scroll_offset.y
        if number >= len(self._lines):
            return
        if number == self._cursor and event.chain > 1:
            self.post_message(self.Chosen(self))
            return
        self.move_to(number)

    def _style(self, tone: str) -> Style:
        return self.get_component_rich_style(f"sheet--{tone}") if tone in self.TONES else self.rich_style

    def _keep_in_sight(self) -> None:
        self.scroll_to_region(Region(0, self._cursor, max(self.columns, 1), 1), animate=False, force=True, x_axis=False)

    def _repaint(self) -> None:
        """Asks for those rows of the screen only that look other than they did."""
        top, width = self.scroll_offset.y, self.columns
        for y in range(self.size.height):
            number = top + y
            now = self._draw(self._lines[number], width) if number < len(self._lines) else None
            cursor = number == self._cursor
            if cursor or self._drawn.get(number) != now or self._was_cursor == number:
                self.refresh(Region(0, y, width, 1))
                if now is None:
                    self._drawn.pop(number, None)
        self._was_cursor = self._cursor

    _was_cursor = 0
