"""DTLS against openssl s_server: cookies, losses of every flight, and every ending told apart."""

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme

from natprobe.address import Address
from natprobe.net.clock import Clock
from natprobe.net.dtls import open_dtls
from natprobe.net.endpoint import Datagram, ignore
from natprobe.net.handshake import Roots, Secured
from natprobe.net.trouble import Reason, Trouble
from natprobe.net.udp import UdpEndpoint, open_udp
from tests.net.dtls_servers import Direction, LossyWire, s_server
from tests.net.test_udp import deaf_port
from tests.net.tls_servers import NAME, PAST, self_signed

HANDSHAKE, ALERT = 22, 21
CLIENT_HELLO, HELLO_VERIFY_REQUEST = 1, 3


@pytest.fixture(scope="module")
def roots(ca_file: Path) -> Roots:
    return Roots(ca_file)


@pytest.fixture(scope="module")
def pem(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dtls") / "server.pem"
    authority.issue_cert(NAME).private_key_and_cert_chain_pem.write_to_path(str(path))
    return path


async def dial(remote: Address, clock: Clock, roots: Roots, timeout_s: float = 30) -> Secured | Trouble:
    return await open_dtls(remote, clock, ignore, server_name=NAME, roots=roots, timeout_s=timeout_s)


async def shaken(remote: Address, clock: Clock, roots: Roots) -> Secured:
    opened = await dial(remote, clock, roots)
    assert isinstance(opened, Secured), opened
    await opened.endpoint.close()
    return opened


async def failed(remote: Address, clock: Clock, roots: Roots, timeout_s: float = 30) -> Trouble:
    told = await dial(remote, clock, roots, timeout_s)
    assert isinstance(told, Trouble), told
    return told


@contextlib.asynccontextmanager
async def bound(clock: Clock, host: str = "127.0.0.1") -> AsyncIterator[UdpEndpoint]:
    endpoint = open_udp(clock, ignore, family=6 if ":" in host else 4, local=Address(host, 0))
    assert isinstance(endpoint, UdpEndpoint)
    try:
        yield endpoint
    finally:
        await endpoint.close()


def first_records(datagrams: list[bytes]) -> list[tuple[int, int, int]]:
    """Content type, sequence number and handshake type of each epoch-0 datagram's first record."""
    plain = [each for each in datagrams if each[3:5] == b"\0\0"]
    return [(each[0], int.from_bytes(each[5:11], "big"), each[13]) for each in plain]


async def test_the_certificate_is_evidence_as_with_tls(clock: Clock, roots: Roots, pem: Path) -> None:
    async with s_server(pem) as remote:
        shown = (await shaken(remote, clock, roots)).handshake
    assert (shown.version, shown.errors, shown.name_matches, shown.sni_sent) == ("DTLSv1.2", (), True, True)
    assert shown.chain[0].dns_names == (NAME,)


async def test_an_expired_or_self_signed_certificate_ends_no_handshake(
    clock: Clock, authority: trustme.CA, roots: Roots, tmp_path: Path
) -> None:
    expired = tmp_path / "expired.pem"
    leaf = authority.issue_cert(NAME, not_before=PAST.replace(year=PAST.year - 1), not_after=PAST)
    leaf.private_key_and_cert_chain_pem.write_to_path(str(expired))
    codes = []
    for pem in (expired, self_signed(tmp_path)):
        async with s_server(pem) as remote:
            shown = (await shaken(remote, clock, roots)).handshake
        codes.append([each.code for each in shown.errors])
    assert codes == [[10], [18]]


async def test_a_cookie_is_carried_back(clock: Clock, roots: Roots, pem: Path) -> None:
    async with s_server(pem, "-listen") as remote:
        wire = LossyWire(remote, lambda _direction, _number: False)
        async with wire.laid() as address:
            await shaken(address, clock, roots)
    assert [kind for _, _, kind in first_records(wire.of("to-client"))][:1] == [HELLO_VERIFY_REQUEST]
    assert [kind for _, _, kind in first_records(wire.of("to-server"))][:2] == [CLIENT_HELLO, CLIENT_HELLO]


@pytest.mark.parametrize("direction", ["to-server", "to-client"])
@pytest.mark.parametrize("number", [0, 1, 2])
async def test_any_lost_datagram_is_made_good(
    direction: Direction, number: int, clock: Clock, roots: Roots, pem: Path
) -> None:
    async with s_server(pem, "-listen") as remote:
        wire = LossyWire(remote, lambda towards, counted: (towards, counted) == (direction, number))
        async with wire.laid() as address:
            await shaken(address, clock, roots)
    assert len(wire.of(direction)) > number


async def test_the_first_two_of_every_direction_are_made_good(clock: Clock, roots: Roots, pem: Path) -> None:
    async with s_server(pem, "-listen") as remote:
        wire = LossyWire(remote, lambda _direction, counted: counted < 2)
        async with wire.laid() as address:
            await shaken(address, clock, roots)


async def test_no_datagram_of_ours_is_a_replay_or_above_the_limit(clock: Clock, roots: Roots, pem: Path) -> None:
    async with s_server(pem, "-listen") as remote:
        wire = LossyWire(remote, lambda _direction, counted: counted in (0, 2))
        async with wire.laid() as address:
            await shaken(address, clock, roots)
    numbers = [number for _, number, _ in first_records(wire.of("to-server"))]
    assert len(numbers) >= 3
    assert numbers == sorted(set(numbers))
    assert max(map(len, wire.of("to-server"))) <= 1200


async def test_the_repetitions_come_sooner_than_openssls_own(clock: Clock, roots: Roots) -> None:
    async with bound(clock) as server:
        told = await failed(server.local, clock, roots, timeout_s=1.9)
        hellos = [await server.receive() for _ in range(4)]
    assert told.reason is Reason.SILENT
    kinds = first_records([each.data for each in hellos if isinstance(each, Datagram)])
    assert [(content, kind) for content, _, kind in kinds] == [(HANDSHAKE, CLIENT_HELLO)] * 4


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_a_closed_port_ends_it_at_once(host: str, clock: Clock, roots: Roots) -> None:
    remote = Address(host, deaf_port(host))
    told = await failed(remote, clock, roots)
    assert (told.reason, told.about, told.offender) == (Reason.REFUSED, remote, Address(host, 0))


async def test_a_peer_that_speaks_something_else_is_quoted(clock: Clock, roots: Roots) -> None:
    async with bound(clock) as server:

        async def rant() -> None:
            while isinstance(got := await server.receive(), Datagram):
                server.send(b"what is this?", got.source)

        ranting = asyncio.ensure_future(rant())
        told = await failed(server.local, clock, roots, timeout_s=0.3)
        await server.close()
        await ranting
    assert told.reason is Reason.TLS
    assert "not with DTLS: it begins with 'what is this?'" in told.detail


async def test_a_strangers_alert_is_not_believed(clock: Clock, roots: Roots, pem: Path) -> None:
    handshake_failure = struct.pack("!BHH6sHBB", ALERT, 0xFEFD, 0, bytes(6), 2, 2, 40)
    async with s_server(pem, "-listen") as remote, bound(clock) as stranger:
        wire: LossyWire

        def lies(_direction: Direction, _number: int) -> bool:
            assert wire.client is not None
            stranger.send(handshake_failure, wire.client)
            return False

        wire = LossyWire(remote, lies)
        async with wire.laid() as address:
            await shaken(address, clock, roots)


async def test_a_demanded_client_certificate_is_an_alert(clock: Clock, roots: Roots, pem: Path) -> None:
    async with s_server(pem, "-Verify", "1") as remote:
        told = await failed(remote, clock, roots)
    assert (told.reason, told.alert) == (Reason.TLS, "handshake_failure")


async def test_close_ends_the_servers_session(clock: Clock, roots: Roots, pem: Path) -> None:
    async with s_server(pem, "-listen") as remote:
        wire = LossyWire(remote, lambda _direction, _number: False)
        async with wire.laid() as address:
            opened = await shaken(address, clock, roots)
            told = await opened.endpoint.receive()
            again = await opened.endpoint.receive()
            await opened.endpoint.close()
            await wire.until("to-server", ALERT)
    assert isinstance(told, Trouble)
    assert (told.reason, told) == (Reason.CLOSED, again)
