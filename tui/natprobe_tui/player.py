"""Plays a feed onto a board and shows the board, at the pace that the user asks for. It probes and judges nothing."""

import contextlib
import time
from collections.abc import Awaitable, Callable

from textual.app import App
from textual.worker import Worker, WorkerError

from natprobe.events import Event
from natprobe_tui.board import Board
from natprobe_tui.changes import Note, Told, told
from natprobe_tui.check_screen import CheckScreen, Describe
from natprobe_tui.desk import DeskError
from natprobe_tui.feed import HOST, Feed, Live, Replay
from natprobe_tui.host_screen import HostScreen
from natprobe_tui.main_screen import MainScreen
from natprobe_tui.moments import written
from natprobe_tui.place import asked_of
from natprobe_tui.since_screen import SinceScreen

PAINT_S = 0.15
"""How long events are gathered before they are shown: calm to the eye, and cheap over a slow line."""

Tell = Callable[[Told], Awaitable[None]]
Painted = MainScreen | CheckScreen | HostScreen | SinceScreen
"""The screens that show the board."""


class Player(App[None]):
    """`describe` puts a packet's bytes into words; `tell` is called with the changes of each round that has some."""

    def __init__(self, feed: Feed, *, describe: Describe, tell: Tell | None = None, bell: bool = False) -> None:
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
        self.push_screen(MainScreen(self.board, self.feed, self.describe, self.recording))
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

    def recording(self) -> str:
        """What is recorded, in a phrase; nothing where nothing is."""
        return ""

    def paint(self) -> None:
        """Brings the screen up to date."""
        self._waiting = False
        shown = self.shown
        if shown is not None:
            shown.paint()

    @property
    def shown(self) -> Painted | None:
        """The screen on top, where it shows the board and is no dialog. None while it is taken apart."""
        screen = self.screen_stack[-1] if self.is_running and self.screen_stack else None
        return screen if isinstance(screen, Painted) else None

    def action_again(self) -> None:
        """Checks everything now."""
        self._again(None)

    def action_again_here(self) -> None:
        """Checks the target at the cursor now."""
        screen = self.screen
        place = screen.place if isinstance(screen, MainScreen | CheckScreen) else None
        if place is not None:
            self._again(asked_of(place.cell.asked))

    def action_again_host(self) -> None:
        """Looks at this host now."""
        self._again(HOST)

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

    async def action_leave(self) -> None:
        """Ends the round that goes on, waits until it has let go of everything, and quits."""
        if self._playing is not None and self._playing.is_running:
            if self.feed.live and (self.board.live or self.board.host.busy):
                self.notify("releasing what is held on servers")
            self._playing.cancel()
            with contextlib.suppress(WorkerError):
                await self._playing.wait()
        self.exit()

    def _announce(self, news: Told) -> None:
        if self._bell:
            self.bell()
        if self._tell is not None:
            self.run_worker(self._telling(self._tell, news), group="tell", exit_on_error=False)

    async def _telling(self, tell: Tell, news: Told) -> None:
        """That it failed stands in the log; the watch goes on."""
        try:
            await tell(news)
        except DeskError as why:
            self.board.note(Note(at=written(time.time()), words=str(why)))
            self.paint()

    def _again(self, asked: str | None) -> None:
        if isinstance(self.feed, Live):
            self.feed.again(asked)
            self.notify(f"checking {asked or 'everything'}", timeout=2)

    def _calm(self) -> int:
        return self.board.calm_rounds

    def _count(self) -> None:
        shown = self.shown
        if shown is not None:
            shown.paint_status()
