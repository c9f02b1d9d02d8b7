"""`natprobe replay`: a recording, as text or as any report, without asking anything again."""

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path

from natprobe.cli.execute import Listener
from natprobe.cli.keeping import add_pcap_option, capturing
from natprobe.cli.output import add_output_options, tell, wanted_files
from natprobe.cli.parser import UsageError
from natprobe.diagnose import diagnose
from natprobe.events import Event
from natprobe.fold import fold
from natprobe.record import RecordingError, read


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of `natprobe replay` to `parser`."""
    parser.epilog = "example:\n  natprobe replay run.jsonl --report html=run.html"
    parser.add_argument("recording", metavar="RUN.jsonl", help="what `--record` kept")
    add_output_options(parser)
    add_pcap_option(parser)


def run(args: argparse.Namespace) -> int:
    """Folds the recording into the report of its run, and tells it."""
    files = wanted_files(args)
    try:
        with Path(args.recording).open("rb") as lines, capturing(args.pcap) as captures:
            report = diagnose(fold(_heard(read(lines), captures)))
    except OSError as error:
        raise UsageError(f"{args.recording} cannot be read ({error.strerror})") from None
    except RecordingError as error:
        raise UsageError(f"{args.recording}: {error}") from None
    return tell(report, args, files)


def _heard(events: Iterable[Event], listeners: tuple[Listener, ...]) -> Iterator[Event]:
    """The events, told to `listeners` as well."""
    for event in events:
        for listener in listeners:
            listener(event)
        yield event
