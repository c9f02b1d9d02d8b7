"""`natprobe replay`: a recording, as text or as any report, without asking anything again."""

import argparse
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from natprobe.cli.execute import Listener
from natprobe.cli.keeping import add_pcap_option, capturing
from natprobe.cli.output import add_output_options, tell, wanted_files
from natprobe.cli.parser import UsageError
from natprobe.diagnose import diagnose
from natprobe.events import Event, Packet, RunStarted
from natprobe.fold import fold
from natprobe.record import RecordingError, bounded, read, recorded

SLOWEST, FASTEST = 0.1, 1000.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of `natprobe replay` to `parser`."""
    parser.epilog = (
        "examples:\n  natprobe replay run.jsonl --report html=run.html\n  natprobe replay run.jsonl --watch --speed 4"
    )
    parser.add_argument("recording", metavar="RUN.jsonl", help="what `--record` kept")
    add_output_options(parser)
    add_pcap_option(parser)
    group = parser.add_argument_group("dashboard")
    group.add_argument("--watch", action="store_true", help="show it in the dashboard: p pauses, . steps, + and - pace")
    group.add_argument("--speed", metavar="X", type=float, default=1.0, help="how fast (default: %(default)g)")


def run(args: argparse.Namespace) -> int:
    """Folds the recording into the report of its run, and tells it."""
    if args.watch:
        return _watch(args)
    files = wanted_files(args)
    try:
        with Path(args.recording).open("rb") as file, capturing(args.pcap) as captures:
            report = diagnose(fold(_newest_round(_heard(read(bounded(file)), captures))))
    except OSError as error:
        raise UsageError(f"{args.recording} cannot be read ({error.strerror})") from None
    except RecordingError as error:
        raise UsageError(f"{args.recording}: {error}") from None
    return tell(report, args, files)


def _watch(args: argparse.Namespace) -> int:
    """Plays the recording in the dashboard."""
    if not SLOWEST <= args.speed <= FASTEST:
        raise UsageError(f"--speed: {args.speed:g} is out of bounds; give {SLOWEST:g} to {FASTEST:g}")
    from natprobe.cli.playing import need_terminal, shown, told  # noqa: PLC0415
    from natprobe_tui.feed import Replay  # noqa: PLC0415

    try:
        with Path(args.recording).open("rb") as file:
            events = read(bounded(file))
            first = next(events, None)
            need_terminal("replay --watch")
            feed = Replay(chain([first] if first else [], map(recorded, events)), args.speed)
            return told(shown(feed))
    except OSError as error:
        raise UsageError(f"{args.recording} cannot be read ({error.strerror})") from None
    except RecordingError as error:
        raise UsageError(f"{args.recording}: {error}") from None


def _newest_round(events: Iterable[Event]) -> list[Event]:
    """The events of the last run in the recording: `natprobe watch --record` keeps one after the other."""
    newest: list[Event] = []
    for event in events:
        if isinstance(event, RunStarted):
            newest.clear()
        if not isinstance(event, Packet):
            newest.append(event)
    return newest


def _heard(events: Iterable[Event], listeners: tuple[Listener, ...]) -> Iterator[Event]:
    """The events, told to `listeners` as well."""
    for event in events:
        for listener in listeners:
            listener(event)
        yield event
