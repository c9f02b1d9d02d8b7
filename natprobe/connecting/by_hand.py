"""The two lines carried by people, pipes or files: written to one place, read from another."""

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Protocol, TextIO

from natprobe.client.description import LONGEST_LINE, Description, DescriptionError, Kind, read_line

_LOOK_S = 0.2
_MOST_TRIES = 10
_MOST_BYTES = 4 * LONGEST_LINE
_OTHER = "it is of another session: take the line that belongs to this run"

Say = Callable[[str], None]
"""Writes one line of the conversation, on stderr."""


class Place(Protocol):
    """Where one of the two lines stands."""

    async def put(self, kind: Kind, line: str) -> None:
        """Writes the line there."""

    async def take(self, kind: Kind, session: bytes | None) -> Description:
        """Waits for the line. Raises DescriptionError."""


class ByHand:
    """A Messenger that writes and reads at places."""

    prompt = False

    def __init__(self, places: Mapping[Kind, Place]) -> None:
        self._places = places

    async def tell(self, kind: Kind, line: str) -> None:
        """See Messenger."""
        await self._places[kind].put(kind, line)

    async def hear(self, kind: Kind, session: bytes | None) -> Description:
        """See Messenger."""
        return await self._places[kind].take(kind, session)


class Terminal:
    """Standard input and output: the line stands alone on one of its own, what is said about it goes to `say`."""

    def __init__(self, out: TextIO, descriptor: int, say: Say, *, asks: bool) -> None:
        self._out, self._descriptor, self._say = out, descriptor, say
        self._asks = asks
        """Whether a person types: then a wrong line is told, and another one taken."""
        self._lines: asyncio.Queue[bytes] | None = None

    async def put(self, kind: Kind, line: str) -> None:
        """See Place."""
        self._say(_WRITTEN[kind])
        self._out.write(f"{line}\n")
        self._out.flush()

    async def take(self, kind: Kind, session: bytes | None) -> Description:
        """See Place."""
        self._say(_WANTED[kind])
        for _ in range(_MOST_TRIES):
            try:
                return _of_session(await self._next(), kind, session)
            except _EndedError:
                raise DescriptionError(f"standard input ended before the {kind} came") from None
            except DescriptionError as error:
                if not self._asks:
                    raise
                self._say(f"{error}")
        raise DescriptionError(f"no {kind} came in {_MOST_TRIES} lines")

    async def _next(self) -> str:
        """The next line that is not blank."""
        if self._lines is None:
            self._lines = asyncio.Queue()
            self._read_aside(asyncio.get_running_loop(), self._lines)
        while True:
            line = await self._lines.get()
            if not line:
                raise _EndedError
            if line.strip():
                return line.decode("utf-8", "replace")

    def _read_aside(self, loop: asyncio.AbstractEventLoop, lines: "asyncio.Queue[bytes]") -> None:
        """Reads in a thread that nobody waits for: files and terminals alike, and on every system."""

        def read() -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended first
                for line in _lines_of(self._descriptor):
                    loop.call_soon_threadsafe(lines.put_nowait, line)

        threading.Thread(target=read, name="natprobe stdin", daemon=True).start()


class File:
    """A file: whole at once, for its owner alone, and gone when the run has ended."""

    def __init__(self, path: Path, say: Say) -> None:
        self._path, self._say = path, say
        self._written = False

    async def put(self, kind: Kind, line: str) -> None:
        """See Place."""
        draft = self._path.with_name(f"{self._path.name}.{os.getpid()}.part")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                file.write(f"{line}\n")
            draft.replace(self._path)
        except OSError as error:
            raise DescriptionError(f"{self._path} cannot be written ({error.strerror})") from None
        self._written = True
        self._say(f"the {kind} stands in {self._path}")

    async def take(self, kind: Kind, session: bytes | None) -> Description:
        """See Place. A line of another session is a file that was left lying, and is waited out."""
        self._say(f"waiting for the {kind} in {self._path}")
        while True:
            text = self._text()
            if text.endswith("\n"):
                described = read_line(text, kind)
                if session in {None, described.session}:
                    return described
            await asyncio.sleep(_LOOK_S)

    def remove(self) -> None:
        """Takes away what was written: it holds a password that is of no more use."""
        if self._written:
            self._path.unlink(missing_ok=True)

    def _text(self) -> str:
        try:
            with self._path.open("rb") as file:
                return file.read(_MOST_BYTES).decode("utf-8", "replace")
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise DescriptionError(f"{self._path} cannot be read ({error.strerror})") from None


class _EndedError(Exception):
    """Standard input has ended."""


def _of_session(text: str, kind: Kind, session: bytes | None) -> Description:
    described = read_line(text, kind)
    if session is not None and described.session != session:
        raise DescriptionError(f"this {kind} does not belong to the offer above: {_OTHER}")
    return described


def _lines_of(descriptor: int) -> Iterator[bytes]:
    """Its lines, and an empty one in the end. One that is too long is cut, and then is no line of natprobe's."""
    rest = b""
    while more := _read(descriptor):
        *lines, rest = (rest + more).split(b"\n")
        yield from (line[:_MOST_BYTES] + b"\n" for line in lines)
        rest = rest[:_MOST_BYTES]
    if rest:
        yield rest
    yield b""


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 4096)
    except OSError:
        return b""


_WRITTEN: dict[Kind, str] = {
    "offer": "give this offer to the other side: natprobe connect 'OFFER'",
    "answer": "give this answer back to the side that offered",
}
_WANTED: dict[Kind, str] = {
    "offer": "paste the offer of the other side, and press Enter",
    "answer": "paste the answer of the other side, and press Enter",
}
