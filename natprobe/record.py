"""Events ↔ JSON Lines: what a bug report attaches, and what replays into any report and into the dashboard.

Redaction happens here and nowhere else: nonces, tokens and integrity values of packets are zeroed before they are
written. Passwords are in no event.
"""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import IO

import msgspec

from natprobe.events import Event, Packet
from natprobe.wire.redact import redact

FORMAT = "natprobe/recording/1"
LONGEST_LINE = 4_000_000
_NO_JSON = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class RecordingError(ValueError):
    """A recording that cannot be read. The message is one line and names the line."""


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The first line of a recording."""

    recording: str


def recorded(event: Event) -> Event:
    """`event` as it may be kept."""
    return msgspec.structs.replace(event, data=redact(event.data)) if isinstance(event, Packet) else event


class Recorder:
    """A listener that writes each event as a line, at once, so that an interrupted run loses none."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._write(Header(recording=FORMAT))

    def __call__(self, event: Event) -> None:
        """Writes `event`."""
        self._write(recorded(event))

    def _write(self, line: Header | Event) -> None:
        self._file.write(msgspec.json.encode(line) + b"\n")
        self._file.flush()


def bounded(file: IO[bytes]) -> Iterator[bytes]:
    """The lines of `file`; of one that is too long no more than shows that it is."""
    return iter(partial(file.readline, LONGEST_LINE + 1), b"")


def read(lines: Iterable[bytes]) -> Iterator[Event]:
    """The events of a recording. Raises RecordingError at the first line that is none."""
    numbered = enumerate(lines, start=1)
    _, first = next(numbered, (0, b""))
    try:
        header = msgspec.json.decode(first, type=Header)
    except _NO_JSON as error:
        raise RecordingError(f"line 1 is no recording's header; {_what_else(first)}") from error
    if header.recording != FORMAT:
        raise RecordingError(f"line 1 says {header.recording[:40]!r}; this natprobe reads {FORMAT}")
    decoder = msgspec.json.Decoder(Event)
    for number, line in numbered:
        if line.strip():
            yield _event(decoder, number, line)


def _what_else(first: bytes) -> str:
    return "a report is read by `natprobe report`" if first.strip() == b"{" else "make one with --record"


def _event(decoder: "msgspec.json.Decoder[Event]", number: int, line: bytes) -> Event:
    if len(line) > LONGEST_LINE:
        raise RecordingError(f"line {number} is longer than {LONGEST_LINE} bytes")
    try:
        return decoder.decode(line)
    except _NO_JSON as error:
        raise RecordingError(f"line {number} is no event: {error}") from error
