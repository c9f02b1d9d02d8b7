"""The words and numbers that several formats share, so that a thing has one name everywhere."""

from collections import Counter
from collections.abc import Iterable

from natprobe.model import Candidate, CandidateError, Check, Report, Status, Verdict

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


def is_untested(check: Check) -> bool:
    """Whether `check` was skipped for want of something. A check that does not apply is skipped too, but says why."""
    return check.status is Status.SKIP and check.summary.startswith("not tested")


def applies(check: Check) -> bool:
    """Whether the question could be put at all: a page on the same origin needs no CORS."""
    return check.status is not Status.SKIP or is_untested(check)


def tally(checks: Iterable[Check]) -> tuple[tuple[Status, str], ...]:
    """How many ended in which way, the best first: `8 ok`, `1 failed`, `3 not tested`, `2 do not apply`."""
    told = tuple(checks)
    counted = Counter(check.status for check in told if applies(check))
    idle = sum(not applies(check) for check in told)
    parts = tuple((status, f"{counted[status]} {word}") for status, word in COUNT_WORDS.items() if counted[status])
    return (*parts, (Status.SKIP, f"{idle} {'does' if idle == 1 else 'do'} not apply")) if idle else parts


def counts(checks: tuple[Check, ...]) -> str:
    """`12 checks: 8 ok, 1 failed, 3 not tested`."""
    parts = ", ".join(words for _, words in tally(checks))
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


def for_base(found: Candidate | CandidateError) -> str:
    """For which of this host's addresses, where several asked the server for a relay; else nothing."""
    return f" for {found.base.host}" if found.base else ""
