"""Markdown out of untrusted text: `escaped` for prose, `code` for what is copied, `sentence` for what holds both.

None of it begins a line, so only what is special inside a line matters. GitHub adds its own: mentions, which would
notify strangers, bare links, and `$` for formulas.
"""

import re

_SPECIAL = str.maketrans(
    {character: f"\\{character}" for character in "\\`*_[]~"}
    | {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "$": "&#36;"}
)
_LINK = re.compile(r":(?=//)|(?<=www)\.", re.IGNORECASE)
_MENTION = re.compile(r"(?<!\w)@(?=\w)")
_WORD_JOINER = "\u2060"
_CODE = re.compile(r"(`[^`]+`)")


def escaped(text: str) -> str:
    """`text` as prose that reads as it stands."""
    unlinked = _LINK.sub(r"\\\g<0>", text.translate(_SPECIAL))
    return _MENTION.sub(f"@{_WORD_JOINER}", unlinked)


def code(text: str) -> str:
    """`text` in the type of code; a pipe would end a table's cell even there, so such text goes another way."""
    text = text.strip()
    if not text:
        return ""
    return f"<code>{escaped(text)}</code>" if any(mark in text for mark in "`|\\") else f"`{text}`"


def sentence(text: str) -> str:
    """`text` as prose, with what stands in backticks as code."""
    pieces = _CODE.split(text)
    return "".join(code(piece[1:-1]) if _CODE.fullmatch(piece) else escaped(piece) for piece in pieces)
