"""The versions of TLS of a STUN server: one that is slow to answer its further connections is not called silent."""

import asyncio
import ssl
from pathlib import Path

import trustme

from natprobe.address import Address
from natprobe.model import Status
from natprobe.probe import Settings
from natprobe.wire.address_values import encode_xor_address
from natprobe.wire.message import Message, build, parse
from natprobe.wire.registry import Attribute, MessageClass, Method
from tests.net.conftest import authority, ca_file
from tests.net.test_tcp import serving
from tests.web.run import checked

__all__ = ["authority", "ca_file"]

SLOW_S = 0.4
NOWHERE = Address("192.0.2.9", 4000)


def answer(request: bytes) -> bytes:
    """A Binding success response."""
    message = parse(request)
    assert isinstance(message, Message)
    from_where = encode_xor_address(NOWHERE, message.transaction_id)
    attributes = ((Attribute.XOR_MAPPED_ADDRESS, from_where),)
    return build(Method.BINDING, MessageClass.SUCCESS, message.transaction_id, attributes)


async def test_versions_that_a_busy_server_takes_its_time_for_are_offered(authority: trustme.CA, ca_file: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    connections: list[object] = []

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # the ClientHello is for TLS
        if len(connections) > 1:
            await asyncio.sleep(SLOW_S)
        writer.transport.resume_reading()  # type: ignore[attr-defined]
        await writer.start_tls(context)
        if request := await reader.read(100):
            writer.write(answer(request))
            await writer.drain()
            await reader.read()

    async with serving(play) as remote:
        uri = f"stuns:127.0.0.1:{remote.port}"
        told = await checked(uri, settings=Settings(ca_file=str(ca_file)), only=("stun.binding", "tls."))
    check = told.check("tls.protocol")
    assert (check.status, check.summary) == (Status.PASS, "offered: TLS 1.2, TLS 1.3; refused: TLS 1.0, TLS 1.1")
