"""Does a server that refuses HTTP/1.1 speak HTTP/2, and does it carry WebSocket over that?"""

import asyncio
import contextlib

import msgspec

from natprobe.client.hold import Hold
from natprobe.client.line import Way
from natprobe.net.endpoint import Carrier
from natprobe.net.tls import open_tls_stream
from natprobe.net.trouble import Trouble
from natprobe.wire.http2 import GOODBYE, HELLO, carries_websocket

_WAIT_S = 2.0
_MOST_BYTES = 32_768


class Http2(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A server that takes ALPN h2."""

    websocket: bool | None = None
    """Whether it offers extended CONNECT (RFC 8441); None where it did not say."""


async def ask_http2(hold: Hold, way: Way) -> Http2 | None:
    """Offers h2 alone; None where that is not taken either."""
    opened = await open_tls_stream(
        way.address, hold.clock, server_name=way.server_name, roots=hold.roots, timeout_s=_WAIT_S, alpn=("h2",)
    )
    if isinstance(opened, Trouble):
        return None
    carrier, handshake = opened
    try:
        return Http2(websocket=await _settings(carrier)) if handshake.alpn == "h2" else None
    finally:
        await carrier.close()


async def _settings(carrier: Carrier) -> bool | None:
    carrier.send(HELLO)
    heard = b""
    with contextlib.suppress(TimeoutError, ValueError):
        async with asyncio.timeout(_WAIT_S):
            while len(heard) < _MOST_BYTES:
                chunk = await carrier.receive()
                if isinstance(chunk, Trouble):
                    return None
                heard += chunk.data
                told = carries_websocket(heard)
                if told is not None:
                    carrier.send(GOODBYE)
                    return told
    return None
