"""The report as JSON, schema natprobe/report/1, there and back.

Every known field is written, empty lists included, so that `.checks[].findings[]` needs no guard; a field that is not
known is absent. Strings stay as the wire had them, as JSON can carry all but lone surrogates; what a terminal takes for
a command, and what turns a line around, is written as an escape (RFC 8259 section 7).
"""

import re
from typing import Any

import msgspec

from natprobe.model import SCHEMA, Report
from natprobe_reports.clean import clean, whole
from natprobe_reports.style import Style

_UNSEEN = re.compile(
    "[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e0fff]"
)
_UTF8_MARK = b"\xef\xbb\xbf"
ALWAYS_WRITTEN = {
    "Report": ("schema", "interrupted", "checks", "findings", "candidates", "candidate_errors"),
    "Check": ("evidence", "findings"),
}
"""Fields of the model that have a default and are in every report all the same."""

_LEFT_OUT_WHEN_EMPTY = frozenset({"facts"})


class ReportError(ValueError):
    """A file is no report that this natprobe reads; the text is one line that says why."""


class _Head(msgspec.Struct):
    schema: str | None = None


def render(report: Report, style: Style) -> str:  # noqa: ARG001  the JSON is the same everywhere
    """The contract's JSON, indented, with a line break at its end."""
    plain = _plain(report)
    try:
        text = msgspec.json.encode(plain)
    except UnicodeEncodeError:
        text = msgspec.json.encode(_whole(plain))
    return printed(text)


def printed(text: bytes) -> str:
    """JSON as it is shown: indented, and with escapes for what does not show."""
    return _UNSEEN.sub(_escape, msgspec.json.format(text, indent=2).decode()) + "\n"


def _escape(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def decode(data: bytes) -> Report:
    """The report in `data`; fields that this version does not know are passed over. Raises ReportError."""
    data = data.removeprefix(_UTF8_MARK)
    try:
        schema = msgspec.json.decode(data, type=_Head).schema
        if schema != SCHEMA:
            raise ReportError(_wrong_schema(schema))
        return msgspec.json.decode(data, type=Report)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ReportError(f"not a natprobe report: {clean(str(error))[:200]}") from None


def _wrong_schema(schema: str | None) -> str:
    if schema is None:
        return f'not a natprobe report: it has no "schema"; this natprobe reads {SCHEMA}'
    return f"the report's schema is {clean(schema)[:60]!r}; this natprobe reads {SCHEMA}"


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if not isinstance(value, msgspec.Struct):
        return value
    fields = msgspec.structs.asdict(value).items()
    return {
        name: _plain(field)
        for name, field in fields
        if field is not None and not (name in _LEFT_OUT_WHEN_EMPTY and not field)
    }


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, list | tuple):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {_whole(name): _whole(item) for name, item in value.items()}
    return value
