"""The server: it listens, counts its connections, and drains.

Sockets are opened here, and not in `natprobe.net`, for the reason that the embedded server has: that room is a
client's, which dials and keeps each trouble as evidence. This one accepts strangers, and what it suffers from them is
nobody's evidence. No probe can reach this room.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator

from natprobe.address import Address
from natprobe.listening.connection import Connection
from natprobe.listening.message import Bounds, Handler


class ListenError(Exception):
    """An address cannot be listened on; one line says why."""


def _why(error: OSError) -> str:
    """The system's own words: asyncio puts its own around them."""
    known = error.errno is not None and os.name != "nt"  # Windows has no words for Winsock's numbers
    return os.strerror(error.errno) if known and error.errno else error.strerror or str(error)


class HttpServer:
    """A server that listens."""

    def __init__(self, handler: Handler, bounds: Bounds, group: asyncio.TaskGroup) -> None:
        self.addresses: tuple[Address, ...] = ()
        self._handler, self._bounds, self._group = handler, bounds, group
        self._listeners: list[asyncio.Server] = []
        self._connections: dict[asyncio.Task[None], Connection] = {}
        self._draining = False

    async def listen(self, wanted: tuple[Address, ...]) -> None:
        """Opens the listening sockets. Raises ListenError."""
        for address in wanted:
            try:
                self._listeners.append(await asyncio.start_server(self._accept, address.host, address.port))
            except OSError as error:
                raise ListenError(f"cannot listen on {address}: {_why(error)}") from None
        bound = (socket.getsockname() for listener in self._listeners for socket in listener.sockets)
        self.addresses = tuple(Address(name[0], name[1]) for name in bound)

    async def drain(self) -> None:
        """Accepts nobody any more; waits for the answers that are being made, and cuts off what takes too long."""
        self._draining = True
        for listener in self._listeners:
            listener.close()
        for task, connection in self._connections.items():
            connection.last = True
            if connection.waits:
                task.cancel()
        if self._connections:
            await asyncio.wait(self._connections, timeout=self._bounds.drain_s)
        self.cut()

    def cut(self) -> None:
        """Cancels every connection, and with it the work for it."""
        for task in self._connections:
            task.cancel()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer, self._handler, self._bounds)
        if self._draining or len(self._connections) >= self._bounds.connections:
            connection.refuse()
            return
        task = self._group.create_task(connection.serve())
        self._connections[task] = connection
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        # Here and not in the task: one that is cancelled before its first step never runs.
        self._connections.pop(task).close()


@contextlib.asynccontextmanager
async def serve_http(wanted: tuple[Address, ...], handler: Handler, bounds: Bounds) -> AsyncIterator[HttpServer]:
    """A server that listens when the block begins, and has drained when it ends. Raises ListenError."""
    trouble: ListenError | None = None
    async with asyncio.TaskGroup() as group:
        server = HttpServer(handler, bounds, group)
        try:
            await server.listen(wanted)
            yield server
        except ListenError as error:
            trouble = error
        finally:
            await server.drain()
    if trouble:
        raise trouble
