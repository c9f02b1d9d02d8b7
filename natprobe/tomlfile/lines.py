"""In which line of a TOML text does a key stand? `tomllib` does not say; a mistake is told with its line.

A walk over a text that `tomllib` has taken already, so that it need not be careful: it knows where keys, strings and
brackets end, and of everything else nothing.
"""

import re
import tomllib
from collections.abc import Callable, Mapping

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r"""[ \t]*(?P<key>[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')[ \t]*""")
_STRING = re.compile(r'\"{3}(?:[^\\]|\\.)*?\"{3,5}|\'{3}.*?\'{3,5}|"(?:[^"\\]|\\.)*"|\'[^\']*\'', re.DOTALL)
_BARE = re.compile(r"[^,\]}#\n]*")


def line_of(text: str, path: Path) -> int:
    """The line, from 1 on, that brings `path` (keys, and indexes of arrays) into `text`, or what is nearest to it."""
    return nearest(lines(text), path)


def nearest(found: Mapping[Path, int], path: Path) -> int:
    """The line of `path`, else of the innermost table or array around it that has one; 1 for the whole file."""
    inward = (path[:end] for end in range(len(path), 0, -1))
    return next((found[each] for each in inward if each in found), 1)


def lines(text: str) -> dict[Path, int]:
    """The line of every key and of every item of an array in `text`, which must be TOML."""
    walk = _Walk(text)
    walk.document()
    return walk.found


class _Walk:
    """One text, and how far it was read."""

    def __init__(self, text: str) -> None:
        self.found: dict[Path, int] = {}
        self._text = text
        self._at = 0
        self._line, self._counted = 1, 0
        self._tables: dict[Path, int] = {}
        """How many tables each array of tables holds so far."""

    def document(self) -> None:
        """Reads all of it."""
        table: Path = ()
        while self._blank():
            if self._takes("["):
                table = self._header()
            else:
                self._pair(table)

    def _blank(self) -> bool:
        """Goes past space, lines and comments; whether something is left."""
        self._skip(_BLANK)
        return self._at < len(self._text)

    def _skip(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        self._at = match.end() if match else self._at + 1  # never stand still, whatever the text is
        return match[0] if match else ""

    def _takes(self, sign: str) -> bool:
        there = self._text.startswith(sign, self._at)
        self._at += len(sign) if there else 0
        return there

    def _header(self) -> Path:
        """`[table]` or `[[array]]`, from behind its first bracket."""
        another = self._takes("[")
        path = self._within(self._keys(), another=another)
        self._mark(path)
        self._takes("]]" if another else "]")
        return path

    def _within(self, keys: Path, *, another: bool) -> Path:
        """`keys` with the index of each array of tables on the way: the newest one, or one more."""
        path: Path = ()
        for depth, key in enumerate(keys, start=1):
            path = (*path, key)
            if another and depth == len(keys):
                self._tables[path] = self._tables.get(path, 0) + 1
                self.found.setdefault(path, self._here())
            else:
                self._mark(path)
            if path in self._tables:
                path = (*path, self._tables[path] - 1)
        return path

    def _pair(self, table: Path) -> None:
        """`key = value`."""
        path = table
        for key in self._keys():
            path = (*path, key)
            self._mark(path)
        self._takes("=")
        self._blank()
        self._value(path)

    def _keys(self) -> Path:
        keys: list[str | int] = []
        while True:
            keys.append(_plain(self._skip(_KEY).strip()))
            if not self._takes("."):
                return tuple(keys)

    def _value(self, path: Path) -> None:
        if self._takes("["):
            self._items(path, "]", self._value_at)
        elif self._takes("{"):
            self._items(path, "}", self._pair_at)
        elif self._text.startswith(('"', "'"), self._at):
            self._skip(_STRING)
        else:
            self._skip(_BARE)

    def _items(self, path: Path, end: str, read: Callable[[Path, int], None]) -> None:
        """What stands between brackets, each item read by `read`."""
        index = 0
        while self._blank() and not self._takes(end):
            read(path, index)
            self._blank()
            self._takes(",")
            index += 1

    def _value_at(self, path: Path, index: int) -> None:
        self._mark((*path, index))
        self._value((*path, index))

    def _pair_at(self, path: Path, _index: int) -> None:
        self._pair(path)

    def _mark(self, path: Path) -> None:
        if path:
            self.found.setdefault(path, self._here())

    def _here(self) -> int:
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line


def _plain(key: str) -> str:
    """A key without its quotes and escapes."""
    if not key.startswith('"'):
        return key.strip("'")
    return str(tomllib.loads(f"key = {key}")["key"])
