"""Can the server run while this thread is busy? In a thread of its own, for a caller that is not asynchronous."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future

from natprobe.server.config import ServerConfig
from natprobe.server.serve import Server, serve

_Started = tuple[Server, Callable[[], object]]


@contextlib.contextmanager
def serve_beside(config: ServerConfig) -> Iterator[Server]:
    """As `serve`, but for a block that blocks. Raises ServerError where the server cannot listen.

    Its own thread and event loop keep the server's work out of the round trips that the block measures.
    """
    started: Future[_Started] = Future()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(config, started)), name="natprobe demo", daemon=True)
    thread.start()
    server, stop = started.result()
    try:
        yield server
    finally:
        stop()
        thread.join()


async def _serve(config: ServerConfig, started: "Future[_Started]") -> None:
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    try:
        async with serve(config) as server:
            started.set_result((server, lambda: loop.call_soon_threadsafe(stopped.set)))
            await stopped.wait()
    except Exception as error:
        if started.done():
            raise
        started.set_exception(error)
