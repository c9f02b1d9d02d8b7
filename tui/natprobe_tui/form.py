"""A dialog that asks for a few words. What is wrong with them is said in it, in one line, and nothing is lost."""

from collections.abc import Callable, Sequence
from typing import ClassVar, NamedTuple

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static

from natprobe_tui.desk import DeskError

TYPED_FAST = (
    Binding("tab", "app.focus_next", show=False, priority=True),
    Binding("shift+tab", "app.focus_previous", show=False, priority=True),
)
"""Takes effect before the next letter is looked at: who types fast shall not have a password in another line."""


class Hidden(Input):
    """What is typed shows as dots, and gets into no clipboard."""

    def __init__(self, placeholder: str) -> None:
        super().__init__(placeholder=placeholder, password=True, compact=True)

    def action_copy(self) -> None:
        """Does nothing."""

    def action_cut(self) -> None:
        """Does nothing."""


class Field(NamedTuple):
    """One line to be typed."""

    label: str
    value: str = ""
    placeholder: str = ""
    hidden: bool = False
    """Whether what is typed must not be seen."""

    def line(self) -> Input:
        """The widget to type it in."""
        if self.hidden:
            return Hidden(self.placeholder)
        return Input(self.value, placeholder=self.placeholder, compact=True)


class FormScreen(ModalScreen[str | None]):
    """Hands what was typed to `take`, which returns what was done, or raises DeskError; gives None if called off.

    Of `choices` one may be picked in place of typing the first field.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Close"),
        Binding("enter", "advance", show=False, priority=True),
        *TYPED_FAST,
    ]

    def __init__(
        self, title: str, fields: Sequence[Field], take: Callable[..., str], choices: Sequence[str] = ()
    ) -> None:
        super().__init__()
        self._heading = title
        self._fields = fields
        self._take = take
        self._choices = choices

    def compose(self) -> ComposeResult:
        """The title, what can be picked, the fields, and a line for what is wrong."""
        with Vertical(classes="dialog"):
            yield Static(Text(self._heading), id="form-title")
            if self._choices:
                yield OptionList(*map(Text, self._choices))
            for field in self._fields:
                yield Static(Text(field.label), classes="label")
                yield field.line()
            yield Static(id="wrong")
            yield Static("enter goes on, tab to the next line, escape calls it off", classes="hint")

    def on_mount(self) -> None:
        """The first thing to do has the keys."""
        self.query("OptionList, Input").first().focus()

    @on(OptionList.OptionHighlighted)
    def _pick(self, event: OptionList.OptionHighlighted) -> None:
        self.query(Input).first().value = str(event.option.prompt)

    @on(OptionList.OptionSelected)
    def _picked(self) -> None:
        self._go()

    def action_advance(self) -> None:
        """Goes; where something is still missing, the next line is where to type it.

        The next line has the keys at once (see TYPED_FAST); letters for this one may still be on their way to it.
        """
        line = self.focused
        if isinstance(line, OptionList):
            line.action_select()
        elif isinstance(line, Input):
            lines = list(self.query(Input))
            for later in lines[lines.index(line) + 1 :][:1]:
                self.set_focus(later)
            line.call_later(self._go_from, line)

    def _go_from(self, line: Input) -> None:
        if not self._go() and not line.value:
            self.set_focus(line)

    def _go(self) -> bool:
        words = [line.value if isinstance(line, Hidden) else line.value.strip() for line in self.query(Input)]
        try:
            done = self._take(*words)
        except DeskError as why:
            self.query_one("#wrong", Static).update(Text(str(why)))
            return False
        self.dismiss(done)
        return True
