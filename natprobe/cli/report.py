"""`natprobe report`: turns kept reports into another form, or prints the JSON Schema that every report keeps to."""

import argparse
import sys
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

from natprobe.cli.exits import PASSED
from natprobe.cli.kept import kept_report
from natprobe.cli.options import style
from natprobe.cli.output import FILE_FORMATS, formats, writable, write_file
from natprobe.cli.parser import UsageError
from natprobe.cli.trending import add_trend_option, tell_trend
from natprobe.model import Report
from natprobe_reports import PLAIN, RENDERERS, Style

_EPILOG = """\
examples:
  natprobe report run.json                          as text
  natprobe report run.json --junit run.xml --html run.html
  natprobe report run.json --markdown -             `-` is stdout
  natprobe report a.json b.json c.json --html calls.html   several hosts, and
                                                    calls between them
  natprobe report --trend DIR --html trend.html     kept runs as plots
  natprobe report --schema > natprobe-report.schema.json
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of `natprobe report` to `parser`."""
    parser.epilog = _EPILOG
    parser.add_argument("reports", metavar="REPORT.json", nargs="*", help="what --json printed; `-` is stdin")
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema of reports")
    add_trend_option(parser)
    for name in formats():
        parser.add_argument(f"--{name}", metavar="FILE", help=f"write it as {name}; `-` is stdout")
    parser.add_argument("-v", "--verbose", action="store_true", help="show infos and every sentence")


def run(args: argparse.Namespace) -> int:
    """Writes each form that was asked for; text on stdout where none was. Returns the exit code."""
    if args.schema:
        sys.stdout.write(_schema())
        return PASSED
    if args.trend:
        return tell_trend(args)
    if not args.reports:
        raise UsageError("report: name a kept report, such as run.json, or give --schema")
    wanted = [(name, getattr(args, name)) for name in FILE_FORMATS if getattr(args, name, None)]
    if len(args.reports) > 1 and [name for name, _ in wanted] != ["html"]:
        raise UsageError("report: several reports go on one page: give --html FILE and nothing else")
    reports = [kept_report(name) for name in args.reports]
    for name, file in wanted:
        if file != "-":
            writable(Path(file), f"--{name}")
    for name, file in wanted or [("text", "-")]:
        _write(name, file, _renderer(name, args.reports, reports), args)
    return PASSED


def _write(form: str, file: str, render: Callable[[Style], str], args: argparse.Namespace) -> None:
    if file == "-":
        sys.stdout.write(render(style(args.verbose, sys.stdout)))
    else:
        write_file(Path(file), render(PLAIN), f"--{form}")


def _renderer(form: str, files: list[str], reports: list[Report]) -> Callable[[Style], str]:
    if len(reports) > 1:
        return lambda style: _several(_names(files), reports, style)
    return lambda style: RENDERERS[form](reports[0], style)


def _several(names: list[str], reports: list[Report], style: Style) -> str:
    """The page of several hosts, with the verdict on a call between any two of them."""
    from natprobe.pairing import from_report, judge  # noqa: PLC0415
    from natprobe_reports.html import Pair, render_many  # noqa: PLC0415

    hosts = [from_report(name, report) for name, report in zip(names, reports, strict=True)]
    told = [(a, b, judge(hosts[a], hosts[b])) for a, b in combinations(range(len(hosts)), 2)]
    pairs = [Pair(a, b, each.direct, each.path, each.reason, each.findings) for a, b, each in told]
    return render_many(list(zip(names, reports, strict=True)), pairs, style)


def _names(files: list[str]) -> list[str]:
    """What the hosts are called: their files' names, told apart by a number where two are alike."""
    stems = [Path(file).stem for file in files]
    return [stem if stems.count(stem) == 1 else f"{stem} ({number})" for number, stem in enumerate(stems, 1)]


def _schema() -> str:
    from natprobe.probes import evidence_types  # noqa: PLC0415  a report is read without them
    from natprobe_reports.schema import render_schema  # noqa: PLC0415

    return render_schema(evidence_types())
