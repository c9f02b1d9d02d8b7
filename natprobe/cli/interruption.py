"""What does Ctrl-C do? During a run it ends it, once; afterwards, while the report is written, it does nothing.

asyncio gives the signals back to the system when its loop closes. They are blocked across that moment, so that none
finds the door open between the run and its report.
"""

import contextlib
import signal
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # `natprobe --help` goes through here, and is quicker without
    import asyncio

NUMBERS = (signal.SIGINT, signal.SIGTERM)


def cancels(task: "asyncio.Task[object] | None", loop: "asyncio.AbstractEventLoop") -> None:
    """From now on the first signal cancels `task`; a second one would only cut off the release of allocations."""
    heard: list[int] = []

    def hear(number: int) -> None:
        if task is not None and not heard:
            task.cancel()
        heard.append(number)

    with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers on its loop
        for number in NUMBERS:
            loop.add_signal_handler(number, hear, number)


def hold() -> None:
    """Keeps signals waiting until `ignore`."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, NUMBERS)


def ignore() -> None:
    """The run is over: signals that waited, and those to come, are dropped."""
    for number in NUMBERS:
        signal.signal(number, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, NUMBERS)


@contextlib.contextmanager
def restored() -> Iterator[None]:
    """Gives the signals back at the block's end, for callers that live on."""
    before = {number: signal.getsignal(number) for number in NUMBERS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
