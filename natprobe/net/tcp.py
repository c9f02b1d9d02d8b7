"""TCP: refused, unreachable and silent told apart; a plain byte stream below, whole messages above."""

import asyncio
import contextlib
import socket
import sys
from typing import cast

from natprobe.address import Address
from natprobe.events import Trace, TransportName
from natprobe.net.clock import Clock
from natprobe.net.endpoint import Datagram
from natprobe.net.inbox import Inbox
from natprobe.net.messages import MessageEndpoint
from natprobe.net.sockets import FAMILIES, ask_for_icmp, queued_icmp, syns_sent, to_address, to_name
from natprobe.net.trouble import Reason, Trouble, closed_here, os_trouble, silent
from natprobe.wire.framing import Framer, StreamFramer

TcpEndpoint = MessageEndpoint

_PAUSE_AT_CHUNKS = 16
_UNSENT_LIMIT = 1 << 20
_CLOSE_S = 0.1


async def open_tcp(
    remote: Address,
    clock: Clock,
    trace: Trace,
    *,
    timeout_s: float,
    local: Address | None = None,
    framer: Framer | None = None,
) -> TcpEndpoint | Trouble:
    """Connects to `remote`; the endpoint carries whole STUN messages and ChannelData (RFC 8489 section 6.2.2).

    Several connections may leave from one `local` port, each to another destination. `framer` is for a stream in which
    messages stand in another way.
    """
    stream = await open_stream(remote, clock, timeout_s=timeout_s, local=local)
    if isinstance(stream, Trouble):
        return stream
    return MessageEndpoint(stream, clock, trace, transport="tcp", remote=remote, framer=framer or StreamFramer())


async def open_stream(
    remote: Address, clock: Clock, *, timeout_s: float, local: Address | None = None
) -> "TcpStream | Trouble":
    """Connects to `remote` (from `local`, where given) for raw bytes. Tells nothing to a trace."""
    started = clock.now()
    sock = await _connect(remote, clock, timeout_s=timeout_s, local=local)
    if isinstance(sock, Trouble):
        return sock
    stream = TcpStream(sock, remote, clock, connect_ms=(clock.now() - started) * 1000)
    try:
        await asyncio.get_running_loop().create_connection(lambda: stream, sock=sock)
    except BaseException:
        sock.close()
        raise
    return stream


def free_port(source: Address) -> Address | None:
    """`source` with a TCP port that nobody uses just now; None where this host cannot send from there."""
    try:
        with socket.socket(FAMILIES[source.family], socket.SOCK_STREAM) as sock:
            sock.bind(to_name(source))
            return to_address(sock.getsockname())
    except OSError:
        return None


async def _connect(
    remote: Address, clock: Clock, *, timeout_s: float, local: Address | None
) -> socket.socket | Trouble:
    try:
        sock = socket.socket(FAMILIES[remote.family], socket.SOCK_STREAM)
    except OSError as error:
        return os_trouble(error, about=remote, at_ms=clock.now_ms())
    try:
        trouble = await _dial(sock, remote, clock, timeout_s=timeout_s, local=local)
    except BaseException:
        sock.close()
        raise
    if trouble is not None:
        sock.close()
        return trouble
    return sock


async def _dial(
    sock: socket.socket, remote: Address, clock: Clock, *, timeout_s: float, local: Address | None
) -> Trouble | None:
    sock.settimeout(0)
    ask_for_icmp(sock, remote.family)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if local is not None:
            _share(sock)
            sock.bind(to_name(local))
        async with asyncio.timeout(timeout_s):
            await asyncio.get_running_loop().sock_connect(sock, to_name(remote))
        sock.getpeername()
    except TimeoutError as error:
        return _told_by_icmp(sock, remote, clock) or _timed_out(error, remote, clock, timeout_s, syns_sent(sock))
    except OSError as error:
        return _told_by_icmp(sock, remote, clock) or os_trouble(error, about=remote, at_ms=clock.now_ms())
    # An ICMP error on the open connection would keep the event loop, which does not read the queue, awake for ever.
    ask_for_icmp(sock, remote.family, wanted=False)
    return None


def _share(sock: socket.socket) -> None:
    """Lets other connections leave from the same port; BSD's and Apple's word for that is another one."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if sys.platform not in {"linux", "win32"}:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)


def _told_by_icmp(sock: socket.socket, remote: Address, clock: Clock) -> Trouble | None:
    troubles = queued_icmp(sock, remote.family, at_ms=clock.now_ms())
    return troubles[-1] if troubles else None


def _timed_out(error: TimeoutError, remote: Address, clock: Clock, timeout_s: float, sends: int | None) -> Trouble:
    # ETIMEDOUT of the kernel is a TimeoutError as well; ours has no number.
    if error.errno:
        return os_trouble(error, about=remote, at_ms=clock.now_ms())
    return silent(remote, waited_s=timeout_s, at_ms=clock.now_ms(), sends=sends)


class TcpStream(asyncio.Protocol):
    """A Carrier: a connected byte stream; each chunk that arrives is a Datagram. Made by `open_stream`."""

    transport: TransportName = "tcp"

    def __init__(self, sock: socket.socket, remote: Address, clock: Clock, *, connect_ms: float) -> None:
        self.local = to_address(sock.getsockname())
        self.remote = remote
        self.connect_ms = connect_ms
        """How long the TCP handshake took, milliseconds."""
        self._clock = clock
        self._inbox = Inbox(limit=1 << 16)  # never reached: reading pauses far below
        self._gone = asyncio.Event()
        self._wire: asyncio.Transport | None = None

    @property
    def ended(self) -> Trouble | None:
        """See Carrier."""
        return self._inbox.final

    def send(self, data: bytes, to: Address | None = None) -> None:  # noqa: ARG002
        """Sends bytes. A peer that reads nothing for a megabyte ends the stream."""
        if self._wire is None or self._wire.is_closing():
            return
        if self._wire.get_write_buffer_size() > _UNSENT_LIMIT:
            detail = f"{self.remote} reads nothing that is sent to it"
            at_ms = self._clock.now_ms()
            self._inbox.end(Trouble(reason=Reason.TIMEOUT, detail=detail, at_ms=at_ms, about=self.remote))
            self._wire.abort()
            return
        self._wire.write(data)

    async def receive(self) -> Datagram | Trouble:
        """See Endpoint."""
        item = await self._inbox.take()
        if not len(self._inbox) and self._wire is not None and not self._wire.is_closing():
            self._wire.resume_reading()
        return item

    async def close(self) -> None:
        """See Endpoint. What was sent is given 100 ms to leave; then the connection is dropped."""
        self._inbox.end(closed_here(self.remote, at_ms=self._clock.now_ms()))
        if self._wire is None:
            return
        self._wire.close()
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._gone.wait(), _CLOSE_S)
        finally:
            self._wire.abort()
        await self._gone.wait()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        self._wire = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Called by asyncio."""
        self._inbox.put(Datagram(data, self.remote, self._clock.now()))
        if len(self._inbox) >= _PAUSE_AT_CHUNKS and self._wire is not None:
            self._wire.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio."""
        self._inbox.end(self._why(exc))
        self._gone.set()

    def _why(self, exc: Exception | None) -> Trouble:
        if isinstance(exc, OSError):
            return os_trouble(exc, about=self.remote, at_ms=self._clock.now_ms())
        detail = f"{self.remote} closed the connection"
        return Trouble(reason=Reason.CLOSED, detail=detail, at_ms=self._clock.now_ms(), about=self.remote)
