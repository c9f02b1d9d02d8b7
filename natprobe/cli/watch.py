"""`natprobe watch`: the terminal dashboard. What turned green, what broke, and why, round after round."""

import argparse
import asyncio
import contextlib
import signal
import sys
from functools import partial
from typing import TYPE_CHECKING

from natprobe import runner
from natprobe.cli.desk import Desk, older
from natprobe.cli.exits import exit_code
from natprobe.cli.options import add_credential_options, add_run_options, credential
from natprobe.cli.output import recording
from natprobe.cli.parser import UsageError
from natprobe.cli.planning import parsed
from natprobe.cli.tape import Tape, taping
from natprobe.credential import Given
from natprobe.events import Emit, Event
from natprobe_tui.feed import HOST

if TYPE_CHECKING:
    from natprobe.cli.beside import Beside
    from natprobe_tui.app import Watch
    from natprobe_tui.feed import Feed, Start
    from natprobe_tui.player import Tell

DEFAULT_INTERVAL_S = 30.0
SHORTEST_INTERVAL_S = 2.0
LONGEST_INTERVAL_S = 86400.0
_EPILOG = """\
pace:
  Every wait is longer or shorter by up to a tenth. After 20 rounds without a
  change each wait grows by a quarter, up to four times the interval; a change
  or a key sets it back. r checks everything at once, R the target at the cursor.

examples:
  natprobe watch turn:turn.example.org -u alice --interval 10
  natprobe watch turns:turn.example.org stun:stun.example.org --bell
  natprobe watch turn:turn.example.org -u alice --on-change "logger -t natprobe"
  natprobe watch turn:turn.example.org -u alice --web        in a browser
  natprobe replay run.jsonl --watch                  what --record kept

Press ? for the keys. The exit code is that of the newest round.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of `natprobe watch` to `parser`."""
    parser.epilog = _EPILOG
    parser.add_argument("targets", metavar="TARGET", nargs="+", help="a URI, as for `natprobe check`")
    add_credential_options(parser)
    add_run_options(parser)
    group = parser.add_argument_group("watch")
    group.add_argument(
        "--interval", metavar="S", type=float, default=DEFAULT_INTERVAL_S,
        help="seconds between the end of a round and the next one (default: %(default)g)",
    )  # fmt: skip
    group.add_argument("--bell", action="store_true", help="ring the terminal's bell at a change")
    group.add_argument(
        "--on-change", metavar="COMMAND", help="run this with the changes of a round as JSON on its stdin; no shell"
    )
    group.add_argument(
        "--no-host",
        dest="host",
        action="store_false",
        help="do not look at this host's NAT and candidates at the start",
    )
    group.add_argument("--record", metavar="FILE", help="keep the events of all rounds as JSON Lines")
    group.add_argument("--web", action="store_true", help="show it in a browser on this host (extra `web`)")
    group.add_argument(
        "--web-port", metavar="N", type=int, default=0, help="the port on 127.0.0.1 for that (default: a free one)"
    )


def run(args: argparse.Namespace) -> int:
    """Watches until the user quits. Returns the exit code of what stood then."""
    given = credential(args)
    check_options(args, given)
    if args.web:
        return _serve(args, given)
    need_terminal("watch")
    return told(play(args, given))


def check_options(args: argparse.Namespace, given: Given | None) -> None:
    """Raises UsageError where the command line is wrong, before anything is sent."""
    if not SHORTEST_INTERVAL_S <= args.interval <= LONGEST_INTERVAL_S:
        bounds = f"{SHORTEST_INTERVAL_S:g} to {LONGEST_INTERVAL_S:g}"
        raise UsageError(f"--interval: {args.interval:g} s is out of bounds; give {bounds}")
    if args.web and args.record is not None:
        raise UsageError("--record: with --web each tab is a watch of its own; press w in it to record")
    if not 0 <= args.web_port <= 65535:
        raise UsageError(f"--web-port: {args.web_port} is no port; give 1 to 65535, or 0 for a free one")
    Desk(args, parsed(args.targets), given).plan(None)
    _teller(args)


def play(args: argparse.Namespace, given: Given | None) -> "Watch":
    """Watches until the user quits. Returns the dashboard with what stood then."""
    from natprobe.cli.beside import beside  # noqa: PLC0415
    from natprobe_tui.feed import Live  # noqa: PLC0415
    from natprobe_tui.pace import Pace  # noqa: PLC0415

    with recording(args.record) as file, taping(file, args.record) as tape, beside() as thread:
        desk = Desk(args, parsed(args.targets), given, tape)
        feed = Live(_start(thread, desk, tape), Pace(args.interval))
        if args.host:
            feed.again(HOST)
        return shown(feed, desk=desk, tell=_teller(args), bell=args.bell)


def shown(feed: "Feed", *, desk: Desk | None = None, tell: "Tell | None" = None, bell: bool = False) -> "Watch":
    """Runs the dashboard on `feed`. Returns it when the user has quit."""
    from natprobe.wire.describe import described  # noqa: PLC0415
    from natprobe_tui.app import Watch  # noqa: PLC0415  nobody else shall load Textual

    app = Watch(feed, describe=described, older=older, desk=desk, tell=tell, bell=bell)
    asyncio.run(_shown(app))
    app.board.settle()
    return app


def told(app: "Watch") -> int:
    """Leaves the dashboard's last sentence on stdout. Returns the exit code."""
    sys.stdout.write(app.last_words())
    return app.return_code or exit_code(app.board.report)


def _teller(args: argparse.Namespace) -> "Tell | None":
    """What is told of changes. Raises UsageError."""
    from natprobe.cli.alarms import alarm  # noqa: PLC0415  only here is asyncio's subprocess wanted

    return alarm(args.on_change) if args.on_change is not None else None


def _serve(args: argparse.Namespace, given: Given | None) -> int:
    try:
        from natprobe.cli.web import serve  # noqa: PLC0415
    except ImportError:
        raise UsageError("--web needs the extra `web`: pip install 'natprobe[web]'") from None
    return serve(args, given)


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
