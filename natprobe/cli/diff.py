"""`natprobe diff`: what did a release break, and what did it mend? Two kept reports, and one answer."""

import argparse
import os
import sys
from pathlib import Path

from natprobe.cli.exits import FAILED, PASSED
from natprobe.cli.kept import kept_report
from natprobe.cli.options import style
from natprobe.cli.output import writable, write_file
from natprobe.cli.parser import UsageError
from natprobe.difference import Difference, broken, difference
from natprobe_reports.diff import DIFF_RENDERERS
from natprobe_reports.style import PLAIN

_FILES = ("markdown", "junit")
_EPILOG = """\
OLD and NEW are reports that --json, --report json=FILE or --history kept; `-` is
stdin. Checks are the same where target, transport, address and id are; where an
address has changed, its family counts in its place.

examples:
  natprobe diff before.json after.json
  natprobe diff before.json after.json --json | jq '.broke[].id'
  natprobe diff before.json after.json --markdown "$GITHUB_STEP_SUMMARY"

Where GITHUB_ACTIONS is set, --markdown also writes annotations to stderr.

exit codes: 0 nothing broke   1 something broke   2 wrong command line or file
            (--strict: 1 for a new warning, a failure that the old run could not
            tell, or a check that can no longer be told, as well)
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of `natprobe diff` to `parser`."""
    parser.epilog = _EPILOG
    parser.add_argument("reports", metavar="REPORT.json", nargs="*", help="OLD.json and NEW.json")
    parser.add_argument("--json", action="store_true", help="print JSON (natprobe/diff/1), and nothing else")
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema of --json")
    parser.add_argument("--markdown", metavar="FILE", help="add it to a file as Markdown; `-` is stdout")
    parser.add_argument("--junit", metavar="FILE", help="write it as JUnit; `-` is stdout")
    parser.add_argument("-v", "--verbose", action="store_true", help="show infos, and every finding that came")
    parser.add_argument("--strict", action="store_true", help="new warnings and what is no longer told count as well")


def run(args: argparse.Namespace) -> int:
    """Tells the difference. Returns the exit code."""
    if args.schema:
        sys.stdout.write(_schema())
        return PASSED
    if len(args.reports) != 2:
        raise UsageError(f"diff: {len(args.reports)} given, two are needed: natprobe diff OLD.json NEW.json")
    on_stdout = [args.json, args.markdown == "-", args.junit == "-"].count(True)
    if on_stdout > 1 or args.reports == ["-", "-"]:
        raise UsageError("diff: one file can be stdin, and one form stdout; give the others a name")
    old, new = map(kept_report, args.reports)
    different = difference(old, new)
    _tell(different, args)
    return FAILED if broken(different, strict=args.strict) else PASSED


def _tell(different: Difference, args: argparse.Namespace) -> None:
    for form in _FILES:
        name = getattr(args, form)
        if name not in (None, "-"):
            writable(Path(name), f"--{form}")
    for form in _FILES:
        name = getattr(args, form)
        if name not in (None, "-"):
            text = DIFF_RENDERERS[form](different, PLAIN)
            # A job's summary is a file that every step adds to; a JUnit file is one document.
            write_file(Path(name), text, f"--{form}", "a" if form == "markdown" else "w")
    if args.markdown and os.environ.get("GITHUB_ACTIONS") == "true":
        sys.stderr.write(DIFF_RENDERERS["github"](different, PLAIN))
    form = "json" if args.json else next((form for form in _FILES if getattr(args, form) == "-"), "text")
    sys.stdout.write(DIFF_RENDERERS[form](different, style(args.verbose, sys.stdout)))


def _schema() -> str:
    from natprobe_reports.diff_json import render_schema  # noqa: PLC0415

    return render_schema()
