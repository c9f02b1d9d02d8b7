"""Reads a text file that people wrote: UTF-8, with or without a byte order mark, and no more of it than makes sense."""

from pathlib import Path


def read_text(path: Path, most: int) -> str:
    """The first `most` characters of `path`. Raises OSError, and UnicodeDecodeError where it is not UTF-8."""
    with path.open(encoding="utf-8-sig") as file:
        return file.read(most)
