"""One client of the HTTP server: its requests one after the other, every wait and every size bounded.

A connection waits for a request's head (idle for a while, then briefly), answers it, and waits for the next. While an
answer is being made it listens on: a client that goes away cancels the work, as nobody is left to read it.
"""

import asyncio
import contextlib
from email.utils import formatdate
from http import HTTPStatus

import h11

from natprobe.listening.message import Bounds, Handler, Request, Response, sentence

_READ = 4096


class _GoneError(Exception):
    """The client went away while its answer was being made."""


class Connection:
    """One client, from its first byte to the end."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handler: Handler, bounds: Bounds
    ) -> None:
        self.waits = True
        """Whether it waits for a request, and can be ended without loss."""
        self.last = False
        """Whether the answer that is being made is the last one."""
        self._reader, self._writer = reader, writer
        self._handler, self._bounds = handler, bounds
        writer.transport.set_write_buffer_limits(0)  # a send has ended when the kernel has taken everything
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=bounds.head_bytes)

    def refuse(self) -> None:
        """Says that there are too many, and closes."""
        busy = sentence(503, "too many connections", ("Retry-After", "1"))
        self.last = True
        with contextlib.suppress(OSError):
            self._writer.write(self._encoded(busy, head_only=False))
            self._writer.close()

    async def serve(self) -> None:
        """Answers one request after the other. What a client does never escapes."""
        try:
            idle_s = self._bounds.head_s
            while await self._exchange(idle_s):
                self._h11.start_next_cycle()
                idle_s = self._bounds.idle_s
        except (OSError, TimeoutError, _GoneError, h11.ProtocolError):
            self._writer.transport.abort()

    def close(self) -> None:
        """Ends the connection; what was sent already still arrives."""
        self._writer.close()

    async def _exchange(self, idle_s: float) -> bool:
        """One request and its answer; whether another one may follow."""
        self.waits = True
        try:
            head = await self._head(idle_s)
        except h11.RemoteProtocolError as error:
            await self._send_last(sentence(error.error_status_hint, "this is no HTTP request that is served here"))
            return False
        except TimeoutError:
            await self._send_last(sentence(408, "the request's head did not come in time"))
            return False
        finally:
            self.waits = False
        if head is None:
            return False
        read = await self._read(head)
        if isinstance(read, Response):
            await self._send_last(read)
            return False
        await self._send(await self._answer(read), head_only=read.method == "HEAD")
        return self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE

    async def _head(self, idle_s: float) -> h11.Request | None:
        """The next request's head; None where the client has nothing more to ask."""
        if not self._h11.trailing_data[0]:
            try:
                async with asyncio.timeout(idle_s):
                    first = await self._reader.read(_READ)
            except TimeoutError:
                return None
            self._h11.receive_data(first)
        async with asyncio.timeout(self._bounds.head_s):
            while (event := self._h11.next_event()) is h11.NEED_DATA:
                self._h11.receive_data(await self._reader.read(_READ))
        return event if isinstance(event, h11.Request) else None

    async def _read(self, head: h11.Request) -> Request | Response:
        """The request, or what is answered to one that is not served at all."""
        method, methods = head.method.decode("ascii"), self._bounds.methods
        if method not in methods:
            return sentence(405, f"only {' and '.join(methods)} are served here", ("Allow", ", ".join(methods)))
        if len(head.target) > self._bounds.uri_bytes:
            return sentence(414, f"the URI is longer than {self._bounds.uri_bytes} bytes")
        if not head.target.startswith(b"/"):
            return sentence(400, "the request's target is to begin with a slash")
        body = await self._body(self._bounds.body_bytes if method == "POST" else 0)
        if isinstance(body, Response):
            return body
        path, _, query = head.target.decode("latin-1").partition("?")
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers)
        return Request(method=method, path=path, query=query, headers=headers, body=body)

    async def _body(self, most: int) -> bytes | Response:
        """The request's body, whole; or what is answered to one that is too long or too slow."""
        body = b""
        try:
            async with asyncio.timeout(self._bounds.head_s):
                while not isinstance(event := self._h11.next_event(), h11.EndOfMessage):
                    if event is h11.NEED_DATA and most:
                        self._h11.receive_data(await self._reader.read(_READ))
                    elif isinstance(event, h11.Data) and len(body) + len(event.data) <= most:
                        body += bytes(event.data)
                    elif most:
                        return sentence(413, f"a request's body has at most {most} bytes here")
                    else:
                        return sentence(413, "a request has no body here")
        except TimeoutError:
            return sentence(408, "the request's body did not come in time")
        return body

    async def _answer(self, request: Request) -> Response:
        """The handler's answer. Raises _GoneError where nobody waits for it any more; the work is cancelled then."""
        work = asyncio.ensure_future(self._handler(request))
        gone = asyncio.ensure_future(self._goes_away())
        try:
            await asyncio.wait((work, gone), return_when=asyncio.FIRST_COMPLETED)
            if not work.done() and gone.result():
                raise _GoneError
            return await work
        finally:
            work.cancel()
            gone.cancel()
            await asyncio.gather(work, gone, return_exceptions=True)

    async def _goes_away(self) -> bool:
        """Whether the client closes. What it sends too early is kept for later, and nothing more is read then."""
        try:
            data = await self._reader.read(_READ)
        except OSError:
            return True
        self._h11.receive_data(data)
        return not data

    async def _send(self, response: Response, *, head_only: bool) -> None:
        self._writer.write(self._encoded(response, head_only=head_only))
        async with asyncio.timeout(self._bounds.send_s):
            await self._writer.drain()

    async def _send_last(self, response: Response) -> None:
        """An answer after which the connection ends; what the client still sends is thrown away for a moment.

        Closing with unread bytes would reset the connection, and the client would not see the answer.
        """
        self.last = True
        await self._send(response, head_only=False)
        if self._writer.can_write_eof():
            self._writer.write_eof()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._bounds.linger_s):
                while await self._reader.read(_READ):
                    pass

    def _encoded(self, response: Response, *, head_only: bool) -> bytes:
        headers = [
            ("Date", formatdate(usegmt=True)),
            ("Content-Type", response.media_type),
            ("Content-Length", str(len(response.body))),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            *response.headers,
            *((("Connection", "close"),) if self.last else ()),
        ]
        parts = [
            h11.Response(status_code=response.status, reason=HTTPStatus(response.status).phrase, headers=headers),
            *(() if head_only else (h11.Data(data=response.body),)),
            h11.EndOfMessage(),
        ]
        return b"".join(self._h11.send(part) or b"" for part in parts)
