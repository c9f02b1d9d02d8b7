"""What does this host's own resolver say? getaddrinfo, with /etc/hosts and whatever else stands before DNS."""

import asyncio
import contextlib
import ipaddress
import socket
import threading
from collections.abc import Callable
from typing import Any

from natprobe.net.answers import MOST_ADDRESSES, SystemAnswer
from natprobe.net.clock import Clock

Lookup = Callable[[str], list[Any]]


def getaddrinfo(name: str) -> list[Any]:
    """The blocking call."""
    return socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)


async def ask_system(name: str, clock: Clock, *, deadline_s: float, lookup: Lookup = getaddrinfo) -> SystemAnswer:
    """What `lookup` says of `name` until `deadline_s` (seconds since the run's start)."""
    started = clock.now()
    outcome = _in_a_daemon_thread(name, lookup)
    try:
        async with asyncio.timeout(max(0.0, deadline_s - started)):
            found = await outcome
    except TimeoutError:
        waited_ms = (clock.now() - started) * 1000
        return SystemAnswer(outcome="timeout", error=f"no answer within {waited_ms:.0f} ms", duration_ms=waited_ms)
    duration_ms = (clock.now() - started) * 1000
    if isinstance(found, Exception):
        return SystemAnswer(outcome="failed", error=_said(found), duration_ms=duration_ms)
    return SystemAnswer(outcome="answered", addresses=_addresses(found), duration_ms=duration_ms)


def _in_a_daemon_thread(name: str, lookup: Lookup) -> "asyncio.Future[list[Any] | Exception]":
    # Not the loop's executor: its threads are joined at exit, and a stuck resolver would hold the whole process.
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[list[Any] | Exception] = loop.create_future()

    def tell(found: list[Any] | Exception) -> None:
        if not outcome.done():
            outcome.set_result(found)

    def work() -> None:
        try:
            found: list[Any] | Exception = lookup(name)
        except (OSError, UnicodeError) as error:
            found = error
        with contextlib.suppress(RuntimeError):  # the loop has closed meanwhile
            loop.call_soon_threadsafe(tell, found)

    threading.Thread(target=work, name=f"getaddrinfo {name}", daemon=True).start()
    return outcome


def _addresses(found: list[Any]) -> tuple[str, ...]:
    literals = (str(entry[4][0]).partition("%")[0] for entry in found)
    return tuple(dict.fromkeys(str(ipaddress.ip_address(literal)) for literal in literals))[:MOST_ADDRESSES]


def _said(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return "not a host name" if isinstance(error, UnicodeError) else type(error).__name__
