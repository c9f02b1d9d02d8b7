"""UDP: one unconnected socket, so that answers from anybody are seen, and ICMP errors with their sender.

Theory of operation. A connected socket hides datagrams from other sources, which is just what a diagnosis wants to
see; an unconnected one hides ICMP errors. Linux's IP_RECVERR gives both: errors wait in a queue beside the data and
name the destination they are about. An asyncio datagram transport does not read that queue and would spin on it, so
the socket is watched by hand. Where the event loop cannot watch sockets (Windows), receive() itself reads; there and
on macOS ICMP errors are not seen, or without their sender, and `natprobe.net.refusal` asks beside.
"""

import asyncio
import socket

from natprobe.address import Address
from natprobe.events import Trace, TransportName
from natprobe.net.clock import Clock
from natprobe.net.endpoint import Datagram
from natprobe.net.inbox import Inbox
from natprobe.net.sockets import (
    FAMILIES,
    WILDCARDS,
    ask_for_icmp,
    queued_icmp,
    source_address_for,
    to_address,
    to_name,
)
from natprobe.net.telling import Teller
from natprobe.net.trouble import Family, Reason, Trouble, closed_here, datagram_trouble, os_trouble

__all__ = ["UdpEndpoint", "open_udp", "source_address_for"]

QUEUE_LIMIT = 512
_READS_AT_ONCE = 64
_MAX_DATAGRAM = 65535
_TTL_OPTIONS = {4: (socket.IPPROTO_IP, socket.IP_TTL), 6: (socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS)}


def open_udp(
    clock: Clock, trace: Trace, *, family: Family, local: Address | None = None, remote: Address | None = None
) -> "UdpEndpoint | Trouble":
    """Opens a UDP socket bound to `local`, or else to the source address that routing picks towards `remote`.

    With neither it is bound to the wildcard, and `local` says so. Needs a running event loop.
    """
    source = local or (source_address_for(remote) if remote else Address(WILDCARDS[family], 0))
    if source is None:
        detail = f"this host has no route to {remote}"
        return Trouble(reason=Reason.NO_ROUTE, detail=detail, at_ms=clock.now_ms(), about=remote)
    try:
        sock = _bound_socket(family, source)
    except OSError as error:
        return _bind_trouble(error, source, clock)
    ask_for_icmp(sock, family)
    endpoint = UdpEndpoint(sock, clock, trace, remote=remote)
    try:
        endpoint.watch()
    except NotImplementedError:
        return PullingUdpEndpoint(sock, clock, trace, remote=remote)
    return endpoint


def _bound_socket(family: Family, source: Address) -> socket.socket:
    sock = socket.socket(FAMILIES[family], socket.SOCK_DGRAM)
    try:
        sock.settimeout(0)
        if family == 6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(to_name(source))
    except OSError:
        sock.close()
        raise
    return sock


def _bind_trouble(error: OSError, source: Address, clock: Clock) -> Trouble:
    detail = f"this host cannot send from {source} ({error.strerror or type(error).__name__})"
    return Trouble(reason=os_trouble(error, about=None, at_ms=0).reason, detail=detail, at_ms=clock.now_ms())


