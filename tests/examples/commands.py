"""The natprobe commands that a file holds, as the words that natprobe gets."""

import shlex
from collections.abc import Iterator
from typing import Any

_ENDS = frozenset({"|", "||", "&&", ";", "&", ">", ">>", "<"})


def in_shell(text: str) -> Iterator[list[str]]:
    """The arguments of each natprobe in shell text."""
    for line in text.replace("\\\n", " ").splitlines():
        words = list(_words(line))
        starts = [number for number, word in enumerate(words) if _is_natprobe(word)]
        for start in starts:
            ends = [number for number in range(start, len(words)) if words[number] in _ENDS]
            if arguments := words[start + 1 : min(ends, default=len(words))]:
                yield arguments


def _is_natprobe(word: str) -> bool:
    return word.rpartition("/")[2] == "natprobe" and not word.startswith("-")


def _words(line: str) -> Iterator[str]:
    reading = shlex.shlex(line, posix=True, punctuation_chars=True)
    reading.whitespace_split = True
    try:
        yield from reading
    except ValueError:  # an apostrophe in a comment or a sentence
        return


def in_values(value: Any) -> Iterator[list[str]]:
    """Those of a YAML document: scripts, and containers with a command and its arguments."""
    if isinstance(value, str):
        yield from in_shell(value)
    elif isinstance(value, dict):
        yield from in_shell(shlex.join([*value.get("command", ()), *value.get("args", ())]))
        for item in value.values():
            yield from in_values(item)
    elif isinstance(value, list):
        for item in value:
            yield from in_values(item)


def in_unit(text: str) -> Iterator[list[str]]:
    """Those of a systemd unit. Its words end at white space, and none of ours is quoted."""
    for line in text.splitlines():
        key, _, words = line.partition("=")
        if key == "ExecStart":
            yield words.split()[1:]


def in_markdown(text: str) -> Iterator[list[str]]:
    """Those at the prompt of a document's console blocks."""
    for line in text.splitlines():
        if line.startswith("$ "):
            yield from in_shell(line.removeprefix("$ "))
