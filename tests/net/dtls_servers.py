"""openssl s_server and coturn as real DTLS parts, and a wire between them and us that loses what a test wants lost."""

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Literal

from natprobe.address import Address
from natprobe.net.clock import Clock
from natprobe.net.endpoint import Datagram, ignore
from natprobe.net.trouble import Trouble
from natprobe.net.udp import UdpEndpoint, open_udp
from tests.net.sayings import BINDING

Direction = Literal["to-server", "to-client"]
Loses = Callable[[Direction, int], bool]
_READY_S = 20.0


@contextlib.asynccontextmanager
async def s_server(pem: Path, *options: str) -> AsyncIterator[Address]:
    """openssl s_server over DTLS with the key and certificates of `pem`."""
    command = ("openssl", "s_server", "-dtls", "-accept", "127.0.0.1:0", "-key", pem, "-cert", pem, *options)
    async with _running(*map(str, command)) as process:
        assert process.stdout is not None
        async with asyncio.timeout(_READY_S):
            line = ""
            while not (found := re.match(r"ACCEPT .*:(\d+)", line)):
                line = (await process.stdout.readline()).decode()
                assert line, "openssl s_server ended"
        yield Address("127.0.0.1", int(found[1]))


@contextlib.asynccontextmanager
async def coturn(pem: Path, host: str) -> AsyncIterator[tuple[Address, Address]]:
    """A TURN server: where it listens in clear, and where for TLS and DTLS."""
    plain, secure = _free_ports(host, 2)
    command = (
        "turnserver", "-n", "--no-cli", "-L", host, "-p", plain, "--tls-listening-port", secure, "--cert", pem,
        "--pkey", pem, "-a", "-u", "user:secret", "-r", "example.org", "--log-file", "stdout", "--pidfile", "",
        "--userdb", pem.with_suffix(".db"),
    )  # fmt: skip
    async with _running(*map(str, command)):
        await _answers(Address(host, plain))
        yield Address(host, plain), Address(host, secure)


class LossyWire:
    """Passes datagrams between one client and a server, and keeps what it saw, lost ones included."""

    def __init__(self, server: Address, loses: Loses) -> None:
        self.seen: list[tuple[Direction, bytes]] = []
        self.client: Address | None = None
        self._clock = Clock()
        self._loses = loses
        self._passed = asyncio.Event()
        self._near = _opened(self._clock, local=Address("127.0.0.1", 0))
        self._far = _opened(self._clock, remote=server)

    @property
    def address(self) -> Address:
        """Where the client finds the server."""
        return self._near.local

    def of(self, direction: Direction) -> list[bytes]:
        """The datagrams of one direction."""
        return [data for towards, data in self.seen if towards == direction]

    async def until(self, direction: Direction, content_type: int) -> None:
        """Waits for a datagram that begins with a record of this type."""
        while not any(data[0] == content_type for data in self.of(direction)):
            self._passed.clear()
            await self._passed.wait()

    @contextlib.asynccontextmanager
    async def laid(self) -> AsyncIterator[Address]:
        """Works for as long as the block lasts."""
        tasks = [asyncio.ensure_future(self._forth()), asyncio.ensure_future(self._back())]
        try:
            yield self.address
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._near.close()
            await self._far.close()

    async def _forth(self) -> None:
        while True:
            got = await self._near.receive()
            if isinstance(got, Datagram):
                self.client = got.source
                if self._passes("to-server", got.data):
                    self._far.send(got.data)

    async def _back(self) -> None:
        while True:
            got = await self._far.receive()
            if isinstance(got, Datagram) and self._passes("to-client", got.data):
                self._near.send(got.data, self.client)

    def _passes(self, direction: Direction, data: bytes) -> bool:
        number = len(self.of(direction))
        self.seen.append((direction, data))
        self._passed.set()
        return not self._loses(direction, number)


def _opened(clock: Clock, *, local: Address | None = None, remote: Address | None = None) -> UdpEndpoint:
    endpoint = open_udp(clock, ignore, family=4, local=local, remote=remote)
    assert not isinstance(endpoint, Trouble)
    return endpoint


def _free_ports(host: str, number: int) -> list[int]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with contextlib.ExitStack() as stack:
        socks = [stack.enter_context(socket.socket(family, socket.SOCK_STREAM)) for _ in range(number)]
        for sock in socks:
            sock.bind((host, 0))
        return [int(sock.getsockname()[1]) for sock in socks]


async def _answers(server: Address) -> None:
    endpoint = open_udp(Clock(), ignore, family=server.family, remote=server)
    assert not isinstance(endpoint, Trouble)
    try:
        async with asyncio.timeout(_READY_S):
            while not await _answered(endpoint):
                continue
    finally:
        await endpoint.close()


async def _answered(endpoint: UdpEndpoint) -> bool:
    endpoint.send(BINDING)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.1):
            if isinstance(await endpoint.receive(), Datagram):
                return True
            await asyncio.sleep(0.02)  # refused: it does not listen yet
    return False


@contextlib.asynccontextmanager
async def _running(*command: str) -> AsyncIterator[asyncio.subprocess.Process]:
    pipe, none = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    wanted = pipe if command[0] == "openssl" else none
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=wanted, stderr=none)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()
