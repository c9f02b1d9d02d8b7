"""How do effects become packets? asyncio protocols around one ServerCore; no tasks but those that open relays."""

import asyncio
import ssl
from functools import partial
from typing import Self

from natprobe.address import Address
from natprobe.server.config import ServerConfig
from natprobe.server.core import ServerCore
from natprobe.server.effects import (
    STREAMS,
    CloseRelay,
    Effects,
    FiveTuple,
    HangUp,
    OpenRelay,
    RelayOut,
    Reply,
    Transport,
)
from natprobe.server.protocols import Datagrams, Stream
from natprobe.server.relays import Relays
from natprobe.server.sockets import Bound

_TICK_S = 1.0
_CLOSING_ROUNDS = 3
"""An aborted transport closes its socket in the loop's next round; TLS takes one more for each of its layers."""
_MOST_UNSENT = 1 << 20
"""Bytes that a client may leave unread on its connection before what follows is dropped."""


class Shell:
    """Carries out a core's effects. Everything it opened is closed when its block ends."""

    def __init__(self, core: ServerCore, bound: Bound, config: ServerConfig, tls: ssl.SSLContext | None) -> None:
        self.grids = bound.grids
        self.tls_addresses = tuple(Address(*sock.getsockname()[:2]) for sock in bound.tls)
        self._core = core
        self._bound = bound
        self._tls = tls
        self._max_connections = config.max_connections
        self._loop = asyncio.get_running_loop()
        self._listeners: dict[Address, asyncio.DatagramTransport] = {}
        self._servers: list[asyncio.Server] = []
        self._streams: dict[FiveTuple, asyncio.Transport] = {}
        self._relays = Relays(core, self._do)
        self._timers: set[asyncio.TimerHandle] = set()

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._streams)

    async def __aenter__(self) -> Self:
        try:
            await self._listen()
        except BaseException:
            await self._close()
            raise
        self._tick()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self._close()

    async def _listen(self) -> None:
        for sock in self._bound.datagram:
            local = Address(*sock.getsockname()[:2])
            listener, _ = await self._loop.create_datagram_endpoint(partial(self._datagrams, local), sock=sock)
            self._listeners[local] = listener
        for sock in self._bound.stream:
            self._servers.append(await self._loop.create_server(lambda: self._stream("tcp"), sock=sock))
        for sock in self._bound.tls:
            server = await self._loop.create_server(lambda: self._stream("tls"), sock=sock, ssl=self._tls)
            self._servers.append(server)

    async def _close(self) -> None:
        for timer in self._timers:
            timer.cancel()
        await self._relays.close_all()
        for listener in self._listeners.values():
            listener.abort()
        for stream in self._streams.values():
            stream.abort()
        for server in self._servers:
            server.close()
        for sock in (*self._bound.datagram, *self._bound.stream, *self._bound.tls):
            sock.close()
        for _ in range(_CLOSING_ROUNDS):
            await asyncio.sleep(0)

    def _datagrams(self, local: Address) -> Datagrams:
        def receive(data: bytes, source: Address) -> None:
            self._do(self._core.receive(data, FiveTuple("udp", source, local), self._loop.time()))

        return Datagrams(receive)

    def _stream(self, transport: Transport) -> Stream:
        return Stream(transport, self)

    def stream_opened(self, five_tuple: FiveTuple, transport: asyncio.Transport) -> None:
        """A client has connected."""
        if len(self._streams) >= self._max_connections:
            transport.abort()
            return
        self._streams[five_tuple] = transport
        self._do(self._core.connected(five_tuple))

    def stream_closed(self, five_tuple: FiveTuple) -> None:
        """A connection is gone."""
        if self._streams.pop(five_tuple, None) is not None:
            self._do(self._core.disconnected(five_tuple))

    def stream_received(self, five_tuple: FiveTuple, message: bytes) -> None:
        """A whole message has come over a connection."""
        if five_tuple in self._streams:
            self._do(self._core.receive(message, five_tuple, self._loop.time()))

    def _do(self, effects: Effects) -> None:
        for effect in effects:
            match effect:
                case Reply():
                    self._reply(effect)
                case RelayOut():
                    self._relays.send(effect)
                case OpenRelay():
                    self._relays.start_opening(effect)
                case CloseRelay():
                    self._relays.close(effect.relay)
                case HangUp():
                    self._hang_up(effect.five_tuple)

    def _reply(self, reply: Reply) -> None:
        if reply.delay_s:
            self._later(reply)
        elif reply.five_tuple.transport in STREAMS:
            stream = self._streams.get(reply.five_tuple)
            if stream is not None and stream.get_write_buffer_size() < _MOST_UNSENT:
                stream.write(reply.data)
        else:
            listener = self._listeners.get(reply.source)
            if listener is not None:
                listener.sendto(reply.data, (reply.to.host, reply.to.port))

    def _later(self, reply: Reply) -> None:
        def now() -> None:
            self._timers.discard(timer)
            self._reply(Reply(data=reply.data, five_tuple=reply.five_tuple, source=reply.source, to=reply.to))

        timer = self._loop.call_later(reply.delay_s, now)
        self._timers.add(timer)

    def _hang_up(self, five_tuple: FiveTuple) -> None:
        stream = self._streams.get(five_tuple)
        if stream is not None:
            stream.close()

    def _tick(self) -> None:
        self._timers = {timer for timer in self._timers if not timer.cancelled() and timer.when() > self._loop.time()}
        self._do(self._core.expire(self._loop.time()))
        self._timers.add(self._loop.call_later(_TICK_S, self._tick))
