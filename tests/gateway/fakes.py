"""Gateways of our own on loopback: they answer as a test tells them, for what no real one does."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec

from natprobe.address import Address
from natprobe.wire.attributes import encode_xor_address
from natprobe.wire.integrity import Integrity, short_term_key, verify
from natprobe.wire.message import Malformed, build, parse
from natprobe.wire.registry import Attribute, MessageClass, Method
from natprobe.wire.seal import Sealing
from tests.web.servers import Answer, reply

JSON = "application/json"
PASSWORD = "0123456789abcdefghijklmn"
INFO = {
    "janus": "server_info",
    "name": "Janus",
    "version_string": "1.2.3",
    "accepting-new-sessions": True,
    "session-timeout": 60,
    "local-ip": "127.0.0.1",
    "plugins": {"janus.plugin.echotest": {}},
}


def sdp(*candidates: str, password: str = PASSWORD) -> str:
    """An answer with these candidates."""
    lines = ["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0", "a=ice-lite", "m=audio 9 UDP/TLS/RTP/SAVPF 111"]
    lines += ["c=IN IP4 0.0.0.0", "a=mid:0", "a=ice-ufrag:theirs", f"a=ice-pwd:{password}"]
    return "\r\n".join((*lines, *(f"a=candidate:{each}" for each in candidates), ""))


def host(address: Address | str, port: int = 0) -> str:
    """A host candidate over UDP."""
    name, number = (address.host, address.port) if isinstance(address, Address) else (address, port)
    return f"1 1 udp 2130706431 {name} {number} typ host"


def over_tcp(address: Address, tcptype: str) -> str:
    """A host candidate over TCP (RFC 6544)."""
    return f"2 1 tcp 1010827775 {address.host} {address.port} typ host tcptype {tcptype}"


@contextlib.asynccontextmanager
async def greeting_all(words: bytes) -> AsyncIterator[Address]:
    """A TCP service that says `words` to whoever connects, and closes."""

    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(words)
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(greet, "127.0.0.1") as server:
        yield Address(*server.sockets[0].getsockname()[:2])


def janus(
    sdp_text: str = "", info: dict[str, Any] | None = None, instead: dict[str, dict[str, Any]] | None = None
) -> Answer:
    """A Janus whose echo test answers with `sdp_text`; `instead` is what it says to create, attach, message or poll."""

    def answer(method: str, path: str, _fields: dict[str, str]) -> bytes:
        steps = [step for step in path.partition("?")[0].split("/") if step]
        if path.endswith("/info"):
            return _told(INFO | (info or {}))
        names = {1: "create", 2: "attach", 3: "message"}
        step = names.get(len(steps), "other") if method == "POST" else "poll"
        return _told((instead or {}).get(step) or _usual(step, sdp_text))

    return answer


def _usual(step: str, sdp_text: str) -> dict[str, Any]:
    usual: dict[str, dict[str, Any]] = {
        "create": {"janus": "success", "data": {"id": 1}},
        "attach": {"janus": "success", "data": {"id": 2}},
        "message": {"janus": "ack"},
        "poll": {"janus": "event", "jsep": {"type": "answer", "sdp": sdp_text}},
        "other": {"janus": "success"},
    }
    return usual[step]


def srs(publish: bytes | Callable[[], bytes], versions: bytes | None = None) -> Answer:
    """An SRS that says `publish` to every offer."""

    def answer(_method: str, path: str, _fields: dict[str, str]) -> bytes:
        if path.endswith("/api/v1/versions"):
            return versions or _told({"code": 0, "data": {"version": "5.0.1"}})
        return publish if isinstance(publish, bytes) else publish()

    return answer


def published(sdp_text: str) -> bytes:
    """SRS' answer to an offer that it takes."""
    return _told({"code": 0, "sdp": sdp_text, "sessionid": "s3cret:session"})


def refused(code: int) -> bytes:
    """SRS' answer to one that it does not take."""
    return _told({"code": code})


def _told(value: dict[str, Any]) -> bytes:
    return reply("200 OK", msgspec.json.encode(value), kind=JSON)


class _Checks(asyncio.DatagramProtocol):
    """Answers connectivity checks that are sealed with `password`."""

    def __init__(self, password: str) -> None:
        self._key = short_term_key(password)
        self.taken: list[bool] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Called by asyncio."""
        message = parse(data)
        good = not isinstance(message, Malformed) and verify(message, self._key) is Integrity.VALID
        self.taken.append(good)
        if isinstance(message, Malformed) or not good:
            return
        mapped = (Attribute.XOR_MAPPED_ADDRESS, encode_xor_address(Address(*addr), message.transaction_id))
        seal = Sealing(key=self._key)
        answer = build(Method.BINDING, MessageClass.SUCCESS, message.transaction_id, (mapped,), seal)
        self._transport.sendto(answer, addr)  # type: ignore[attr-defined]


@contextlib.asynccontextmanager
async def media(password: str = PASSWORD) -> AsyncIterator[tuple[Address, list[bool]]]:
    """A media port, and for each check that it got whether its seal was good."""
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(lambda: _Checks(password), ("127.0.0.1", 0))
    try:
        yield Address("127.0.0.1", transport.get_extra_info("sockname")[1]), protocol.taken
    finally:
        transport.close()
