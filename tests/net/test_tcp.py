"""TCP on loopback: whole messages out of pieces, ends told apart, bounds."""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from natprobe.address import Address
from natprobe.events import Packet
from natprobe.net.clock import Clock
from natprobe.net.endpoint import Datagram
from natprobe.net.tcp import TcpStream, open_stream, open_tcp
from natprobe.net.trouble import Reason, Trouble
from tests.net.sayings import message, stun, trouble

LOOPBACKS = pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def serving(script: Script, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> AsyncIterator[Address]:
    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await script(reader, writer)
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(play, host, 0, ssl=tls)
    try:
        yield Address(host, server.sockets[0].getsockname()[1])
    finally:
        server.close()
        await server.wait_closed()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(4096):
        writer.write(data)


async def until_the_end(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read()


@LOOPBACKS
async def test_messages_go_there_and_back_and_into_the_trace(host: str, clock: Clock, packets: list[Packet]) -> None:
    async with serving(echo, host) as remote:
        endpoint = await open_tcp(remote, clock, packets.append, timeout_s=5)
        assert not isinstance(endpoint, Trouble)
        endpoint.send(stun(1))
        got = await message(endpoint)
        await endpoint.close()
    assert (got.data, got.source) == (stun(1), remote)
    assert [(each.transport, each.direction, each.data) for each in packets] == [
        ("tcp", "sent", stun(1)),
        ("tcp", "received", stun(1)),
    ]
    assert {(each.local, each.remote) for each in packets} == {(endpoint.local, remote)}


async def test_messages_are_whole_however_the_stream_is_cut(clock: Clock, packets: list[Packet]) -> None:
    async def pieces(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        channel_data = struct.pack("!HH", 0x4000, 3) + b"abc" + b"\0"
        stream = stun(1) + channel_data + stun(2)
        for start in range(0, len(stream), 7):
            writer.write(stream[start : start + 7])
            await writer.drain()
            await asyncio.sleep(0)
        await reader.read()

    async with serving(pieces) as remote:
        endpoint = await open_tcp(remote, clock, packets.append, timeout_s=5)
        assert not isinstance(endpoint, Trouble)
        got = [(await message(endpoint)).data for _ in range(3)]
        await endpoint.close()
    assert got == [stun(1), struct.pack("!HH", 0x4000, 3) + b"abc", stun(2)]


async def test_another_protocol_is_malformed_for_ever(clock: Clock, packets: list[Packet]) -> None:
    async def web(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read()

    async with serving(web) as remote:
        endpoint = await open_tcp(remote, clock, packets.append, timeout_s=5)
        assert not isinstance(endpoint, Trouble)
        told = [await trouble(endpoint) for _ in range(2)]
        await endpoint.close()
    assert [each.reason for each in told] == [Reason.MALFORMED, Reason.MALFORMED]
    assert "HTTP" in told[0].detail


async def test_what_came_before_the_end_is_delivered_before_it(clock: Clock, packets: list[Packet]) -> None:
    async def farewell(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(stun(1))
        writer.close()
        await writer.wait_closed()

    async with serving(farewell) as remote:
        endpoint = await open_tcp(remote, clock, packets.append, timeout_s=5)
        assert not isinstance(endpoint, Trouble)
        assert (await message(endpoint)).data == stun(1)
        assert [(await trouble(endpoint)).reason for _ in range(2)] == [Reason.CLOSED, Reason.CLOSED]
        endpoint.send(stun(2))
        await endpoint.close()
    assert [each.direction for each in packets] == ["received"]


async def test_a_reset_is_told_from_a_close(clock: Clock, packets: list[Packet]) -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    async with serving(reset) as remote:
        endpoint = await open_tcp(remote, clock, packets.append, timeout_s=5)
        assert not isinstance(endpoint, Trouble)
        endpoint.send(stun(1))
        assert (await trouble(endpoint)).reason is Reason.RESET
        await endpoint.close()


@LOOPBACKS
async def test_a_port_where_nothing_listens_is_refused(host: str, clock: Clock, packets: list[Packet]) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as bound:
        bound.bind((host, 0))
        remote = Address(host, bound.getsockname()[1])
        told = await open_tcp(remote, clock, packets.append, timeout_s=5)
    assert isinstance(told, Trouble)
    assert (told.reason, told.about) == (Reason.REFUSED, remote)
    assert told.detail == f"nothing listens on {remote} (Connection refused)"


async def test_close_wakes_the_reader_and_may_be_called_twice(clock: Clock, packets: list[Packet]) -> None:
    async with serving(until_the_end) as remote:
        endpoint = await open_tcp(remote, clock, packets.append, timeout_s=5)
        assert not isinstance(endpoint, Trouble)
        waiting = asyncio.ensure_future(endpoint.receive())
        await asyncio.sleep(0)
        await endpoint.close()
        await endpoint.close()
        told = await waiting
    assert isinstance(told, Trouble)
    assert told.reason is Reason.CLOSED


async def test_a_peer_that_floods_is_slowed_and_loses_nothing(clock: Clock) -> None:
    amount = 8 << 20

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(bytes(amount))
        await writer.drain()
        await reader.read()

    async with serving(flood) as remote:
        stream = await open_stream(remote, clock, timeout_s=5)
        assert isinstance(stream, TcpStream)
        held = received = 0
        while received < amount:
            got = await stream.receive()
            assert isinstance(got, Datagram)
            received += len(got.data)
            held = max(held, len(stream._inbox))
            await asyncio.sleep(0)
        await stream.close()
    assert received == amount
    assert held <= 16


async def test_a_peer_that_never_reads_ends_the_stream(clock: Clock) -> None:
    release = asyncio.Event()

    async def deaf(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await release.wait()

    async with serving(deaf) as remote:
        stream = await open_stream(remote, clock, timeout_s=5)
        assert isinstance(stream, TcpStream)
        while stream.ended is None:
            stream.send(bytes(1 << 20))
        assert (await trouble(stream)).reason is Reason.TIMEOUT
        await stream.close()
        release.set()


async def test_the_connections_time_is_kept(clock: Clock) -> None:
    async with serving(until_the_end) as remote:
        stream = await open_stream(remote, clock, timeout_s=5)
        assert isinstance(stream, TcpStream)
        assert 0 < stream.connect_ms <= clock.now_ms()
        await stream.close()
