"""`natprobe report --trend`: kept reports over time, as sparklines, as a page of plots, or as data."""

import argparse
import sys
from pathlib import Path

import msgspec

from natprobe.cli.exits import PASSED
from natprobe.cli.history import read
from natprobe.cli.options import style
from natprobe.cli.output import FILE_FORMATS, writable, write_file
from natprobe.cli.parser import UsageError
from natprobe.trend import trend
from natprobe_reports.json import printed


def add_trend_option(parser: argparse.ArgumentParser) -> None:
    """`--trend`."""
    parser.add_argument(
        "--trend", metavar="DIR|FILE", nargs="+",
        help="state, round trips and loss over time, of the reports in DIR (--history) or FILEs; as plots "
        "with --html FILE, as data with --json FILE",
    )  # fmt: skip


def tell_trend(args: argparse.Namespace) -> int:
    """Prints the trend; files that hold no report are passed over with a word. Raises UsageError where none does."""
    _checked(args)
    reports, skipped = read(args.trend)
    sys.stderr.writelines(f"natprobe: {sentence}\n" for sentence in skipped)
    if not reports:
        raise UsageError(f"report: --trend: no report in {', '.join(args.trend)}; keep some with --history DIR")
    told = trend(reports)
    if args.json is not None:
        _write("json", args.json, printed(msgspec.json.encode(told)))
    if args.html is not None:
        from natprobe_reports.html import render_trend  # noqa: PLC0415

        _write("html", args.html, render_trend(told))
    if args.json is None and args.html is None:
        from natprobe_reports.trend_text import render  # noqa: PLC0415

        sys.stdout.write(render(told, style(args.verbose, sys.stdout)))
    return PASSED


def _checked(args: argparse.Namespace) -> None:
    """Raises UsageError for a form that a trend does not have, and for a file that cannot be written."""
    other = next((name for name in FILE_FORMATS if name not in {"json", "html"} and getattr(args, name, None)), None)
    if other is not None:
        raise UsageError(f"report: --trend: it has no form {other}; give --html FILE, --json FILE, or neither for text")
    for form in ("json", "html"):
        if getattr(args, form) not in {None, "-"}:
            writable(Path(getattr(args, form)), f"--{form}")


def _write(form: str, file: str, text: str) -> None:
    if file == "-":
        sys.stdout.write(text)
    else:
        write_file(Path(file), text, f"--{form}")
