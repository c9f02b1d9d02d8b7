"""Signalling servers on loopback: npm's real ones, and WebSocket servers that do what no real one does."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from typing import Any

import msgspec

from natprobe.address import Address
from natprobe.wire.websocket.handshake import accept_for
from tests.lab.node import PLACE
from tests.lab.process import Running, wait_until
from tests.net.test_tcp import serving
from tests.web.nginx import free_port, listens

Play = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
UPGRADE = """proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection upgrade; proxy_set_header Host $http_host;"""


@contextlib.contextmanager
def node(script: str, **options: Any) -> Iterator[int]:
    """`tests/lab/node/SCRIPT.js` until the block ends; the port that it listens on."""
    port = free_port()
    told = msgspec.json.encode({"port": port, **options}).decode()
    with Running(("node", str(PLACE / f"{script}.js"), told)) as running:
        up = wait_until(lambda: running.exit_code is not None or listens(port), 20)
        assert up, running.stderr()
        assert running.exit_code is None, running.stderr()
        yield port


async def body_of(port: int, path: str) -> str:
    """What a server on loopback answers, asked by hand."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.0\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer.partition(b"\r\n\r\n")[2].decode()


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True) -> bytes:
    """A frame as a server sends it (RFC 6455 section 5.2)."""
    head = bytes([opcode | (0x80 if fin else 0)])
    if len(payload) < 126:
        return head + bytes([len(payload)]) + payload
    return head + b"\x7e" + len(payload).to_bytes(2) + payload


def close(code: int, reason: str = "") -> bytes:
    """A Close frame."""
    return frame(8, code.to_bytes(2) + reason.encode())


@contextlib.asynccontextmanager
async def opening(
    play: Play, *, fields: Mapping[str, str] | None = None, thinks: Callable[[], float] = float
) -> AsyncIterator[Address]:
    """A server that opens every WebSocket, after as many seconds as `thinks` says, and then plays.

    `fields` replace or add to those of its 101; one without a value is left out.
    """

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.Event().wait(), thinks())
            key = next(line.split(": ")[1] for line in head.split("\r\n") if line.startswith("Sec-WebSocket-Key"))
            ours = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": accept_for(key)}
            lines = [f"{name}: {value}" for name, value in (ours | dict(fields or {})).items() if value]
            writer.write("\r\n".join(("HTTP/1.1 101 Switching Protocols", *lines, "", "")).encode())
            await play(reader, writer)

    async with serving(greet) as remote:
        yield remote


def saying(*pieces: bytes) -> Play:
    """Says `pieces`, and waits for the peer's end."""

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
        await writer.drain()
        await reader.read()

    return play


def leaving(*pieces: bytes) -> Play:
    """Says `pieces`, and ends the stream."""

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
        await writer.drain()
        writer.write_eof()
        await reader.read()

    return play


def repeating(piece: bytes) -> Play:
    """Never ends."""

    async def play(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(piece)
            await writer.drain()

    return play
