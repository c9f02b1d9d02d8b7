"""An encrypted channel: a session, and the carrier that its bytes travel on.

The reader drives it: whoever waits in receive() takes a chunk of the carrier, has the session decrypt it, and sends
what the session wants to answer. So nothing runs in the background, and a cancelled receive() loses nothing.
"""

import asyncio
from collections import deque

from natprobe.address import Address
from natprobe.events import TransportName
from natprobe.net.clock import Clock
from natprobe.net.endpoint import Carrier, Datagram
from natprobe.net.handshake import Handshake
from natprobe.net.records import Packer
from natprobe.net.session import Broken, Session
from natprobe.net.trouble import Reason, Trouble, closed_here, silent

REPEATS_S = (0.1, 0.25, 0.5, 1.0, 2.0)
"""How long a DTLS flight waits for an answer before each repetition; the last one goes on."""


class SecureChannel:
    """A Carrier over a Carrier: what goes in and out of it is above TLS or DTLS."""

    def __init__(self, carrier: Carrier, session: Session, remote: Address, clock: Clock) -> None:
        self.transport: TransportName = session.kind
        self.local = carrier.local
        self.remote = remote
        self._carrier = carrier
        self._session = session
        self._clock = clock
        self._packer = Packer()
        self._plain: deque[Datagram | Trouble] = deque()
        self._final: Trouble | None = None
        self._repeats = 0

    @property
    def ended(self) -> Trouble | None:
        """See Carrier."""
        return self._final or self._carrier.ended

    async def handshake(self, *, timeout_s: float) -> Handshake | Trouble:
        """Completes the handshake, whatever the certificate is, or says why it could not be completed."""
        started_ms = self._clock.now_ms()
        shake = self._shake_stream if self.transport == "tls" else self._shake_datagrams
        try:
            async with asyncio.timeout(timeout_s):
                trouble = await shake()
        except TimeoutError:
            return self._late(timeout_s)
        except Broken as broken:
            self._flush()
            return self._told(broken)
        if trouble is not None:
            return self._interrupted(trouble)
        return self._session.evidence(started_ms=started_ms, connected_ms=self._clock.now_ms())

    def send(self, data: bytes, to: Address | None = None) -> None:  # noqa: ARG002
        """See Endpoint."""
        if self.ended is not None:
            return
        try:
            self._session.write(data)
        except Broken as broken:
            self._plain.append(self._told(broken))
        self._flush()

    async def receive(self) -> Datagram | Trouble:
        """See Endpoint."""
        while not self._plain:
            if self._final is not None:
                return self._final
            chunk = await self._carrier.receive()
            if isinstance(chunk, Trouble):
                return chunk
            self._absorb(chunk)
        return self._plain.popleft()

    async def close(self) -> None:
        """See Endpoint. Says close_notify first, and waits for no answer to it."""
        if self.ended is None:
            self._session.shutdown()
            self._flush()
        self._final = self._final or closed_here(self.remote, at_ms=self._clock.now_ms())
        await self._carrier.close()

    async def _shake_stream(self) -> Trouble | None:
        while True:
            done = self._session.shake()
            self._flush()
            if done:
                return None
            chunk = await self._carrier.receive()
            if isinstance(chunk, Trouble):
                return chunk
            self._session.feed(chunk.data)

    async def _shake_datagrams(self) -> Trouble | None:
        flight: tuple[bytes, ...] = ()
        while not self._session.shake():
            flight = self._flush() or flight
            answer = await self._answer_to(flight)
            if isinstance(answer, Trouble):
                return answer
            self._session.feed(answer.data)
        self._flush()
        return None

    async def _answer_to(self, flight: tuple[bytes, ...]) -> Datagram | Trouble:
        repeats = 0
        while True:
            try:
                async with asyncio.timeout(REPEATS_S[min(repeats, len(REPEATS_S) - 1)]):
                    return await self._from_peer()
            except TimeoutError:
                repeats += 1
                self._repeats += 1
                flight = self._packer.pack(self._session.retransmit()) or self._packer.again(flight)
                self._emit(flight)

    async def _from_peer(self) -> Datagram | Trouble:
        """The next arrival of this session. Strangers' datagrams and advice on packet sizes do not end it."""
        while True:
            arrival = await self._carrier.receive()
            if isinstance(arrival, Trouble):
                if arrival.about in (self.remote, None) and arrival.reason is not Reason.TOO_BIG:
                    return arrival
            elif arrival.source == self.remote:
                return arrival

    def _absorb(self, chunk: Datagram) -> None:
        if chunk.source != self.remote:
            return
        self._session.feed(chunk.data)
        try:
            for data in self._session.read():
                self._plain.append(Datagram(data, self.remote, chunk.at))
        except Broken as broken:
            self._final = self._told(broken)
        self._flush()

    def _flush(self) -> tuple[bytes, ...]:
        outgoing = self._session.outgoing()
        if not outgoing:
            return ()
        pieces = (outgoing,) if self.transport == "tls" else self._packer.pack(outgoing)
        self._emit(pieces)
        return pieces

    def _emit(self, pieces: tuple[bytes, ...]) -> None:
        for piece in pieces:
            self._carrier.send(piece)

    def _told(self, broken: Broken) -> Trouble:
        return Trouble(
            reason=broken.reason,
            detail=f"{self.remote}: {broken.detail}",
            at_ms=self._clock.now_ms(),
            about=self.remote,
            alert=broken.alert,
            fault=broken.fault,
            client_certificate=self._session.asked_certificate,
        )

    def _late(self, timeout_s: float) -> Trouble:
        if not self._session.heard:
            return silent(self.remote, waited_s=timeout_s, at_ms=self._clock.now_ms(), sends=1 + self._repeats)
        protocol, foreign = self.transport.upper(), self._session.foreign
        if foreign is not None:
            return self._told(
                Broken(Reason.TLS, f"the peer answers, but not with {protocol}: it begins with {foreign!r}")
            )
        return self._told(Broken(Reason.TIMEOUT, f"the {protocol} handshake was not complete after {timeout_s:.1f} s"))

    def _interrupted(self, trouble: Trouble) -> Trouble:
        if trouble.reason not in (Reason.CLOSED, Reason.RESET):
            return trouble
        act = "closed" if trouble.reason is Reason.CLOSED else "reset"
        moment = "during the TLS handshake" if self._session.heard else "when it saw a TLS ClientHello"
        return self._told(Broken(trouble.reason, f"the peer {act} the connection {moment}, without an alert"))
