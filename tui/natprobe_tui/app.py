"""The dashboard: what a user can do with what is shown. It probes nothing and judges nothing."""

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import ClassVar

from textual.app import SystemCommand
from textual.binding import BindingType
from textual.screen import Screen

from natprobe_reports import PLAIN, RENDERERS
from natprobe_reports.clean import clean
from natprobe_reports.culprit import culprit
from natprobe_reports.words import VERDICT_WORDS
from natprobe_tui.check_screen import CheckScreen, Describe
from natprobe_tui.desk import Desk, Older
from natprobe_tui.dialogs import HelpScreen, SaveScreen
from natprobe_tui.feed import Feed, Live, Replay
from natprobe_tui.form import Field, FormScreen
from natprobe_tui.host_screen import HostScreen
from natprobe_tui.keys import KEYS, Where, bindings
from natprobe_tui.main_screen import MainScreen
from natprobe_tui.place import asked_of
from natprobe_tui.player import Player, Tell
from natprobe_tui.since_screen import SinceScreen

MOST_CHOICES = 50
_SCREENS: dict[Where, type[Screen[None]]] = {
    "main": MainScreen,
    "check": CheckScreen,
    "host": HostScreen,
    "since": SinceScreen,
}


class Watch(Player):
    """`desk` is where a live watch is changed; a replay has none. `older` reads a kept report to compare with."""

    TITLE = "natprobe"
    CSS_PATH = "watch.tcss"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("everywhere", "live", "replay")]

    def __init__(
        self,
        feed: Feed,
        *,
        describe: Describe,
        older: Older,
        desk: Desk | None = None,
        tell: Tell | None = None,
        bell: bool = False,
    ) -> None:
        super().__init__(feed, describe=describe, tell=tell, bell=bell)
        self.desk = desk
        self._older = older

    def last_words(self) -> str:
        """What stays on the terminal when the dashboard has gone: the culprit, or what was proved."""
        report = self.board.report
        return f"{VERDICT_WORDS[report.verdict]}  {clean(culprit(report))}\n"

    def recording(self) -> str:
        """The file that the rounds are recorded in."""
        return f"● recording {clean(self.desk.recording)}" if self.desk is not None and self.desk.recording else ""

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What the command palette offers: every key, by its name."""
        yield from super().get_system_commands(screen)
        for key in KEYS:
            if key.action != "command_palette" and self._fits(key.where, screen):
                yield SystemCommand(f"{key.label} ({key.written})", key.help, self._runner(key.action))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Keys of a replay do nothing in a live watch, and the other way round."""
        if action == "again_here" and not isinstance(self.screen, MainScreen | CheckScreen):
            return False
        where = next((key.where for key in KEYS if key.action == action), "everywhere")
        return isinstance(self.feed, Live) if where == "live" else where != "replay" or isinstance(self.feed, Replay)

    def action_copy(self) -> None:
        """Puts what the cursor stands on into the clipboard (OSC 52, which tmux and SSH pass on)."""
        shown = self.shown
        text = shown.words_here() if shown is not None else ""
        if text:
            self.copy_to_clipboard(text)
            self.notify("copied", timeout=2)

    def action_keys(self) -> None:
        """All keys."""
        self.push_screen(HelpScreen())

    def action_save(self) -> None:
        """Asks where to, and saves."""
        self.push_screen(SaveScreen(), self._save)

    def action_add(self) -> None:
        """Asks for a target, and watches it."""
        if self.desk is not None:
            field = Field("target", placeholder="turn:turn.example.org")
            self._ask("Watch one more target", (field,), self._then_check(self.desk.add))

    def action_log_in(self) -> None:
        """Asks for a credential, and checks with it."""
        if self.desk is not None:
            fields = (
                Field("user name"),
                Field("password", hidden=True),
                Field("or the shared secret that mints one (TURN REST)", hidden=True),
                Field("for this target alone; empty for all", self._target_here()),
            )
            self._ask("Enter a credential", fields, self._then_check(self.desk.log_in))

    def action_record(self) -> None:
        """Asks for a file to record in; where a recording goes on, ends it."""
        if self.desk is None:
            return
        if self.desk.recording:
            self.notify(self.desk.stop_recording())
            self._count()
        else:
            self._ask("Record the rounds in a new file", (Field("file", "natprobe.jsonl"),), self.desk.record)

    def action_since(self) -> None:
        """Asks for an older report, and compares with it."""
        found: list[SinceScreen] = []

        def compare(name: str) -> str:
            found.append(SinceScreen(self.board, name, self._older(name)))
            return f"compared with {name}"

        def show(_done: str | None) -> None:
            if found:
                self.push_screen(found[-1])

        form = FormScreen("Compare with an older report", (Field("file"),), compare, _reports_here())
        self.push_screen(form, show)

    def _ask(self, title: str, fields: tuple[Field, ...], take: Callable[..., str]) -> None:
        self.push_screen(FormScreen(title, fields, take), self._did)

    def _did(self, what: str | None) -> None:
        if what:
            self.notify(clean(what))
        self._count()

    def _target_here(self) -> str:
        """The target at the cursor, where there are several."""
        place = self.shown.place if isinstance(self.shown, MainScreen | CheckScreen) else None
        targets = {asked_of(cell.asked) for cell in self.board.cells}
        return asked_of(place.cell.asked) if place is not None and len(targets) > 1 else ""

    def _then_check(self, take: Callable[..., str]) -> Callable[..., str]:
        """`take`, and everything is checked by what it changed."""

        def run(*words: str) -> str:
            done = take(*words)
            if isinstance(self.feed, Live):
                self.feed.again()
            return done

        return run

    def _save(self, chosen: tuple[str, Path] | None) -> None:
        if chosen is None:
            return
        form, path = chosen
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(RENDERERS[form](self.board.kept, PLAIN))
        except FileExistsError:
            self.notify(f"{path} is there already; nothing was written", severity="warning")
        except OSError as error:
            self.notify(f"{path} cannot be written ({error.strerror})", severity="error")
        else:
            self.notify(f"saved as {path}")

    def _fits(self, where: Where, screen: Screen[object]) -> bool:
        if where in _SCREENS:
            return isinstance(screen, _SCREENS[where])
        return where == "everywhere" or self.feed.live == (where == "live")

    def _runner(self, action: str) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            await self.screen.run_action(action)

        return run


def _reports_here() -> tuple[str, ...]:
    """The JSON files in the working directory, the newest first."""
    try:
        found = [(path.stat().st_mtime, path.name) for path in Path().glob("*.json") if path.is_file()]
    except OSError:
        return ()
    return tuple(name for _, name in sorted(found, reverse=True)[:MOST_CHOICES])
