"""Whole messages over a byte stream, and every message told to the trace: the last layer before the caller."""

from collections import deque

from natprobe.address import Address
from natprobe.events import Trace, TransportName
from natprobe.net.clock import Clock
from natprobe.net.endpoint import Carrier, Datagram
from natprobe.net.telling import Teller
from natprobe.net.trouble import Reason, Trouble
from natprobe.wire.framing import Framer


class MessageEndpoint:
    """An Endpoint over `carrier`, whose chunks a framer cuts into messages.

    These are STUN and ChannelData (RFC 8656 section 3.7), or in ICE what stands behind a length (RFC 4571). Without a
    framer (DTLS) each chunk is a message.
    """

    def __init__(
        self,
        carrier: Carrier,
        clock: Clock,
        trace: Trace,
        *,
        transport: TransportName,
        remote: Address,
        framer: Framer | None,
    ) -> None:
        self.transport = transport
        self.local = carrier.local
        self.remote = remote
        self._carrier = carrier
        self._clock = clock
        self._tell = Teller(trace, transport, carrier.local)
        self._framer = framer
        self._messages: deque[Datagram] = deque()
        self._final: Trouble | None = None

    def send(self, data: bytes, to: Address | None = None) -> None:  # noqa: ARG002
        """See Endpoint."""
        if self._carrier.ended is not None:
            return
        self._carrier.send(self._framer.wrap(data) if self._framer else data)
        self._tell("sent", data, self.remote, self._clock.now_ms())

    async def receive(self) -> Datagram | Trouble:
        """See Endpoint."""
        while not self._messages:
            if self._final is not None:
                return self._final
            chunk = await self._carrier.receive()
            if isinstance(chunk, Trouble):
                return chunk
            self._cut(chunk)
        return self._messages.popleft()

    async def close(self) -> None:
        """See Endpoint."""
        await self._carrier.close()

    def _cut(self, chunk: Datagram) -> None:
        whole = self._framer.feed(chunk.data) if self._framer else [chunk.data]
        for data in whole:
            self._tell("received", data, self.remote, chunk.at * 1000)
            self._messages.append(Datagram(data, self.remote, chunk.at))
        if self._framer and self._framer.broken is not None:
            self._final = Trouble(
                reason=Reason.MALFORMED,
                detail=f"{self.remote}: {self._framer.broken}",
                at_ms=chunk.at * 1000,
                about=self.remote,
            )
