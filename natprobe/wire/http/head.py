"""The head of an answer, read byte by byte and kept as it came (RFC 9112 sections 4 and 5).

Libraries refuse or drop what is misspelt; here it is evidence: a header name with a typographic hyphen is the reason
why a browser sees no CORS header. So nothing is dropped, each field says what is wrong with it, and only what frames
the body is held to the grammar.
"""

import re

import msgspec

from natprobe.wire.http.limits import Limits
from natprobe.wire.http.text import printed

TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
_STATUS_LINE = re.compile(rb"HTTP/(1)\.(\d) (\d{3})(?: (.*))?", re.DOTALL)
_START = b"HTTP/1."
_TLS_RECORDS = (b"\x15\x03", b"\x16\x03")  # RFC 8446 section 5.1: alert and handshake
_END = re.compile(rb"\r?\n\r?\n")
_TYPOGRAPHIC = re.compile("[\N{HYPHEN}-\N{HORIZONTAL BAR}\N{MINUS SIGN}\N{SOFT HYPHEN}]")


class Unreadable(Exception):  # noqa: N818  it is a state of the answer
    """The bytes are no HTTP/1.1 answer, or more of one than is taken. The text is a clause for the operator."""


class SpeaksTls(Unreadable):
    """The bytes are records of TLS: an alert, at the sight of plain HTTP."""


class Field(msgspec.Struct, frozen=True):
    """One header field as it came; nothing of it is safe to print."""

    name: bytes
    value: bytes

    @property
    def flaw(self) -> str | None:
        """What is wrong with it, as a clause; None where it is a field of RFC 9112 section 5."""
        if typographic(self.name) is not None:
            return "its name holds a typographic hyphen"
        if not TOKEN.fullmatch(self.name):
            return "its name is no token" if self.name else "it has no name"
        if re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", self.value):
            return "its value holds a control character"
        return None


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The status line and every field, in their order."""

    version: str
    """Such as "1.1"."""
    status: int
    phrase: bytes = b""
    fields: tuple[Field, ...] = ()

    def values(self, name: str) -> tuple[str, ...]:
        """The values of every field that a client takes for `name` (ASCII letters, upper and lower case alike)."""
        wanted = name.lower().encode("ascii")
        return tuple(each.value.decode("latin-1") for each in self.fields if each.name.lower() == wanted)

    def value(self, name: str) -> str | None:
        """The first of them; None where there is none."""
        return next(iter(self.values(name)), None)


def typographic(name: bytes) -> str | None:
    """`name` as it was meant, where dashes or hyphens of print stand in it for "-"; None where none does."""
    text = name.decode("utf-8", "replace")
    return _TYPOGRAPHIC.sub("-", text) if _TYPOGRAPHIC.search(text) else None


class HeadReader:
    """Takes bytes until one head is whole."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._buffer = bytearray()
        self._searched = 0

    @property
    def begun(self) -> bool:
        """Whether bytes of a head have come that is not whole yet."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> Head | None:
        """The head once its last byte is there; what follows it stays in `rest`. Raises Unreadable."""
        self._buffer += data
        if self._buffer[:2] in _TLS_RECORDS:
            raise SpeaksTls("it speaks TLS")
        if not self._buffer.startswith(_START[: len(self._buffer)]):
            raise Unreadable(f"it begins with {printed(bytes(self._buffer[:24]))!r}, which is no status line")
        end = _END.search(self._buffer, self._searched)
        length = end.start() if end else len(self._buffer)
        self._count(self._buffer.count(b"\n", 0, length))
        if length > self._limits.head_bytes:
            raise Unreadable(f"its header does not end within {self._limits.head_bytes} bytes")
        if end is None:
            self._searched = max(0, length - 3)
            return None
        lines = bytes(self._buffer[: end.start()])
        del self._buffer[: end.end()]
        self._searched = 0
        return self._read(lines)

    def rest(self) -> bytes:
        """What came after the last head; it is handed out once."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        return rest

    def _read(self, head: bytes) -> Head:
        first, *lines = (line.removesuffix(b"\r") for line in head.split(b"\n"))
        status = _STATUS_LINE.fullmatch(first)
        if status is None:
            raise Unreadable(f"its first line is {printed(first[:60])!r}, which is no status line")
        if not b"100" <= status[3] <= b"999":
            raise Unreadable(f"its status is {status[3].decode()}, which is none")
        version = f"{status[1].decode()}.{status[2].decode()}"
        return Head(version=version, status=int(status[3]), phrase=status[4] or b"", fields=_fields(lines))

    def _count(self, fields: int) -> None:
        if fields > self._limits.fields:
            raise Unreadable(f"it has more than {self._limits.fields} header fields")


def _fields(lines: list[bytes]) -> tuple[Field, ...]:
    fields: list[Field] = []
    for line in lines:
        if line[:1] in (b" ", b"\t") and fields:  # RFC 9112 section 5.2: a folded line goes on with the value above
            fields[-1] = Field(fields[-1].name, fields[-1].value + b" " + line.strip(b" \t"))
            continue
        name, _, value = line.partition(b":")
        fields.append(Field(name, value.strip(b" \t")))
    return tuple(fields)
