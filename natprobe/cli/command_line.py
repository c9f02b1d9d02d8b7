"""Command lines as the shells of this system read them: on Windows a backslash parts folders, and only " quotes."""

import os
import shlex
import subprocess


def split(command: str) -> list[str]:
    """The words of `command`. Raises ValueError where a quotation does not end."""
    lexer = shlex.shlex(command, posix=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    if os.name == "nt":
        lexer.escape, lexer.quotes = "", '"'
    return list(lexer)


def quoted(word: str) -> str:
    """`word` for a person to copy into a shell."""
    return subprocess.list2cmdline([word]) if os.name == "nt" else shlex.quote(word)
