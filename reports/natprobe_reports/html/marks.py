"""A symbol, a colour and a word for every way in which something can end: never the colour alone."""

from collections.abc import Iterable
from typing import NamedTuple

from natprobe.model import Check, Severity, Status
from natprobe_reports.causes import NOUNS
from natprobe_reports.words import COUNT_WORDS, VERDICT_WORDS


class Mark(NamedTuple):
    """`kind` names the symbol and the colour in the style sheet; `word` says it."""

    kind: str
    word: str


STATUS_MARKS = {status: Mark(status.value, word) for status, word in COUNT_WORDS.items()}
VERDICT_MARKS = {verdict: Mark(verdict.value, word) for verdict, word in VERDICT_WORDS.items()}
SEVERITY_MARKS: dict[Severity, Mark] = {
    "error": Mark("fail", NOUNS["error"]),
    "warning": Mark("warn", NOUNS["warning"]),
    "info": Mark("info", NOUNS["info"]),
}


def worst(checks: Iterable[Check]) -> Mark:
    """The mark of the worst check; that of a skipped one only where nothing else was made."""
    statuses = [check.status for check in checks]
    told = [status for status in statuses if status is not Status.SKIP]
    return STATUS_MARKS[max(told or statuses, key=lambda status: status.rank, default=Status.SKIP)]
