"""Servers that answer as a test tells them: for what no real one does."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable, Iterable, Mapping

from natprobe.address import Address
from tests.net.dns_server import nodata, records
from tests.net.dns_server import serving as dns_serving
from tests.net.test_tcp import serving

Answer = Callable[[str, str, dict[str, str]], bytes]
"""What is sent for a method, a path and the request's fields (names in small letters); nothing closes at once."""


@contextlib.asynccontextmanager
async def answering(
    answer: Answer, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[Address]:
    """A server that sends `answer` and ends the connection."""

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.split("\r\n")
            fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            await reader.readexactly(int(fields.get("content-length", "0")))
            method, path, _ = first.split(" ")
            writer.write(answer(method, path, fields))
            await writer.drain()
            if tls is None:
                writer.write_eof()
                await reader.read()

    async with serving(play, host, tls) as remote:
        yield remote


def reply(
    status: str = "200 OK", body: bytes | str = b"", fields: Iterable[tuple[str, str]] = (), kind: str = "text/plain"
) -> bytes:
    """A whole answer."""
    data = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(data)}", f"Content-Type: {kind}"]
    return "\r\n".join((*lines, *(f"{name}: {value}" for name, value in fields), "", "")).encode() + data


@contextlib.asynccontextmanager
async def serving_names(hosts: Mapping[str, str]) -> AsyncIterator[Address]:
    """A name server that knows these hosts' IPv4 addresses, and nothing else."""
    script = {(f"{name}.", "A"): records(f"{name}. 60 IN A {host}") for name, host in hosts.items()}
    async with dns_serving(script | {(f"{name}.", "AAAA"): nodata for name in hosts}) as (server, _):
        yield server
