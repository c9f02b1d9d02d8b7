"""Runs in a thread of their own, so that painting a screen stands in no round trip's way.

The thread has one event loop for as long as the block lasts. What a run holds on servers is released before `start`
returns, also where it is cancelled; and the end of the block cancels and awaits whatever still runs.
"""

import asyncio
import contextlib
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future

from natprobe.cli.execute import Work
from natprobe.events import Emit, Event
from natprobe.record import recorded

_AT_ONCE = 400
"""Events handed over in one go: a key is answered between two of these."""
_SWITCH_S = 0.0005
"""How soon the thread that has just received a packet gets the interpreter's lock, and with it the time of arrival."""


class _Mailbox:
    """Events from the probing thread, redacted there, told in the listener's own loop."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._loop = asyncio.get_running_loop()
        self._letters: deque[Event] = deque()
        self._called = False

    def put(self, event: Event) -> None:
        """Called by the probing thread."""
        self._letters.append(recorded(event))
        if not self._called:
            self._called = True
            self._loop.call_soon_threadsafe(self._deliver)

    async def empty(self) -> None:
        """Tells what is left."""
        while self._letters:
            self._some()
            await asyncio.sleep(0)

    def _deliver(self) -> None:
        self._called = False
        self._some()
        if self._letters and not self._called:
            self._called = True
            self._loop.call_soon(self._deliver)

    def _some(self) -> None:
        for _ in range(min(len(self._letters), _AT_ONCE)):
            self._emit(self._letters.popleft())


class Beside:
    """The thread, ready for work."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    async def start(self, work: Work, emit: Emit) -> None:
        """Does `work` there and tells its events here. Cancelled, it returns when the work has let go of everything."""
        mailbox = _Mailbox(emit)
        ended: Future[BaseException | None] = Future()
        tasks: list[asyncio.Task[None]] = []

        def begin() -> None:
            task = self._loop.create_task(_done(work, mailbox.put))
            tasks.append(task)
            task.add_done_callback(lambda done: ended.set_result(None if done.cancelled() else done.exception()))

        self._loop.call_soon_threadsafe(begin)
        waiting = asyncio.wrap_future(ended)
        try:
            trouble = await asyncio.shield(waiting)
        except asyncio.CancelledError:
            self._loop.call_soon_threadsafe(lambda: tasks[0].cancel())  # noqa: PLW0108  there is no task yet
            await waiting
            raise
        finally:
            await mailbox.empty()
        if trouble is not None:
            raise trouble


@contextlib.contextmanager
def beside() -> Iterator[Beside]:
    """A thread for as long as the block lasts."""
    started: Future[tuple[asyncio.AbstractEventLoop, Callable[[], object]]] = Future()
    thread = threading.Thread(target=lambda: asyncio.run(_work(started)), name="natprobe rounds")
    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_S)
    thread.start()
    loop, stop = started.result()
    try:
        yield Beside(loop)
    finally:
        stop()
        thread.join()
        sys.setswitchinterval(interval_s)


async def _done(work: Work, emit: Emit) -> None:
    await work(emit)


async def _work(started: "Future[tuple[asyncio.AbstractEventLoop, Callable[[], object]]]") -> None:
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    started.set_result((loop, lambda: loop.call_soon_threadsafe(stopped.set)))
    await stopped.wait()
