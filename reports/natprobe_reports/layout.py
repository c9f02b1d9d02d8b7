"""Lines of a limited width for people: hanging indents, and commands that stay whole."""

import re
import textwrap

from natprobe.model import Status, Verdict
from natprobe_reports.style import MINIMUM_WIDTH, Style
from natprobe_reports.words import STATUS_WORDS, VERDICT_WORDS

_GLUE = "\x00"
"""Stands for a space that must not become a line break; a cleaned text holds none."""
_WHOLE = re.compile(r"`[^`]*`|\d (?:ms|s|d|of \d+)\b")
"""Commands, and numbers with their unit."""

_RED, _GREEN, _YELLOW, _BLUE, _DIM = "31", "32", "33", "34", "2"
_STATUS_COLOURS = {
    Status.PASS: _GREEN,
    Status.WARN: _YELLOW,
    Status.FAIL: _RED,
    Status.INCONCLUSIVE: _BLUE,
    Status.SKIP: _DIM,
    Status.ERROR: _RED,
}
_VERDICT_COLOURS = {
    Verdict.PASS: _GREEN,
    Verdict.WARN: _YELLOW,
    Verdict.FAIL: _RED,
    Verdict.INCONCLUSIVE: _BLUE,
}
_ASCII = str.maketrans({"·": "-", "→": ">", "…": "."})


def columns(style: Style) -> int:
    """The width to write for."""
    return max(style.width, MINIMUM_WIDTH)


def wrap(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` columns; words and what stands in backticks are never broken."""
    glued = _WHOLE.sub(lambda match: match[0].replace(" ", _GLUE), text)
    lines = textwrap.wrap(glued, max(width, 1), break_long_words=False, break_on_hyphens=False)
    return [line.replace(_GLUE, " ") for line in lines] or [""]


def hanging(head: str, text: str, width: int) -> list[str]:
    """`head` and `text`, with the following lines indented to where the text began."""
    first, *rest = wrap(text, width - len(head))
    return [(head + first).rstrip(), *(" " * len(head) + line for line in rest)]


def mark(status: Status, style: Style) -> str:
    """The status in five columns; readable without colour."""
    return _painted(f"{STATUS_WORDS[status]:<5}", _STATUS_COLOURS[status], style)


def verdict_word(verdict: Verdict, style: Style) -> str:
    """The verdict's word, coloured where that is wanted."""
    return _painted(VERDICT_WORDS[verdict], _VERDICT_COLOURS[verdict], style)


def finish(lines: list[str], style: Style) -> str:
    """The lines as one text, in ASCII where the reader's terminal knows nothing else."""
    text = "\n".join(lines) + "\n"
    return text if style.unicode else text.translate(_ASCII).encode("ascii", "backslashreplace").decode("ascii")


def _painted(text: str, colour: str, style: Style) -> str:
    return f"\x1b[{colour}m{text}\x1b[0m" if style.colour else text
