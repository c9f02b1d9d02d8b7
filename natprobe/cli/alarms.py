"""Tells a user's own command what has changed: as JSON on its stdin, without a shell, and never for long."""

import asyncio
import contextlib
import shutil
from collections.abc import Awaitable, Callable

import msgspec

from natprobe.cli.command_line import split
from natprobe.cli.parser import UsageError
from natprobe_tui.desk import DeskError

LONGEST_S = 30.0
"""A command that runs longer is ended."""


def alarm(command: str) -> Callable[[msgspec.Struct], Awaitable[None]]:
    """What runs `command`, one at a time; it raises DeskError where that failed. Raises UsageError."""
    try:
        words = split(command)
    except ValueError as error:
        raise UsageError(f"--on-change: {command!r} is no command ({error})") from None
    if not words or shutil.which(words[0]) is None:
        raise UsageError(f"--on-change: there is no program {words[0] if words else ''!r}")
    turn = asyncio.Lock()

    async def tell(news: msgspec.Struct) -> None:
        async with turn:
            await _run(words, msgspec.json.encode(news) + b"\n")

    return tell


async def _run(words: list[str], document: bytes) -> None:
    quiet = asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(
            *words, stdin=asyncio.subprocess.PIPE, stdout=quiet, stderr=quiet
        )
    except OSError as error:
        raise DeskError(f"{words[0]} did not start ({error.strerror})") from None
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_S):
                await process.communicate(document)
        if process.returncode:
            raise DeskError(f"{words[0]} ended with exit code {process.returncode}")
        if process.returncode is None:
            raise DeskError(f"{words[0]} was ended after {LONGEST_S:g} s")
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
