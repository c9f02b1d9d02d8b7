"""The words and numbers that several formats share, so that a thing has one name everywhere."""

from collections import Counter

from natprobe.model import Check, Report, Status, Verdict

STATUS_WORDS = {
    Status.PASS: "ok",
    Status.WARN: "warn",
    Status.FAIL: "FAIL",
    Status.INCONCLUSIVE: "?",
    Status.SKIP: "-",
    Status.ERROR: "BUG",
}
COUNT_WORDS = {
    Status.PASS: "ok",
    Status.WARN: "warned",
    Status.FAIL: "failed",
    Status.INCONCLUSIVE: "could not be told",
    Status.SKIP: "not tested",
    Status.ERROR: "broke inside natprobe",
}
VERDICT_WORDS = {
    Verdict.PASS: "PASS",
    Verdict.WARN: "WARN",
    Verdict.FAIL: "FAIL",
    Verdict.INCONCLUSIVE: "INCONCLUSIVE",
}


def duration(milliseconds: float) -> str:
    """A length of time as people say it: `0.4 ms`, `43 ms`, `12.3 s`."""
    if milliseconds < 10:
        return f"{milliseconds:.1f} ms"
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    return f"{milliseconds / 1000:.1f}".removesuffix(".0") + " s"


def plural(count: int, noun: str) -> str:
    """`1 check`, `2 checks`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def counts(checks: tuple[Check, ...]) -> str:
    """`12 checks: 8 ok, 1 failed, 3 not tested`."""
    counted = Counter(check.status for check in checks)
    parts = ", ".join(f"{counted[status]} {word}" for status, word in COUNT_WORDS.items() if counted[status])
    return f"{plural(len(checks), 'check')}: {parts}" if parts else "no checks"


def exit_meaning(report: Report) -> str:
    """The exit code that a run with this report ends with, and what it means (contract.md)."""
    if report.interrupted:
        return "exit code 130: interrupted"
    if any(check.status is Status.ERROR for check in report.checks):
        return "exit code 3: natprobe itself failed"
    return _EXIT[report.verdict]


_EXIT = {
    Verdict.PASS: "exit code 0: every check passed",
    Verdict.WARN: "exit code 0: nothing failed (with --strict: 1)",
    Verdict.FAIL: "exit code 1: at least one check failed",
    Verdict.INCONCLUSIVE: "exit code 4: something asked for could not be told",
}
