"""`natprobe replay`: a recording, as text or as any report, without asking anything again."""

import argparse
from pathlib import Path

from natprobe.cli.output import add_output_options, tell, wanted_files
from natprobe.cli.parser import UsageError
from natprobe.diagnose import diagnose
from natprobe.fold import fold
from natprobe.record import RecordingError, read


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of `natprobe replay` to `parser`."""
    parser.epilog = "example:\n  natprobe replay run.jsonl --report html=run.html"
    parser.add_argument("recording", metavar="RUN.jsonl", help="what `--record` kept")
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    """Folds the recording into the report of its run, and tells it."""
    files = wanted_files(args)
    try:
        with Path(args.recording).open("rb") as lines:
            report = diagnose(fold(read(lines)))
    except OSError as error:
        raise UsageError(f"{args.recording} cannot be read ({error.strerror})") from None
    except RecordingError as error:
        raise UsageError(f"{args.recording}: {error}") from None
    return tell(report, args, files)
