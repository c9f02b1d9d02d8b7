"""A DNS server on loopback, UDP and TCP, that answers as a test tells it."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from natprobe.address import Address

Question = tuple[str, str]
"""Lower-case name with its final dot, and the type: `("turn.example.org.", "A")`."""
Reaction = Callable[[dns.message.Message], bytes | None]
"""What is sent back; None for nothing."""


def records(*lines: str) -> Reaction:
    """Answers with these lines of a zone file, such as `turn.example.org. 60 IN A 192.0.2.1`."""

    def react(query: dns.message.Message) -> bytes:
        response = dns.message.make_response(query)
        response.answer = [_rrset(line) for line in lines]
        return response.to_wire(max_size=65535)

    return react


def _rrset(line: str) -> dns.rrset.RRset:
    name, ttl, rdclass, rdtype, rdata = line.split(maxsplit=4)
    return dns.rrset.from_text(name, int(ttl), rdclass, rdtype, rdata)


def rcode(code: dns.rcode.Rcode) -> Reaction:
    """Answers with nothing but this code."""

    def react(query: dns.message.Message) -> bytes:
        response = dns.message.make_response(query)
        response.set_rcode(code)
        return response.to_wire()

    return react


nodata = records()
nxdomain = rcode(dns.rcode.NXDOMAIN)
servfail = rcode(dns.rcode.SERVFAIL)
refused = rcode(dns.rcode.REFUSED)


def silence(_query: dns.message.Message) -> None:
    """Answers nothing."""


def garbage(query: dns.message.Message) -> bytes:
    """Answers with the right id and then bytes that are no message."""
    return query.id.to_bytes(2, "big") + b"\x81\x80" + b"\xff" * 40


def from_another_query(query: dns.message.Message) -> bytes:
    """Answers with an id that was not asked."""
    response = dns.message.make_response(query)
    response.id = query.id ^ 1
    return response.to_wire()


def truncated(query: dns.message.Message) -> bytes:
    """Over UDP: says that the answer does not fit."""
    response = dns.message.make_response(query)
    response.flags |= dns.flags.TC
    return response.to_wire()


def late(times: int, reaction: Reaction) -> Reaction:
    """Drops the first `times` queries, then reacts."""
    heard: list[int] = []

    def react(query: dns.message.Message) -> bytes | None:
        heard.append(query.id)
        return reaction(query) if len(heard) > times else None

    return react


class DnsServer(asyncio.DatagramProtocol):
    """What is asked is kept in `asked`; an unknown question is answered with NXDOMAIN."""

    def __init__(self, udp: Mapping[Question, Reaction], tcp: Mapping[Question, Reaction], noise: bytes | None) -> None:
        self.asked: list[Question] = []
        self.heard = asyncio.Event()
        self._udp, self._tcp, self._noise = udp, tcp, noise
        self._wire: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._wire = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = self._react(data, self._udp)
        if answer is None or self._wire is None:
            return
        if self._noise is not None:
            self._wire.sendto(self._noise, addr)
        self._wire.sendto(answer, addr)

    async def stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One query over TCP."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            length = int.from_bytes(await reader.readexactly(2), "big")
            answer = self._react(await reader.readexactly(length), self._tcp)
            if answer is None:
                await reader.read()
            else:
                writer.write(len(answer).to_bytes(2, "big") + answer)
                await writer.drain()
        writer.close()

    def _react(self, wire: bytes, zone: Mapping[Question, Reaction]) -> bytes | None:
        query = dns.message.from_wire(wire)
        asked = query.question[0]
        question = (asked.name.to_text().lower(), dns.rdatatype.to_text(asked.rdtype))
        self.asked.append(question)
        self.heard.set()
        return zone.get(question, nxdomain)(query)


@contextlib.asynccontextmanager
async def serving(
    udp: Mapping[Question, Reaction],
    tcp: Mapping[Question, Reaction] | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    noise: bytes | None = None,
) -> AsyncIterator[tuple[Address, DnsServer]]:
    """A server for as long as the block lasts. Without `tcp` nothing listens there; `noise` precedes each answer."""
    server = DnsServer(udp, tcp or {}, noise)
    stream = await asyncio.start_server(server.stream, host, port)
    port = stream.sockets[0].getsockname()[1]
    if tcp is None:
        stream.close()
        await stream.wait_closed()
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: server, local_addr=(host, port))
    try:
        yield Address(host, port), server
    finally:
        transport.close()
        stream.close()
        await stream.wait_closed()
        await asyncio.sleep(0)


def closed_port() -> Address:
    """An address on loopback where nothing listens."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return Address("127.0.0.1", sock.getsockname()[1])
