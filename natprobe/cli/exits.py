"""Exit codes, as contract.md promises them to scripts."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the model takes longer to load than all of `natprobe --help`
    from natprobe.model import Report

PASSED = 0
FAILED = 1
WRONG = 2
"""The command line, or a file that it names, is wrong."""
OURS = 3
"""natprobe itself failed."""
UNTOLD = 4
"""Nothing failed, but something that was asked for could not be told."""
INTERRUPTED = 130

_CODES = {"pass": PASSED, "warn": PASSED, "fail": FAILED, "inconclusive": UNTOLD}


def exit_code(report: "Report") -> int:
    """The exit code of a run; see `strict_exit_code` for `--strict`."""
    if report.interrupted:
        return INTERRUPTED
    if any(check.status == "error" for check in report.checks):
        return OURS
    return _CODES[report.verdict]


def strict_exit_code(report: "Report") -> int:
    """The exit code where a warning counts as a failure."""
    return FAILED if report.verdict == "warn" and not report.interrupted else exit_code(report)
