"""Programs that run in the lab: started, watched, interrupted, and surely gone afterwards."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import msgspec

_GRACE_S = 5.0
_POLL_S = 0.005


class Completed(NamedTuple):
    """A program that has ended."""

    exit_code: int
    stdout: str
    stderr: str
    seconds: float

    @property
    def report(self) -> Any:
        """What the program printed as JSON on stdout. Raises msgspec.DecodeError where that is something else."""
        return msgspec.json.decode(self.stdout)


class _Output:
    """A file in memory that a program writes to; what it wrote stays readable after `close`."""

    def __init__(self) -> None:
        self.descriptor = os.memfd_create("output")
        self._kept: str | None = None

    def text(self) -> str:
        if self._kept is not None:
            return self._kept
        # Read at an offset of its own: the program writes through the same open file.
        return os.pread(self.descriptor, os.fstat(self.descriptor).st_size, 0).decode(errors="replace")

    def close(self) -> None:
        if self._kept is None:
            self._kept = self.text()
            os.close(self.descriptor)


class Running:
    """A program in the background. Its output goes to files, so it never waits for a reader."""

    def __init__(
        self, command: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> None:
        self._stdout = _Output()
        self._stderr = _Output()
        self._started = time.monotonic()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=self._stdout.descriptor,
            stderr=self._stderr.descriptor,
            env=env,
            cwd=cwd,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """The process id; the lab's commands replace themselves by the program, so it is the program's own."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def stdout(self) -> str:
        """What it has printed so far."""
        return self._stdout.text()

    def stderr(self) -> str:
        """What it has complained about so far."""
        return self._stderr.text()

    def interrupt(self, number: int = signal.SIGINT) -> None:
        """Sends it a signal: Ctrl-C where nothing else is said."""
        self._process.send_signal(number)

    def enter(self, text: str) -> None:
        """Writes to its standard input, as somebody at its terminal does."""
        assert self._process.stdin is not None
        self._process.stdin.write(text.encode())
        self._process.stdin.flush()

    def wait(self, timeout: float = 60.0) -> Completed:
        """Waits for its end. Raises AssertionError with its output where it runs longer than `timeout` seconds."""
        try:
            code = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.stop()
            raise AssertionError(f"still running after {timeout} s\n{self.stdout()}\n{self.stderr()}") from None
        return Completed(code, self.stdout(), self.stderr(), time.monotonic() - self._started)

    def wait_for(self, text: str, timeout: float = 10.0) -> None:
        """Waits until `text` stands in its output. Raises AssertionError where it ends or stays silent."""
        wait_until(lambda: self._has_said(text) or self.exit_code is not None, timeout)
        if not self._has_said(text):
            raise AssertionError(f"{text!r} did not appear\n{self.stdout()}\n{self.stderr()}")

    def _has_said(self, text: str) -> bool:
        return text in self.stdout() or text in self.stderr()

    def stop(self) -> None:
        """Ends it: politely, then surely. Safe to call twice."""
        if self._process.stdin:
            self._process.stdin.close()
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self._process.poll() is None:
                self._process.send_signal(number)
                wait_until(lambda: self._process.poll() is not None, _GRACE_S)
        self._stdout.close()
        self._stderr.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def wait_until(condition: Callable[[], bool], timeout: float) -> bool:
    """Looks again and again; returns whether the condition came true within `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True
