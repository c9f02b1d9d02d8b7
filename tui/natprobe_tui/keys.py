"""Which key does what? One table: the bindings, the help, the command palette and the documentation come from it."""

from typing import Literal, NamedTuple

from textual.binding import Binding

Where = Literal["everywhere", "main", "check", "host", "since", "replay", "live"]


class Key(NamedTuple):
    """One key, or several that do the same."""

    keys: str
    action: str
    label: str
    """For the line at the bottom: a word or two."""
    help: str
    where: Where
    footer: bool = False
    shown: str = ""
    """How the key is written where its name is not what stands on it."""

    @property
    def written(self) -> str:
        """For people."""
        return self.shown or self.keys.replace(",", ", ")

    @property
    def binding(self) -> Binding:
        """For Textual."""
        first = self.written.split(", ")[0]
        return Binding(self.keys, self.action, self.label, show=self.footer, key_display=first, tooltip=self.help)


KEYS = (
    Key("enter", "open", "Open", "open the check, with its evidence, packets and finding", "main", footer=True),
    Key("space", "fold", "Fold", "open or close the cell in place", "main"),
    Key("e", "fold_all", "Fold all", "open or close all cells", "main"),
    Key(
        "slash",
        "filter",
        "Filter",
        "show only what holds these words; escape shows all",
        "main",
        footer=True,
        shown="/",
    ),
    Key("n", "next_trouble", "Next trouble", "go to the next check that is not well", "main"),
    Key("o", "sort", "Sort", "as given, worst first, slowest first, last change first", "main"),
    Key("r", "again", "Re-check", "check everything now", "live", footer=True),
    Key("R", "again_here", "This one", "check the target at the cursor now", "live", footer=True, shown="R"),
    Key("p", "pause", "Pause", "begin no round by itself, or hold the recording still", "everywhere", footer=True),
    Key("full_stop", "step", "Step", "play on to the next result", "replay", footer=True, shown="."),
    Key("plus,equals_sign", "faster", "Fast", "play faster", "replay", footer=True, shown="+"),
    Key("minus", "slower", "Slow", "play slower", "replay", footer=True, shown="-"),
    Key("h", "host", "Host", "this host: its NAT, and its candidates as they come", "main"),
    Key("l", "log", "Changes", "go to the log of changes and back; enter opens the check", "main"),
    Key("a", "add", "Add", "watch one more target", "live"),
    Key("u", "log_in", "Log in", "enter a credential; the password is not shown", "live"),
    Key("w", "record", "Record", "record the rounds in a file, or stop it", "live"),
    Key("d", "since", "Compare", "what broke and was mended since an older report", "everywhere"),
    Key("s", "save", "Save", "save the report in any format", "everywhere", footer=True),
    Key("y", "copy", "Copy", "copy the row, or what is told of the check", "everywhere"),
    Key("x", "explain", "Explain", "what the catalogue explains about the finding", "check", footer=True),
    Key("left_square_bracket", "sibling(-1)", "Before", "the check before", "check", footer=True, shown="["),
    Key("right_square_bracket", "sibling(1)", "After", "the next check", "check", footer=True, shown="]"),
    Key("1", "show('finding')", "Finding", "what is wrong, why, and what to change", "check"),
    Key("2", "show('evidence')", "Evidence", "what was seen", "check"),
    Key("3", "show('packets')", "Packets", "what went over the wire, and its bytes", "check"),
    Key("4", "show('explain')", "Explain", "the catalogue", "check"),
    Key("escape", "back", "Back", "back to the main screen", "check", footer=True, shown="esc"),
    Key("r", "again_host", "Look again", "look at this host now", "host", footer=True),
    Key("escape", "back", "Back", "back to the main screen", "host", footer=True, shown="esc"),
    Key("escape", "back", "Back", "back to the main screen", "since", footer=True, shown="esc"),
    Key("t", "change_theme", "Theme", "choose another theme", "everywhere"),
    Key("ctrl+p", "command_palette", "Commands", "the command palette", "everywhere"),
    Key("question_mark", "keys", "Help", "this help", "everywhere", footer=True, shown="?"),
    Key("q,ctrl+c", "leave", "Quit", "quit; what is held on servers is released first", "everywhere", footer=True),
)

SHEET_KEYS = (
    Binding("up,k", "move(-1)", "Up", show=False),
    Binding("down,j", "move(1)", "Down", show=False),
    Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False),
    Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False),
    Binding("home,g", "edge(0)", "First", show=False),
    Binding("end,G", "edge(1)", "Last", show=False),
)


def bindings(*where: Where) -> list[Binding]:
    """The keys of these places."""
    return [key.binding for key in KEYS if key.where in where]
