"""Puts a dashboard together and runs it: a watch with its thread, its recording and its alarms, or a replay."""

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from functools import partial
from typing import TYPE_CHECKING

from natprobe import runner
from natprobe.cli.desk import Desk, older
from natprobe.cli.exits import exit_code
from natprobe.cli.garbage import leave_what_is_there
from natprobe.cli.output import recording
from natprobe.cli.parser import UsageError
from natprobe.cli.planning import Wanted
from natprobe.cli.tape import Tape, taping
from natprobe.events import Emit, Event
from natprobe_tui.desk import DeskError
from natprobe_tui.feed import HOST

if TYPE_CHECKING:
    from natprobe.cli.beside import Beside
    from natprobe_tui.app import Watch
    from natprobe_tui.changes import Told
    from natprobe_tui.feed import Feed, Start
    from natprobe_tui.player import Tell


def play(args: argparse.Namespace, want: Wanted) -> "Watch":
    """Watches until the user quits. Returns the dashboard with what stood then."""
    from natprobe.cli.beside import beside  # noqa: PLC0415
    from natprobe_tui.feed import Live  # noqa: PLC0415
    from natprobe_tui.pace import Pace  # noqa: PLC0415

    with recording(args.record) as file, taping(file, args.record) as tape, beside() as thread:
        desk = Desk(args, want, tape)
        feed = Live(_start(thread, desk, tape), Pace(args.interval))
        if args.host:
            feed.again(HOST)
        return shown(feed, desk=desk, tell=teller(args), bell=args.bell)


def shown(feed: "Feed", *, desk: Desk | None = None, tell: "Tell | None" = None, bell: bool = False) -> "Watch":
    """Runs the dashboard on `feed`. Returns it when the user has quit."""
    from natprobe.wire.describe import described  # noqa: PLC0415
    from natprobe_tui.app import Watch  # noqa: PLC0415  nobody else shall load Textual

    app = Watch(feed, describe=described, older=older, desk=desk, tell=tell, bell=bell)
    leave_what_is_there()
    asyncio.run(_shown(app))
    app.board.settle()
    return app


def told(app: "Watch") -> int:
    """Leaves the dashboard's last sentence on stdout. Returns the exit code."""
    sys.stdout.write(app.last_words())
    return app.return_code or exit_code(app.board.report)


def teller(args: argparse.Namespace) -> "Tell | None":
    """What is told of changes, or None where nobody is. Raises UsageError."""
    from natprobe.cli.alarms import alarm  # noqa: PLC0415  only here is asyncio's subprocess wanted
    from natprobe.cli.webhook import VARIABLE, webhook  # noqa: PLC0415

    url = args.webhook or os.environ.get(VARIABLE)
    tells = (
        *((alarm(args.on_change),) if args.on_change is not None else ()),
        *((webhook(url, args.ca_file),) if url else ()),
    )
    return partial(_tell_all, tells) if tells else None


async def _tell_all(tells: "tuple[Tell, ...]", news: "Told") -> None:
    """Tells them all at once. Raises DeskError where some of them failed."""
    ended = await asyncio.gather(*(tell(news) for tell in tells), return_exceptions=True)
    for error in ended:
        if error is not None and not isinstance(error, DeskError):
            raise error
    failed = [str(error) for error in ended if error is not None]
    if failed:
        raise DeskError("; ".join(failed))


def need_terminal(command: str) -> None:
    """Raises UsageError where there is no terminal to show anything on."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):  # Textual draws on stderr
        raise UsageError(f"{command}: the dashboard needs a terminal; for scripts there is `natprobe check`")


async def _shown(app: "Watch") -> None:
    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers on its loop
        for number in {signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)}:
            loop.add_signal_handler(number, lambda: app.call_later(app.action_leave))
    await app.run_async()


def _start(thread: "Beside", desk: Desk, tape: Tape) -> "Start":
    async def start(emit: Emit, asked: str | None) -> None:
        def hear(event: Event) -> None:
            tape(event)
            emit(event)

        await thread.start(desk.look() if asked == HOST else partial(runner.run, desk.plan(asked)), hear)

    return start
