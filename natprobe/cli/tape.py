"""A recording that can begin and end while rounds go on. It holds whole runs only, so that it replays as they ran."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from natprobe.cli.parser import UsageError
from natprobe.events import Event, RunEnded, RunStarted
from natprobe.record import Recorder


class Tape:
    """A listener that writes to the file that was named last, from the next run on. A full disk ends it alone."""

    def __init__(self, file: IO[bytes] | None = None, name: str = "") -> None:
        self.name = name
        """The file; nothing where nothing is recorded."""
        self._file = file
        self._recorder = Recorder(file) if file is not None else None
        self._running = False
        self._ending = False
        self.trouble = ""
        """Which recording a full disk cut off, and why; nothing where none was."""

    def __call__(self, event: Event) -> None:
        """Writes `event` where its run began after the recording did."""
        self._running = self._recorder is not None and (self._running or isinstance(event, RunStarted))
        if self._recorder is not None and self._running:
            self._write(self._recorder, event)
        if isinstance(event, RunEnded):
            self._running = False
            if self._ending:
                self.close()

    def _write(self, recorder: Recorder, event: Event) -> None:
        try:
            recorder(event)
        except OSError as error:
            self.trouble = f"{self.name} ends too early ({error.strerror})"
            self.close()

    def begin(self, name: str) -> None:
        """Records in a new file. Raises OSError, where there is such a file already as well."""
        file = Path(name).open("xb")  # noqa: SIM115  closed by close
        self.close()
        self.name, self._file, self._recorder = name, file, Recorder(file)

    def end(self) -> None:
        """Ends the recording with the run that goes on, or now."""
        if self._running:
            self._ending, self.name = True, ""
        else:
            self.close()

    def close(self) -> None:
        """Ends the recording now."""
        if self._file is not None:
            with contextlib.suppress(OSError):  # it tries once more what a full disk did not take
                self._file.close()
        self.name, self._file, self._recorder = "", None, None
        self._running = self._ending = False


@contextlib.contextmanager
def taping(file: IO[bytes] | None, name: str | None) -> Iterator[Tape]:
    """A tape that writes to `file` from the start, where there is one. Raises UsageError where that is full already."""
    try:
        tape = Tape(file, name or "")
    except OSError as error:
        raise UsageError(f"--record: {name} cannot be written ({error.strerror})") from None
    try:
        yield tape
    finally:
        tape.close()
        if tape.trouble:
            sys.stderr.write(f"natprobe: --record: {tape.trouble}\n")
