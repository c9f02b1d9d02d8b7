"""`natprobe report`: turns a kept report into another form, or prints the JSON Schema that every report keeps to."""

import argparse
import sys
from pathlib import Path

from natprobe.cli.exits import PASSED
from natprobe.cli.kept import kept_report
from natprobe.cli.options import style
from natprobe.cli.output import FILE_FORMATS, formats, writable
from natprobe.cli.parser import UsageError
from natprobe_reports import PLAIN, RENDERERS

_EPILOG = """\
examples:
  natprobe report run.json                          as text
  natprobe report run.json --junit run.xml --html run.html
  natprobe report run.json --markdown -             `-` is stdout
  natprobe report --schema > natprobe-report.schema.json
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of `natprobe report` to `parser`."""
    parser.epilog = _EPILOG
    parser.add_argument("report", metavar="REPORT.json", nargs="?", help="what --json printed; `-` is stdin")
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema of reports")
    for name in formats():
        parser.add_argument(f"--{name}", metavar="FILE", help=f"write it as {name}; `-` is stdout")
    parser.add_argument("-v", "--verbose", action="store_true", help="show infos and every sentence")


def run(args: argparse.Namespace) -> int:
    """Writes each form that was asked for; text on stdout where none was. Returns the exit code."""
    if args.schema:
        sys.stdout.write(_schema())
        return PASSED
    if args.report is None:
        raise UsageError("report: name a kept report, such as run.json, or give --schema")
    wanted = [(name, getattr(args, name)) for name in FILE_FORMATS if getattr(args, name, None)]
    report = kept_report(args.report)
    for _, file in wanted:
        if file != "-":
            writable(Path(file), "report")
    for name, file in wanted:
        if file == "-":
            sys.stdout.write(RENDERERS[name](report, style(args.verbose, sys.stdout)))
        else:
            Path(file).write_text(RENDERERS[name](report, PLAIN), encoding="utf-8")
    if not wanted:
        sys.stdout.write(RENDERERS["text"](report, style(args.verbose, sys.stdout)))
    return PASSED


def _schema() -> str:
    from natprobe.probes import evidence_types  # noqa: PLC0415  a report is read without them
    from natprobe_reports.schema import render_schema  # noqa: PLC0415

    return render_schema(evidence_types())
