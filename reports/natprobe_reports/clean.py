"""What of an untrusted string may be shown? The one place that decides, for every format but JSON.

A realm, a SOFTWARE attribute, a reason phrase or a certificate's name is written by whoever runs the server. In a
terminal its control characters are commands, its bidirectional overrides reverse what stands beside them
(CVE-2021-42574), and XML 1.0 has no way at all to write most of them. So they go, and text is one line: line breaks
become a space.
"""

import re
from typing import Any, TypeVar

import msgspec

from natprobe.model import Report

T = TypeVar("T", bound=msgspec.Struct)

_LINE_BREAKS = re.compile("[\t\n\x0b\x0c\r\x1c-\x1e\x85\u2028\u2029]+")
_SURROGATES = re.compile("[\ud800-\udfff]")
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f"
    "\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # bidi and zero width
    "\ufdd0-\ufdef\ufffe\uffff\U000e0000-\U000e0fff]"  # noncharacters and tags
)


def clean(text: str) -> str:
    """`text` as one line without control, bidirectional and invisible characters.

    Of an escape sequence its harmless rest stays, as proof that somebody sent one.
    """
    if text.isascii() and text.isprintable():
        return text
    text = _LINE_BREAKS.sub(" ", text)
    return _SURROGATES.sub("\ufffd", _UNSEEN.sub("", text))


def whole(text: str) -> str:
    """`text` without lone surrogates, which no encoding can carry; everything else stays."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def clean_report(report: Report) -> Report:
    """`report` with every string in it cleaned."""
    return _clean_struct(report)


def _clean_struct(struct: T) -> T:
    before = msgspec.structs.asdict(struct)
    after = {name: _clean_value(value) for name, value in before.items()}
    changed = {name: value for name, value in after.items() if value is not before[name]}
    return msgspec.structs.replace(struct, **changed)


def _clean_value(value: Any) -> Any:
    if type(value) is str:  # a StrEnum is ours
        return clean(value)
    if isinstance(value, tuple):
        return tuple(map(_clean_value, value))
    if isinstance(value, list):
        return list(map(_clean_value, value))
    if isinstance(value, dict):
        return {_clean_value(name): _clean_value(item) for name, item in value.items()}
    return _clean_struct(value) if isinstance(value, msgspec.Struct) else value
