"""A tunnel between two namespaces, as `ssh -L` makes one: a TCP port of one leads to that port of the other.

`python -m tests.lab.forward near PATH PORT` listens in the one, `… far PATH PORT` dials in the other; between them is a
socket with a path, which no network namespace hides.
"""

import asyncio
import contextlib
import sys

from tests.lab.namespace import Namespace
from tests.lab.process import wait_until
from tests.lab.world import World

_LOOPBACK = "127.0.0.1"


def forward(world: World, near: Namespace, far: Namespace, port: int) -> None:
    """From now on `port` on the loopback of `near` is that of `far`."""
    path = world.new_file("forward")
    for box, end in ((far, "far"), (near, "near")):
        running = world.keep(box.start(sys.executable, "-m", "tests.lab.forward", end, str(path), str(port)))
        running.wait_for("ready")
    assert wait_until(path.exists, 5.0)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError, RuntimeError):
        writer.write_eof()


async def _serve(end: str, path: str, port: int) -> None:
    async def joined(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opening = asyncio.open_unix_connection(path) if end == "near" else asyncio.open_connection(_LOOPBACK, port)
        try:
            other_reader, other_writer = await opening
        except OSError:
            writer.close()
            return
        await asyncio.gather(_pump(reader, other_writer), _pump(other_reader, writer))
        other_writer.close()
        writer.close()

    listening = (
        asyncio.start_server(joined, _LOOPBACK, port) if end == "near" else asyncio.start_unix_server(joined, path)
    )
    async with await listening as server:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(sys.argv[1], sys.argv[2], int(sys.argv[3])))
