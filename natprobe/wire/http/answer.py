"""An answer out of bytes: our own reading of its head, h11's of the body's framing (RFC 9112 section 6). Loads h11."""

import contextlib

import h11

from natprobe.wire.http.coding import Unpacked, unpack
from natprobe.wire.http.head import TOKEN, Head, HeadReader, Unreadable
from natprobe.wire.http.limits import Limits
from natprobe.wire.http.request import Request

_FRAMING = (b"content-length", b"transfer-encoding")
_SWITCHING = 101


class AnswerReader:
    """Takes the bytes of one connection until the answer to `request` is whole, or enough of it is there."""

    def __init__(self, request: Request, limits: Limits) -> None:
        self.head: Head | None = None
        self.done = False
        self.interim: list[int] = []
        """The statuses of the 1xx answers that came before."""
        self.rest = b""
        """What followed a 101: the first bytes of the other protocol (RFC 9110 section 15.2.2)."""
        self._limits = limits
        self._heads = HeadReader(limits)
        self._body = bytearray()
        self._cut: str | None = None
        self._framing = h11.Connection(h11.CLIENT)
        self.sent = b"".join(self._framing.send(event) or b"" for event in _events(request))
        """The request as it goes to the server."""

    @property
    def begun(self) -> bool:
        """Whether anything has come."""
        return self.head is not None or bool(self.interim) or self._heads.begun

    def feed(self, data: bytes) -> None:
        """Takes bytes. Raises Unreadable; the head and the body so far stay."""
        if self.done:
            self.rest += data if self.head and self.head.status == _SWITCHING else b""
            return
        while self.head is None:
            head = self._heads.feed(data)
            if head is None:
                return
            data = b""
            self._take(head)
        more = data or self._heads.rest()
        if more and not self.done:
            self._frame(more)

    def eof(self) -> str | None:
        """Takes the end of the connection: a clause where it came too early, None where the answer is whole."""
        if self.head is None:
            return "within its header" if self.begun else "without an answer"
        if self.done:
            return None
        with contextlib.suppress(Unreadable):
            self._frame(b"")
        return None if self.done else f"after {len(self._body)} bytes of its body"

    def body(self) -> Unpacked:
        """What came of the body, its content coding undone."""
        coding = ", ".join(self.head.values("content-encoding")) if self.head else ""
        unpacked = unpack(coding, bytes(self._body), self._limits.body_bytes)
        return unpacked if unpacked.bomb or self._cut is None else Unpacked(unpacked.body, self._cut)

    def _take(self, head: Head) -> None:
        if head.status >= 200:
            self.head = head
            self._frame(_for_h11(head))
        elif head.status == _SWITCHING:
            self.head, self.done, self.rest = head, True, self._heads.rest()
        else:
            self.interim.append(head.status)
            if len(self.interim) > self._limits.interim:
                raise Unreadable(f"more than {self._limits.interim} interim answers came in place of one")

    def _frame(self, data: bytes) -> None:
        try:
            self._framing.receive_data(data)
            event = self._framing.next_event()
            while event not in (h11.NEED_DATA, h11.PAUSED) and not self.done:
                self._note(event)
                event = self._framing.next_event()
        except h11.RemoteProtocolError as error:
            # What follows the colon are bytes of the answer.
            raise Unreadable(f"its framing is broken: {str(error).partition(':')[0]}") from None

    def _note(self, event: object) -> None:
        if isinstance(event, h11.Data):
            self._body += event.data
            if len(self._body) > self._limits.body_bytes:
                del self._body[self._limits.body_bytes :]
                self._cut = f"it is longer than {self._limits.body_bytes} bytes"
                self.done = True
        elif isinstance(event, h11.EndOfMessage | h11.ConnectionClosed):
            self.done = True


def _events(request: Request) -> tuple[h11.Request | h11.Data | h11.EndOfMessage, ...]:
    head = h11.Request(method=request.method, target=request.path, headers=list(request.fields()))
    return (head, h11.Data(data=request.body), h11.EndOfMessage()) if request.body else (head, h11.EndOfMessage())


def _for_h11(head: Head) -> bytes:
    """A head of the same framing that h11 takes: what else the server says would make it give up."""
    fields = [each for each in head.fields if each.name.lower() in _FRAMING and TOKEN.fullmatch(each.name)]
    lines = (each.name + b": " + each.value for each in fields)
    return b"\r\n".join((f"HTTP/{head.version} {head.status} -".encode(), *lines, b"", b""))
