"""The dashboard: plays a feed onto a board, and shows the board. It probes nothing and judges nothing."""

import contextlib
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import ClassVar

from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.screen import Screen
from textual.worker import Worker, WorkerError

from natprobe.events import Event
from natprobe_reports import PLAIN, RENDERERS
from natprobe_reports.clean import clean
from natprobe_reports.culprit import culprit
from natprobe_reports.words import VERDICT_WORDS
from natprobe_tui.board import Board
from natprobe_tui.changes import Told, told
from natprobe_tui.check_screen import CheckScreen
from natprobe_tui.dialogs import HelpScreen, SaveScreen
from natprobe_tui.feed import Feed, Live, Replay
from natprobe_tui.keys import KEYS, bindings
from natprobe_tui.main_screen import MainScreen

PAINT_S = 0.15
"""How long events are gathered before they are shown: calm to the eye, and cheap over a slow line."""

Tell = Callable[[Told], Awaitable[None]]


class Watch(App[None]):
    """`describe` puts a packet's bytes into words; `tell` is called with the changes of each round that has some."""

    TITLE = "natprobe"
    CSS_PATH = "watch.tcss"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("everywhere", "live", "replay")]

    def __init__(
        self,
        feed: Feed,
        *,
        describe: Callable[[bytes], str],
        tell: Tell | None = None,
        bell: bool = False,
    ) -> None:
        super().__init__()
        self.animation_level = "none"  # nothing moves by itself: calm to the eye, and cheap over a slow line
        self.feed = feed
        self.describe = describe
        self.board = Board()
        self._tell = tell
        self._bell = bell
        self._playing: Worker[None] | None = None
        self._waiting = False

    def on_mount(self) -> None:
        """Begins to play."""
        self.push_screen(MainScreen(self.board, self.feed, self.describe))
        self._playing = self.run_worker(self.feed.run(self.hear, self._calm), name="feed", exit_on_error=False)
        self.set_interval(1.0, self._count)

    def hear(self, event: Event) -> None:
        """Takes an event in. What it changes is shown a moment later, together with what comes until then."""
        version = self.board.version
        changes = self.board.hear(event)
        if changes:
            self._announce(told(self.board.report, changes))
        if self.board.version != version and not self._waiting:
            self._waiting = True
            self.set_timer(PAINT_S, self.paint)

    def paint(self) -> None:
        """Brings the screen up to date."""
        self._waiting = False
        screen = self.screen_stack[-1] if self.screen_stack else None
        if isinstance(screen, MainScreen | CheckScreen):
            screen.paint()

    def last_words(self) -> str:
        """What stays on the terminal when the dashboard has gone: the culprit, or what was proved."""
        report = self.board.report
        return f"{VERDICT_WORDS[report.verdict]}  {clean(culprit(report))}\n"

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What the command palette offers: every key, by its name."""
        yield from super().get_system_commands(screen)
        for key in KEYS:
            if key.action != "command_palette" and self._fits(key.where, screen):
                yield SystemCommand(f"{key.label} ({key.written})", key.help, self._runner(key.action))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Keys of a replay do nothing in a live watch, and the other way round."""
        where = next((key.where for key in KEYS if key.action == action), "everywhere")
        return isinstance(self.feed, Live) if where == "live" else where != "replay" or isinstance(self.feed, Replay)

    def action_again(self) -> None:
        """Checks everything now."""
        self._again(None)

    def action_again_here(self) -> None:
        """Checks the target at the cursor now."""
        screen = self.screen
        place = screen.place if isinstance(screen, MainScreen | CheckScreen) else None
        if place is not None:
            self._again(place.cell.asked)

    def action_pause(self) -> None:
        """Holds still, or goes on."""
        self.feed.toggle_pause()
        self._count()

    def action_step(self) -> None:
        """Plays on to the next result."""
        if isinstance(self.feed, Replay):
            self.feed.step()

    def action_faster(self) -> None:
        """Plays faster."""
        if isinstance(self.feed, Replay):
            self.feed.faster()
            self._count()

    def action_slower(self) -> None:
        """Plays slower."""
        if isinstance(self.feed, Replay):
            self.feed.slower()
            self._count()

    def action_copy(self) -> None:
        """Puts what the cursor stands on into the clipboard (OSC 52, which tmux and SSH pass on)."""
        screen = self.screen
        text = screen.words_here() if isinstance(screen, MainScreen | CheckScreen) else ""
        if text:
            self.copy_to_clipboard(text)
            self.notify("copied", timeout=2)

    def action_keys(self) -> None:
        """All keys."""
        self.push_screen(HelpScreen())

    def action_save(self) -> None:
        """Asks where to, and saves."""
        self.push_screen(SaveScreen(), self._save)

    async def action_leave(self) -> None:
        """Ends the round that goes on, waits until it has let go of everything, and quits."""
        if self._playing is not None and self._playing.is_running:
            if self.board.live and self.feed.live:
                self.notify("releasing what is held on servers")
            self._playing.cancel()
            with contextlib.suppress(WorkerError):
                await self._playing.wait()
        self.exit()

    def _announce(self, news: Told) -> None:
        if self._bell:
            self.bell()
        if self._tell is not None:
            self.run_worker(self._tell(news), group="tell", exit_on_error=False)

    def _again(self, asked: str | None) -> None:
        if isinstance(self.feed, Live):
            self.feed.again(asked)
            self.notify(f"checking {asked or 'everything'}", timeout=2)

    def _save(self, chosen: tuple[str, Path] | None) -> None:
        if chosen is None:
            return
        form, path = chosen
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(RENDERERS[form](self.board.report, PLAIN))
        except FileExistsError:
            self.notify(f"{path} is there already; nothing was written", severity="warning")
        except OSError as error:
            self.notify(f"{path} cannot be written ({error.strerror})", severity="error")
        else:
            self.notify(f"saved as {path}")

    def _calm(self) -> int:
        return self.board.calm_rounds

    def _count(self) -> None:
        screen = self.screen_stack[-1] if self.screen_stack else None
        if isinstance(screen, MainScreen | CheckScreen):
            screen.paint_status()

    def _fits(self, where: str, screen: Screen[object]) -> bool:
        shown = {"main": MainScreen, "check": CheckScreen}.get(where)
        if shown is not None:
            return isinstance(screen, shown)
        return where == "everywhere" or self.feed.live == (where == "live")

    def _runner(self, action: str) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            await self.screen.run_action(action)

        return run
