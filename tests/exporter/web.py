"""A client by hand, for what no HTTP library would send."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from natprobe.address import Address

ANY = Address("127.0.0.1", 0)


@dataclass(frozen=True, slots=True)
class Line:
    """An open connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, data: bytes | str) -> "Answer":
        """Sends `data`, and reads one answer with a Content-Length."""
        self.writer.write(data.encode() if isinstance(data, str) else data)
        await self.writer.drain()
        return await self.answer()

    async def answer(self, *, head_only: bool = False) -> "Answer":
        """The next answer."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        status, *lines = head.rstrip().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        body = b"" if head_only else await self.reader.readexactly(int(headers["content-length"]))
        return Answer(int(status.split()[1]), headers, body.decode())

    async def rest(self) -> bytes:
        """Everything up to the end, which may be a reset."""
        with contextlib.suppress(ConnectionError):
            return await self.reader.read()
        return b""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: str


@contextlib.asynccontextmanager
async def line_to(address: Address) -> AsyncIterator[Line]:
    """A connection, closed at the end of the block."""
    reader, writer = await asyncio.open_connection(address.host, address.port)
    try:
        yield Line(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def get(address: Address, path: str, *headers: str) -> Answer:
    """One GET on a connection of its own."""
    async with line_to(address) as line:
        return await line.ask("\r\n".join((f"GET {path} HTTP/1.1", "Host: x", *headers, "", "")))
