"""In which line of a TOML text does a key stand? `tomllib` does not say; a mistake is told with its line.

Every statement of TOML ends with a line, so the text up to the end of a statement is TOML as well. The line of a key
is where the first statement begins without which the key is not there; it is found by halving.
"""

import tomllib
from typing import Any

Path = tuple[str | int, ...]


def line_of(text: str, path: Path) -> int:
    """The line, from 1 on, of the statement that brings `path` (keys, and indexes of arrays) into `text`."""
    lines = text.split("\n")
    absent, present = 0, len(lines)
    while (middle := _boundary(lines, absent, present)) is not None:
        if _holds(_parsed(lines[:middle]), path):
            present = middle
        else:
            absent = middle
    return absent + 1


def _boundary(lines: list[str], low: int, high: int) -> int | None:
    """The end of a statement strictly between two others, near the middle."""
    middle = (low + high) // 2
    outward = (*range(middle, high), *range(middle - 1, low, -1))
    return next((end for end in outward if low < end and _parsed(lines[:end]) is not None), None)


def _parsed(lines: list[str]) -> dict[str, Any] | None:
    try:
        return tomllib.loads("\n".join(lines))
    except tomllib.TOMLDecodeError:
        return None


def _holds(value: Any, path: Path) -> bool:
    for step in path:
        try:
            value = value[step]
        except (LookupError, TypeError):
            return False
    return True
