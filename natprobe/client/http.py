"""Puts one HTTP/1.1 request to one address, and tells everything that came of it.

One connection a request, to the address that is given, with the host of the URL in SNI and in Host. A certificate
breaks nothing here; redirects are told, and never followed. However the server behaves, `Limits` says what it costs.

Heads and bodies go into no trace: they hold what credentials unlock. `HttpExchange` is what reports may keep.
"""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from natprobe.address import Address
from natprobe.client.hold import Hold
from natprobe.client.line import Way
from natprobe.net.endpoint import Carrier
from natprobe.net.handshake import Handshake
from natprobe.net.tcp import open_stream
from natprobe.net.tls import open_tls_stream
from natprobe.net.trouble import Reason, Trouble, silent
from natprobe.wire.http.head import Field, Head, SpeaksTls, Unreadable
from natprobe.wire.http.limits import Limits
from natprobe.wire.http.request import Request
from natprobe.wire.http.text import printed, shown_value, without_secrets

if TYPE_CHECKING:
    from natprobe.wire.http.answer import AnswerReader

ALPN = ("http/1.1",)
DEFAULT_LIMITS = Limits()
_SWITCHING = 101
_PIECE = 16384


class Header(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One header field as it may be shown: printable, bounded, secrets hidden."""

    name: str
    value: str
    flaw: str | None = None
    """What is wrong with it; None where it is as RFC 9112 section 5 has it."""


class HttpExchange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One request and what came of it, without secrets. Both `status` and `trouble` where the answer broke off."""

    method: str
    url: str
    """As asked; the values of its query are hidden."""
    address: Address
    status: int | None = None
    """None where no answer could be read."""
    phrase: str = ""
    version: str | None = None
    headers: tuple[Header, ...] = ()
    body_bytes: int = 0
    """How much of the body was kept, its content coding undone."""
    cut: str | None = None
    """Why that is not the whole body, as a clause; None where it is."""
    bomb: bool = False
    """Whether a few bytes of the body's coding stand for very many: nobody sends that by accident."""
    trouble: Trouble | None = None
    speaks_tls: bool = False
    """Whether records of TLS came in answer to plain HTTP."""
    connect_ms: float | None = None
    """The TCP handshake."""
    tls_ms: float | None = None
    first_byte_ms: float | None = None
    """From the request's last byte to the answer's first one."""
    total_ms: float = 0.0
    """From the first packet to the last byte, or to the moment of giving up."""

    @property
    def answered(self) -> bool:
        """Whether a whole answer came, its body included as far as it is taken."""
        return self.status is not None and self.trouble is None


@dataclass(frozen=True, slots=True)
class Exchanged:
    """The same with what no report keeps: the head as it came, the body, the handshake."""

    seen: HttpExchange
    head: Head | None = field(default=None, repr=False)
    body: bytes = field(default=b"", repr=False)
    handshake: Handshake | None = None

    @property
    def status(self) -> int | None:
        """The answer's status; None where no answer could be read."""
        return self.seen.status

    def value(self, name: str) -> str | None:
        """The first value of the header field `name`, not made safe to print; None where there is none."""
        return self.head.value(name) if self.head else None


async def fetch(hold: Hold, way: Way, request: Request, limits: Limits = DEFAULT_LIMITS) -> Exchanged:
    """Puts `request` to `way` (tcp or tls). What the network does is told, never raised."""
    from natprobe.wire.http.answer import AnswerReader  # noqa: PLC0415  h11 is loaded only where HTTP is spoken

    exchange = _Exchange(hold, way, request, limits, AnswerReader(request, limits))
    await exchange.run()
    return exchange.told()


async def deliver(hold: Hold, way: Way, request: Request, limits: Limits = DEFAULT_LIMITS) -> Exchanged:
    """Puts a `request` that nobody else may read: over TLS it is sent only where the certificate is good."""
    from natprobe.wire.http.answer import AnswerReader  # noqa: PLC0415  h11 is loaded only where HTTP is spoken

    exchange = _Exchange(hold, way, request, limits, AnswerReader(request, limits), private=True)
    await exchange.run()
    return exchange.told()


@dataclass(frozen=True, slots=True)
class Switched:
    """The same for a request to speak another protocol. With a 101 the connection stays open, and is the caller's."""

    exchanged: Exchanged
    carrier: Carrier | None = None
    rest: bytes = field(default=b"", repr=False)
    """What followed the 101 at once."""


async def switch(hold: Hold, way: Way, request: Request, limits: Limits = DEFAULT_LIMITS) -> Switched:
    """Puts `request`, which asks for another protocol (RFC 9110 section 7.8); the rest is as in `fetch`."""
    from natprobe.wire.http.answer import AnswerReader  # noqa: PLC0415  h11 is loaded only where HTTP is spoken

    exchange = _Exchange(hold, way, request, limits, AnswerReader(request, limits))
    carrier = await exchange.run(keep_switched=True)
    return Switched(exchange.told(), carrier, exchange.rest)


class _Exchange:
    """One exchange on its way."""

    def __init__(
        self, hold: Hold, way: Way, request: Request, limits: Limits, reader: "AnswerReader", *, private: bool = False
    ) -> None:
        self._private = private
        self._hold, self._way, self._request, self._limits, self._reader = hold, way, request, limits, reader
        self._started_ms = hold.clock.now_ms()
        self._asked_ms: float | None = None
        self._first_ms: float | None = None
        self._ended_ms = self._started_ms
        self._connect_ms: float | None = None
        self._handshake: Handshake | None = None
        self._trouble: Trouble | None = None
        self._speaks_tls = False

    @property
    def rest(self) -> bytes:
        """What followed a 101."""
        return self._reader.rest

    async def run(self, *, keep_switched: bool = False) -> Carrier | None:
        """Opens, asks, reads, closes; each within the limits. The carrier, where it is kept open after a 101."""
        carrier: Carrier | None = None
        kept = False
        try:
            async with asyncio.timeout(self._limits.total_s):
                carrier = await self._open()
                if carrier is not None:
                    self._trouble = await self._converse(carrier)
            kept = keep_switched and self._switched
        except TimeoutError:
            self._trouble = self._late()
        finally:
            self._ended_ms = self._hold.clock.now_ms()
            if carrier is not None and not kept:
                await carrier.close()
        return carrier if kept else None

    @property
    def _switched(self) -> bool:
        return self._trouble is None and self._reader.head is not None and self._reader.head.status == _SWITCHING

    async def _open(self) -> Carrier | None:
        way, hold, timeout_s = self._way, self._hold, min(self._limits.connect_s, self._limits.total_s)
        if way.transport == "tcp":
            stream = await open_stream(way.address, hold.clock, timeout_s=timeout_s)
            if isinstance(stream, Trouble):
                self._trouble = stream
                return None
            self._connect_ms = stream.connect_ms
            return stream
        opened = await open_tls_stream(
            way.address, hold.clock, server_name=way.server_name, roots=hold.roots, timeout_s=timeout_s, alpn=ALPN
        )
        if isinstance(opened, Trouble):
            self._trouble = opened
            return None
        carrier, self._handshake = opened
        self._connect_ms = self._handshake.started_ms - self._started_ms
        if self._private and not (self._handshake.name_matches and not self._handshake.errors):
            self._trouble = self._about(Reason.TLS, f"{way.address} shows no certificate that proves {way.server_name}")
            await carrier.close()
            return None
        return carrier

    async def _converse(self, carrier: Carrier) -> Trouble | None:
        carrier.send(self._reader.sent)
        self._asked_ms = self._hold.clock.now_ms()
        try:
            while not self._reader.done:
                arrival = await carrier.receive()
                if isinstance(arrival, Trouble):
                    return self._ended(arrival)
                self._first_ms = self._first_ms or arrival.at * 1000
                await self._feed(arrival.data)
        except Unreadable as error:
            self._speaks_tls = isinstance(error, SpeaksTls)
            return self._about(Reason.MALFORMED, f"{self._way.address} answered, but {error}")
        return None

    async def _feed(self, data: bytes) -> None:
        """In pieces: a body of tiny chunks takes long to read, and a deadline is to be heard meanwhile."""
        for at in range(0, len(data), _PIECE):
            self._reader.feed(data[at : at + _PIECE])
            await asyncio.sleep(0)

    def _ended(self, trouble: Trouble) -> Trouble | None:
        if trouble.reason is not Reason.CLOSED:
            return trouble
        early = self._reader.eof()
        if early is None:
            return None
        return self._about(Reason.CLOSED, f"{self._way.address} closed the connection {early}")

    def _late(self) -> Trouble:
        if not self._reader.begun:
            return silent(self._way.address, waited_s=self._limits.total_s, at_ms=self._hold.clock.now_ms())
        part = "its header" if self._reader.head is None else "its body"
        detail = f"{self._way.address} began to answer, and {part} was not complete after {self._limits.total_s:g} s"
        return self._about(Reason.TIMEOUT, detail)

    def _about(self, reason: Reason, detail: str) -> Trouble:
        return Trouble(reason=reason, detail=detail, at_ms=self._hold.clock.now_ms(), about=self._way.address)

    def told(self) -> Exchanged:
        """What came of it."""
        head = self._reader.head
        kept = self._reader.body()
        first = self._first_ms
        seen = HttpExchange(
            method=self._request.method,
            url=shown_url(self._way, self._request),
            address=self._way.address,
            status=head.status if head else None,
            phrase=printed(head.phrase, 80) if head else "",
            version=head.version if head else None,
            headers=shown_headers(head.fields) if head else (),
            body_bytes=len(kept.body),
            cut=kept.cut,
            bomb=kept.bomb,
            trouble=self._trouble,
            speaks_tls=self._speaks_tls,
            connect_ms=self._connect_ms,
            tls_ms=self._handshake.duration_ms if self._handshake else None,
            first_byte_ms=None if first is None or self._asked_ms is None else max(0.0, first - self._asked_ms),
            total_ms=self._ended_ms - self._started_ms,
        )
        return Exchanged(seen, head, kept.body, self._handshake)


def shown_url(way: Way, request: Request) -> str:
    """The URL that is asked, with the values of its query hidden."""
    scheme = "http" if way.transport == "tcp" else "https"
    return without_secrets(f"{scheme}://{request.authority}{request.path}")


def shown_headers(fields: tuple[Field, ...]) -> tuple[Header, ...]:
    """The fields as a report may show them."""
    named = ((printed(each.name, 120), each) for each in fields)
    return tuple(Header(name=name, value=shown_value(name, each.value), flaw=each.flaw) for name, each in named)
