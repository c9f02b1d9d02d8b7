"""Exit codes, as contract.md promises them to scripts."""

from natprobe.model import Report, Status, Verdict

PASSED = 0
FAILED = 1
WRONG = 2
"""The command line, or a file that it names, is wrong."""
OURS = 3
"""natprobe itself failed."""
UNTOLD = 4
"""Nothing failed, but something that was asked for could not be told."""
INTERRUPTED = 130

_CODES = {Verdict.PASS: PASSED, Verdict.WARN: PASSED, Verdict.FAIL: FAILED, Verdict.INCONCLUSIVE: UNTOLD}


def exit_code(report: Report) -> int:
    """The exit code of a run; see `strict_exit_code` for `--strict`."""
    if report.interrupted:
        return INTERRUPTED
    if any(check.status is Status.ERROR for check in report.checks):
        return OURS
    return _CODES[report.verdict]


def strict_exit_code(report: Report) -> int:
    """The exit code where a warning counts as a failure."""
    return FAILED if report.verdict is Verdict.WARN and not report.interrupted else exit_code(report)
