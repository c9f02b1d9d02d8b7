"""A real TURN server answers a Binding request over every transport that we have."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import trustme

from natprobe.address import Address
from natprobe.events import Packet, TransportName
from natprobe.net.clock import Clock
from natprobe.net.dtls import open_dtls
from natprobe.net.endpoint import Endpoint
from natprobe.net.handshake import Roots, Secured
from natprobe.net.tcp import open_tcp
from natprobe.net.tls import open_tls
from natprobe.net.trouble import Trouble
from natprobe.net.udp import open_udp
from tests.net.dtls_servers import coturn
from tests.net.sayings import BINDING, ID, message
from tests.net.tls_servers import NAME

Opener = Callable[..., Awaitable[Secured | Trouble]]


@pytest.fixture(params=["127.0.0.1", "::1"])
async def server(
    request: pytest.FixtureRequest, authority: trustme.CA, tmp_path: Path
) -> AsyncIterator[tuple[Address, Address]]:
    pem = tmp_path / "turn.pem"
    authority.issue_cert(NAME).private_key_and_cert_chain_pem.write_to_path(str(pem))
    async with coturn(pem, request.param) as addresses:
        yield addresses


async def asks(endpoint: Endpoint, transport: TransportName, packets: list[Packet]) -> None:
    """Puts the question and reads the answer: Binding success (RFC 8489 section 5), our own transaction id."""
    endpoint.send(BINDING)
    got = await message(endpoint)
    await endpoint.close()
    assert (got.data[:2], got.data[8:20], got.source) == (b"\x01\x01", ID, endpoint.remote)
    assert [(each.transport, each.direction, each.data) for each in packets] == [
        (transport, "sent", BINDING),
        (transport, "received", got.data),
    ]
    packets.clear()


async def test_it_answers_over_udp_and_tcp(
    server: tuple[Address, Address], clock: Clock, packets: list[Packet]
) -> None:
    plain, _secure = server
    over_udp = open_udp(clock, packets.append, family=plain.family, remote=plain)
    assert not isinstance(over_udp, Trouble), over_udp
    await asks(over_udp, "udp", packets)
    over_tcp = await open_tcp(plain, clock, packets.append, timeout_s=20)
    assert not isinstance(over_tcp, Trouble), over_tcp
    await asks(over_tcp, "tcp", packets)


async def test_it_answers_over_tls_and_dtls(
    server: tuple[Address, Address], clock: Clock, packets: list[Packet], ca_file: Path
) -> None:
    _plain, secure = server
    roots = Roots(ca_file)
    openers: tuple[tuple[TransportName, Opener], ...] = (("tls", open_tls), ("dtls", open_dtls))
    for transport, opener in openers:
        opened = await opener(secure, clock, packets.append, server_name=NAME, roots=roots, timeout_s=20)
        assert isinstance(opened, Secured), opened
        assert (opened.handshake.errors, opened.handshake.name_matches) == ((), True)
        await asks(opened.endpoint, transport, packets)