class UdpEndpoint:
    """An Endpoint over an unconnected UDP socket; `Datagram.source` is whoever sent it. Made by `open_udp`."""

    transport: TransportName = "udp"

    def __init__(self, sock: socket.socket, clock: Clock, trace: Trace, *, remote: Address | None) -> None:
        self.local = to_address(sock.getsockname())
        self.remote = remote
        self._sock = sock
        self._clock = clock
        self._tell = Teller(trace, self.transport, self.local)
        self._inbox = Inbox(QUEUE_LIMIT)

    @property
    def dropped(self) -> int:
        """How many datagrams were dropped here because nobody called receive() in time."""
        return self._inbox.dropped

    @property
    def ended(self) -> Trouble | None:
        """See Carrier."""
        return self._inbox.final

    @property
    def ttl(self) -> int:
        """Time to live (hop limit) of the datagrams sent from now on."""
        return self._sock.getsockopt(*_TTL_OPTIONS[self.local.family])

    @ttl.setter
    def ttl(self, hops: int) -> None:
        self._sock.setsockopt(*_TTL_OPTIONS[self.local.family], hops)

    def watch(self) -> None:
        """Has the running event loop read the socket. Raises NotImplementedError where it cannot (Windows)."""
        asyncio.get_running_loop().add_reader(self._sock, self._readable)

    def send(self, data: bytes, to: Address | None = None) -> None:
        """See Endpoint. Raises ValueError where neither `to` nor `remote` is known."""
        destination = to or self.remote
        if destination is None:
            raise ValueError("a destination is needed: this endpoint has no remote address")
        if self._inbox.final is not None:
            return
        trouble = self._transmit(data, destination)
        if trouble is not None:
            self._inbox.put(trouble)
            return
        self._tell("sent", data, destination, self._clock.now_ms())

    async def receive(self) -> Datagram | Trouble:
        """See Endpoint."""
        return await self._inbox.take()

    async def close(self) -> None:
        """See Endpoint."""
        if self._sock.fileno() < 0:
            return
        asyncio.get_running_loop().remove_reader(self._sock)
        self._shut()

    def _shut(self) -> None:
        self._sock.close()
        self._inbox.end(closed_here(self.remote, at_ms=self._clock.now_ms()))

    def _transmit(self, data: bytes, destination: Address) -> Trouble | None:
        # A send reports the error of an earlier datagram first; that error stands in the queue, so it is tried again.
        if destination.family != self.local.family:
            detail = f"a socket of IPv{self.local.family} cannot send to {destination}"
            return Trouble(reason=Reason.LOCAL, detail=detail, at_ms=self._clock.now_ms(), about=destination)
        error: OSError | None = None
        for _ in range(4):
            try:
                self._sock.sendto(data, to_name(destination))
            except OSError as failure:
                error = failure
                if not self._take_icmp():
                    break
            else:
                return None
        return os_trouble(error, about=destination, at_ms=self._clock.now_ms()) if error else None

    def _take_icmp(self) -> int:
        troubles = queued_icmp(self._sock, self.local.family, at_ms=self._clock.now_ms())
        for trouble in troubles:
            self._inbox.put(trouble)
        return len(troubles)

    def _readable(self) -> None:
        for _ in range(_READS_AT_ONCE):
            self._take_icmp()
            try:
                data, name = self._sock.recvfrom(_MAX_DATAGRAM)
            except BlockingIOError:
                return
            except OSError as error:
                # Linux reports a queued ICMP error here too, without its destination: the queue says more.
                if not self._take_icmp():
                    self._inbox.put(datagram_trouble(error, about=None, at_ms=self._clock.now_ms()))
                continue
            self._inbox.put(self._arrived(data, to_address(name)))

    def _arrived(self, data: bytes, source: Address) -> Datagram:
        at = self._clock.now()
        self._tell("received", data, source, at * 1000)
        return Datagram(data, source, at)


class PullingUdpEndpoint(UdpEndpoint):
    """The same where the event loop cannot watch a socket: reads while somebody waits in receive()."""

    async def receive(self) -> Datagram | Trouble:
        """See Endpoint. A datagram that arrives in the moment of a cancellation can be lost."""
        if len(self._inbox) or self._inbox.final is not None:
            return await self._inbox.take()
        try:
            data, name = await asyncio.get_running_loop().sock_recvfrom(self._sock, _MAX_DATAGRAM)
        except OSError as error:
            return self._inbox.final or datagram_trouble(error, about=None, at_ms=self._clock.now_ms())
        return self._arrived(data, to_address(name))

    async def close(self) -> None:
        """See Endpoint."""
        self._shut()
