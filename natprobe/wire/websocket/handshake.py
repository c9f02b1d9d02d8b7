"""The opening handshake: what is asked, and what proves that a WebSocket server answered (RFC 6455 section 4).

No extension is offered, so no message can come compressed: what a peer sends costs here what it costs on the wire.
"""

import base64
import hashlib
import secrets
from typing import Literal

import msgspec

from natprobe.wire.http.head import Head
from natprobe.wire.http.request import Request

SWITCHING = 101
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # section 1.3

Flaw = Literal["accept-wrong", "not-websocket", "subprotocol-missing", "subprotocol-unasked", "extension-unasked"]
"""Why a client must not take a 101 for its own: the key is not answered; it switches to something else; the
subprotocol, or an extension, is not what was asked for."""


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """An upgrade as it is asked for. `path` may hold secrets: it is sent, and never shown."""

    authority: str
    path: str
    origin: str | None = None
    subprotocol: str | None = None

    def __repr__(self) -> str:
        return f"Asking({self.authority}, origin {self.origin})"


def new_key() -> str:
    """A nonce of 16 bytes, in base64 (section 4.1)."""
    return base64.b64encode(secrets.token_bytes(16)).decode("ascii")


def accept_for(key: str) -> str:
    """What Sec-WebSocket-Accept must say to `key` (section 4.2.2)."""
    digest = hashlib.sha1(f"{key}{_GUID}".encode("ascii"), usedforsecurity=False).digest()
    return base64.b64encode(digest).decode("ascii")


def request(asking: Asking, key: str) -> Request:
    """The opening request (section 4.1)."""
    headers = [("Connection", "Upgrade"), ("Upgrade", "websocket")]
    headers += [("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", key)]
    if asking.origin is not None:
        headers.append(("Origin", asking.origin))
    if asking.subprotocol is not None:
        headers.append(("Sec-WebSocket-Protocol", asking.subprotocol))
    return Request(path=asking.path, authority=asking.authority, headers=tuple(headers))


def flaw(head: Head, key: str, asking: Asking) -> Flaw | None:
    """Why a client fails the connection although `head` says 101 (section 4.1, the client's requirements 2 to 6)."""
    if not _names(head, "upgrade", "websocket") or not _names(head, "connection", "upgrade"):
        return "not-websocket"
    if [each.strip() for each in head.values("sec-websocket-accept")] != [accept_for(key)]:
        return "accept-wrong"
    if head.value("sec-websocket-extensions"):
        return "extension-unasked"
    return _subprotocol_flaw(subprotocol(head), asking.subprotocol)


def _subprotocol_flaw(given: str | None, asked: str | None) -> Flaw | None:
    if given == asked:
        return None
    # Browsers fail the connection in both cases; the RFC alone would let a missing one pass.
    return "subprotocol-missing" if given is None else "subprotocol-unasked"


def subprotocol(head: Head) -> str | None:
    """What the server picked; None where it picked nothing."""
    return ", ".join(each.strip() for each in head.values("sec-websocket-protocol")) or None


def _names(head: Head, name: str, token: str) -> bool:
    listed = (each.strip().lower() for value in head.values(name) for each in value.split(","))
    return token in listed
