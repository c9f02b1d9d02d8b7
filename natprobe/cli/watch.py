"""`natprobe watch`: the terminal dashboard. What turned green, what broke, and why, round after round."""

import argparse

from natprobe.cli.desk import Desk
from natprobe.cli.options import add_credential_options, add_run_options
from natprobe.cli.parser import UsageError
from natprobe.cli.planning import Wanted, add_target_options, wanted
from natprobe.cli.playing import need_terminal, play, teller, told

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
  natprobe watch -d deployment.toml                  everything that the file lists
  natprobe watch turn:turn.example.org -u alice --web        in a browser
  natprobe replay run.jsonl --watch                  what --record kept

Press ? for the keys. The exit code is that of the newest round.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of `natprobe watch` to `parser`."""
    parser.epilog = _EPILOG
    add_target_options(parser)
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
    group.add_argument(
        "--webhook", metavar="URL", help="post the changes of a round as JSON to this URL (or NATPROBE_WEBHOOK)"
    )
    group.add_argument("--record", metavar="FILE", help="keep the events of all rounds as JSON Lines")
    group.add_argument("--web", action="store_true", help="show it in a browser on this host (extra `web`)")
    group.add_argument(
        "--web-port", metavar="N", type=int, default=0, help="the port on 127.0.0.1 for that (default: a free one)"
    )


def run(args: argparse.Namespace) -> int:
    """Watches until the user quits. Returns the exit code of what stood then."""
    _check_options(args)
    want = wanted(args)
    Desk(args, want).plan()
    if args.web:
        return _serve(args, want)
    need_terminal("watch")
    return told(play(args, want))


def _check_options(args: argparse.Namespace) -> None:
    """Raises UsageError where the command line is wrong, before anything is sent."""
    if not SHORTEST_INTERVAL_S <= args.interval <= LONGEST_INTERVAL_S:
        bounds = f"{SHORTEST_INTERVAL_S:g} to {LONGEST_INTERVAL_S:g}"
        raise UsageError(f"--interval: {args.interval:g} s is out of bounds; give {bounds}")
    if args.web and args.record is not None:
        raise UsageError("--record: with --web each tab is a watch of its own; press w in it to record")
    if not 0 <= args.web_port <= 65535:
        raise UsageError(f"--web-port: {args.web_port} is no port; give 1 to 65535, or 0 for a free one")
    teller(args)


def _serve(args: argparse.Namespace, want: Wanted) -> int:
    try:
        from natprobe.cli.web import serve  # noqa: PLC0415
    except ImportError:
        raise UsageError("--web needs the extra `web`: pip install 'natprobe[web]'") from None
    return serve(args, want)
