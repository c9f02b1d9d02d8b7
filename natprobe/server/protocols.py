"""What comes in, as asyncio hands it over: datagrams, and streams cut into messages."""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from natprobe.address import Address
from natprobe.server.effects import FiveTuple, Transport
from natprobe.wire.framing import StreamFramer


class Streams(Protocol):
    """Who is told of connections."""

    def stream_opened(self, five_tuple: FiveTuple, transport: asyncio.Transport) -> None:
        """A client has connected."""

    def stream_received(self, five_tuple: FiveTuple, message: bytes) -> None:
        """A whole message has come."""

    def stream_closed(self, five_tuple: FiveTuple) -> None:
        """The connection is gone."""


class Datagrams(asyncio.DatagramProtocol):
    """Hands on each datagram with its source. ICMP errors are of no interest to a server."""

    def __init__(self, receive: Callable[[bytes, Address], None]) -> None:
        self._receive = receive

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """See asyncio.DatagramProtocol."""
        self._receive(data, to_address(addr))


class Stream(asyncio.Protocol):
    """One connection. What is no STUN ends it."""

    def __init__(self, name: Transport, streams: Streams) -> None:
        self._name = name
        self._streams = streams
        self._framer = StreamFramer()
        self._transport: asyncio.Transport | None = None
        self._five_tuple: FiveTuple | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.BaseProtocol."""
        client, server = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        if not isinstance(transport, asyncio.Transport) or not client or not server:
            transport.close()
            return
        self._transport = transport
        self._five_tuple = FiveTuple(self._name, to_address(client), to_address(server))
        self._streams.stream_opened(self._five_tuple, transport)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        if self._five_tuple is None or self._transport is None:
            return
        for message in self._framer.feed(data):
            self._streams.stream_received(self._five_tuple, message)
        if self._framer.broken:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """See asyncio.BaseProtocol."""
        if self._five_tuple is not None:
            self._streams.stream_closed(self._five_tuple)


def to_address(name: Any) -> Address:
    """A socket API name as an Address, without its zone."""
    return Address(str(name[0]).partition("%")[0], int(name[1]))
