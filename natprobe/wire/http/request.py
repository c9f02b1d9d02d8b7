"""A request, before it is bytes."""

import msgspec

from natprobe.target import Target

JSON = "application/json"


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One question to a web server. `path` is what stands in the request line, its query included."""

    method: str = "GET"
    path: str = "/"
    authority: str
    """What the Host field says: `host[:port]` as the URL has it (RFC 9112 section 3.2)."""
    headers: tuple[tuple[str, str], ...] = ()
    """Further fields; one of these names replaces our own: Accept, Connection, User-Agent and so on."""
    body: bytes = b""

    def fields(self) -> tuple[tuple[str, str], ...]:
        """Every field that is sent, ours first: an answer without coding, on a connection of its own."""
        given = {name.lower() for name, _ in self.headers}
        ours = (
            ("Host", self.authority),
            ("User-Agent", "natprobe"),
            ("Accept", "*/*"),
            ("Accept-Encoding", "identity"),
            ("Connection", "close"),
            *((("Content-Length", str(len(self.body))),) if self.body or self.method == "POST" else ()),
        )
        return tuple((name, value) for name, value in ours if name.lower() not in given) + self.headers


def request_for(
    target: Target,
    method: str = "GET",
    *,
    origin: str | None = None,
    headers: tuple[tuple[str, str], ...] = (),
    body: bytes = b"",
) -> Request:
    """A request for the page or endpoint that `target` names, from a page at `origin` where one is given."""
    asking = () if origin is None else (("Origin", origin),)
    return Request(
        method=method, path=target.request_path, authority=target.authority, headers=(*asking, *headers), body=body
    )
