"""How does a status look? A symbol and a word, so that it can be read without colour; the colour is a third way."""

from typing import NamedTuple

from natprobe.model import Severity, Status, Verdict

COLUMNS = 10


class Mark(NamedTuple):
    """The symbol, the word and the tone, which a theme turns into a colour."""

    symbol: str
    word: str
    tone: str

    @property
    def text(self) -> str:
        """In `COLUMNS` columns."""
        return f"{self.symbol} {self.word}".ljust(COLUMNS)


MARKS = {
    Status.PASS: Mark("✓", "ok", "ok"),
    Status.WARN: Mark("!", "warn", "warn"),
    Status.FAIL: Mark("✗", "FAIL", "fail"),
    Status.INCONCLUSIVE: Mark("?", "unknown", "unknown"),
    Status.SKIP: Mark("-", "skipped", "dim"),
    Status.ERROR: Mark("#", "BUG", "fail"),
}
NOTHING = Mark("·", "waiting", "dim")
RUNNING = Mark("»", "running", "busy")
GONE = Mark("-", "gone", "dim")

VERDICT_TONES = {
    Verdict.PASS: "ok",
    Verdict.WARN: "warn",
    Verdict.FAIL: "fail",
    Verdict.INCONCLUSIVE: "unknown",
}
SEVERITY_TONES: dict[Severity, str] = {"error": "fail", "warning": "warn", "info": "dim"}


def mark_of(status: Status | None) -> Mark:
    """Of what has not been told yet, that it is awaited."""
    return NOTHING if status is None else MARKS[status]
