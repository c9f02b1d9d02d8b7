"""`natprobe report --trend`: kept reports over time, as sparklines or as data."""

import argparse
import sys

import msgspec

from natprobe.cli.exits import PASSED
from natprobe.cli.history import read
from natprobe.cli.options import style
from natprobe.cli.parser import UsageError
from natprobe.trend import trend


def add_trend_option(parser: argparse.ArgumentParser) -> None:
    """`--trend`."""
    parser.add_argument(
        "--trend", metavar="DIR|FILE", nargs="+",
        help="state and round trips over time, of the reports in DIR (--history) or FILEs; --json -: as data",
    )  # fmt: skip


def tell_trend(args: argparse.Namespace) -> int:
    """Prints the trend; files that hold no report are passed over with a word. Raises UsageError where none does."""
    reports, skipped = read(args.trend)
    sys.stderr.writelines(f"natprobe: {sentence}\n" for sentence in skipped)
    if not reports:
        raise UsageError(f"report: --trend: no report in {', '.join(args.trend)}; keep some with --history DIR")
    told = trend(reports)
    if getattr(args, "json", None) == "-":
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(told), indent=2).decode() + "\n")
        return PASSED
    from natprobe_reports.trend_text import render  # noqa: PLC0415

    sys.stdout.write(render(told, style(args.verbose, sys.stdout)))
    return PASSED
