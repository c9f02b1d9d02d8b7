"""What a person sees on stderr while a run goes on: one line that says what is being waited for."""

import shutil
import sys
from typing import TextIO

from natprobe.events import CheckAdvanced, CheckEnded, CheckPlanned, CheckStarted, Event, RunEnded

_CLEAR = "\r\x1b[K"


class Progress:
    """A listener that keeps one line of a terminal up to date."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._planned = 0
        self._ended = 0
        self._doing: dict[tuple[object, ...], str] = {}

    def __call__(self, event: Event) -> None:
        """Redraws the line where `event` changes it."""
        match event:
            case CheckPlanned():
                self._planned += 1
            case CheckStarted():
                self._doing[_key(event)] = _what(event)
                self._draw()
            case CheckAdvanced():
                self._doing[_key(event)] = f"{_what(event)}: {event.done:g} of {event.total:g} {event.unit}"
                self._draw()
            case CheckEnded():
                self._ended += 1
                self._doing.pop(_key(event), None)
                self._draw()
            case RunEnded():
                self._stream.write(_CLEAR)
                self._stream.flush()
            case _:
                return

    def _draw(self) -> None:
        waiting = next(iter(self._doing.values()), "")
        line = f"{self._ended}/{self._planned} checks  {waiting}"
        width = shutil.get_terminal_size().columns - 1
        self._stream.write(_CLEAR + line[:width])
        self._stream.flush()


def _what(event: CheckStarted | CheckAdvanced) -> str:
    return f"{event.id} {event.transport} {event.address}" if event.address else f"{event.id} {event.target}"


def _key(event: CheckStarted | CheckAdvanced | CheckEnded) -> tuple[object, ...]:
    return event.id, event.target, event.address, event.transport


def progress_listeners() -> tuple[Progress, ...]:
    """The progress line, where stderr is a terminal."""
    return (Progress(sys.stderr),) if sys.stderr.isatty() else ()
