"""A request and a response as values, and what a client may take."""

from collections.abc import Awaitable, Callable

import msgspec


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A request; header names are in lower case."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The value of the first header with this name."""
        return next((value for each, value in self.headers if each == name), None)


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """What is answered."""

    status: int
    body: bytes
    media_type: str = "text/plain; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


Handler = Callable[[Request], Awaitable[Response]]


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """What a client may take; times are seconds."""

    methods: tuple[str, ...] = ("GET", "HEAD")
    """What is served; POST may have a body."""
    body_bytes: int = 0
    connections: int = 64
    head_bytes: int = 16_384
    uri_bytes: int = 8_192
    head_s: float = 10.0
    """From the first byte of a request's head to its end, however slowly it comes."""
    idle_s: float = 75.0
    """Between two requests. Longer than the usual scrape intervals, so that Prometheus keeps its connection."""
    send_s: float = 10.0
    linger_s: float = 1.0
    """For a client that still sends what is not read, before its connection is closed."""
    drain_s: float = 10.0
    """For answers that are being made when the server is told to stop."""


def sentence(status: int, text: str, *headers: tuple[str, str]) -> Response:
    """A response that is one sentence for a person."""
    return Response(status=status, body=f"{text}\n".encode(), headers=headers)
