"""The running server, over real sockets on loopback."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Callable

import aioice.stun
import aioice.turn
import msgspec
import pytest
import trustme

from natprobe.address import Address
from natprobe.server import FAULTS, Fault, Kind, Server, ServerConfig, ServerError, serve
from natprobe.server.beside import serve_beside
from natprobe.wire import attributes as read
from natprobe.wire.attributes import ChangeRequest, encode_change_request
from natprobe.wire.message import Message, build, parse
from natprobe.wire.registry import Attribute, MessageClass, Method
from tests.server.hand import CONFIG, PASSWORD, USER

BINDING = build(Method.BINDING, MessageClass.REQUEST, bytes(range(12)))


class Peer(asyncio.DatagramProtocol):
    """A UDP socket whose datagrams are awaited one by one."""

    def __init__(self) -> None:
        self.came: asyncio.Queue[tuple[bytes, Address]] = asyncio.Queue()
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.came.put_nowait((data, Address(*addr[:2])))

    def send(self, data: bytes, to: Address) -> None:
        assert self.transport is not None
        self.transport.sendto(data, (to.host, to.port))

    @property
    def address(self) -> Address:
        assert self.transport is not None
        return Address(*self.transport.get_extra_info("sockname")[:2])

    async def next(self) -> tuple[bytes, Address]:
        async with asyncio.timeout(10):
            return await self.came.get()


@contextlib.asynccontextmanager
async def peer(host: str = "127.0.0.1") -> AsyncIterator[Peer]:
    transport, made = await asyncio.get_running_loop().create_datagram_endpoint(Peer, local_addr=(host, 0))
    try:
        yield made
    finally:
        transport.close()
        await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def relay(server: Server, transport: str = "udp", tls: ssl.SSLContext | None = None) -> AsyncIterator[Peer]:
    """An allocation of aioice's; its relayed address is the peer's address."""
    address = server.tls_addresses[0] if tls else server.address
    turn, made = await aioice.turn.create_turn_endpoint(
        Peer, (address.host, address.port), USER, PASSWORD, transport=transport, ssl=tls
    )
    try:
        yield made
    finally:
        turn.close()
        await until(lambda: made.address not in {each.relayed for each in server.allocations})


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110  what is awaited happens in the server, which has no event for it
            await asyncio.sleep(0.005)


async def ask_over_tcp(address: Address, data: bytes) -> bytes:
    """What comes back over a new connection, up to one message or its end."""
    reader, writer = await asyncio.open_connection(address.host, address.port)
    try:
        async with asyncio.timeout(10):
            writer.write(data)
            return await reader.read(2048)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


def message(data: bytes) -> Message:
    parsed = parse(data)
    assert isinstance(parsed, Message)
    return parsed


def client_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    context.check_hostname = False
    return context


async def test_every_address_answers_and_change_requests_come_from_the_others() -> None:
    change = encode_change_request(ChangeRequest(change_ip=True, change_port=True))
    request = build(Method.BINDING, MessageClass.REQUEST, bytes(12), ((Attribute.CHANGE_REQUEST, change),))
    async with serve(CONFIG) as server, peer() as client:
        four = [address for address in server.addresses if address.family == 4]
        for address in four:
            client.send(BINDING, address)
            data, source = await client.next()
            assert source == address
            assert read.xor_mapped_address(message(data)) == client.address
        client.send(request, server.address)
        data, source = await client.next()
        assert source == read.response_origin(message(data)) == read.other_address(message(data)) == four[-1]


async def test_one_port_serves_both_families_and_both_transports() -> None:
    async with serve(CONFIG) as server:
        six = next(address for address in server.addresses if address.family == 6)
        assert six.port == server.address.port
        for address in (server.address, six):
            mapped = read.xor_mapped_address(message(await ask_over_tcp(address, BINDING)))
            assert mapped is not None
            assert mapped.host == address.host
        assert server.limits == ()
        assert server.uris[0] == f"stun:{server.address}"


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_aioice_relays_through_it(transport: str) -> None:
    async with serve(CONFIG) as server:
        async with relay(server, transport) as client, peer() as other:
            client.send(b"to the peer", other.address)
            assert await other.next() == (b"to the peer", client.address)
            other.send(b"to the client", client.address)
            assert await client.next() == (b"to the client", other.address)
            (allocation,) = server.allocations
            assert (allocation.transport, allocation.username) == (transport, USER)
            assert allocation.relayed == client.address
            assert allocation.permissions == (other.address.host,)
            assert allocation.channels == (0x4000,)
        assert server.allocations == ()


async def test_aioice_relays_over_tls_and_from_relay_to_relay() -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    async with serve(CONFIG, context) as server:
        assert server.uris[-1] == f"turns:{server.tls_addresses[0]}?transport=tcp"
        tls = client_context(authority)
        async with relay(server, "tcp", tls) as first, relay(server) as second:
            second.send(b"permission for the first", first.address)
            await until(lambda: all(each.permissions for each in server.allocations if each.transport == "udp"))
            first.send(b"across", second.address)
            assert await second.next() == (b"across", first.address)


async def test_a_server_on_ipv6_alone_has_no_ipv4_relay_and_says_what_it_lacks() -> None:
    async with serve(msgspec.structs.replace(CONFIG, hosts=("::1",))) as server, peer("::1") as other:
        assert server.limits == ("NAT behaviour cannot be discovered (RFC 5780): that takes two IPv4 addresses",)
        with pytest.raises(aioice.stun.TransactionFailed, match="440"):  # aioice asks for no family: IPv4 is meant
            await aioice.turn.create_turn_endpoint(Peer, (server.address.host, server.address.port), USER, PASSWORD)
        other.send(BINDING, server.address)
        assert read.xor_mapped_address(message((await other.next())[0])) == other.address


async def test_a_wrong_password_is_refused() -> None:
    async with serve(CONFIG) as server:
        address = (server.address.host, server.address.port)
        with pytest.raises(aioice.stun.TransactionFailed, match="401"):
            await aioice.turn.create_turn_endpoint(Peer, address, USER, "wrong")


async def test_faults_come_and_go_while_it_runs() -> None:
    async with serve(CONFIG) as server, peer() as client:
        server.fail(Fault(kind=Kind.SILENT, times=1))
        server.fail(Fault(kind=Kind.OTHER_PORT), times=1)
        for _ in range(3):
            client.send(BINDING, server.address)
        sources = [(await client.next())[1] for _ in range(2)]
        assert sources == [server.addresses[1], server.address], "the first was not answered"


async def test_a_mended_server_answers() -> None:
    async with serve(msgspec.structs.replace(CONFIG, faults=FAULTS["silent"].faults)) as server, peer() as client:
        server.mend()
        client.send(BINDING, server.address)
        assert (await client.next())[1] == server.address


async def test_a_late_answer_is_overtaken_by_the_next_one() -> None:
    first, second = (build(Method.BINDING, MessageClass.REQUEST, bytes([number] * 12)) for number in (1, 2))
    async with serve(CONFIG) as server, peer() as client:
        server.fail(Fault(kind=Kind.LATE, seconds=0.1), times=1)
        client.send(first, server.address)
        client.send(second, server.address)
        answers = [message((await client.next())[0]).transaction_id[0] for _ in range(2)]
        assert answers == [2, 1]


async def test_a_rewritten_port_is_another_socket() -> None:
    async with serve(CONFIG) as server, relay(server) as client, peer() as other:
        server.fail(Fault(kind=Kind.RELAY_PORT))
        client.send(b"out", other.address)
        data, source = await other.next()
        assert data == b"out"
        assert source.host == client.address.host
        assert source != client.address


async def test_a_web_server_answers_and_hangs_up() -> None:
    async with serve(msgspec.structs.replace(CONFIG, faults=FAULTS["web-server"].faults)) as server:
        reader, writer = await asyncio.open_connection(server.address.host, server.address.port)
        writer.write(BINDING)
        async with asyncio.timeout(10):
            assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
        writer.close()
        await writer.wait_closed()


async def test_a_connection_can_be_closed_at_once() -> None:
    async with serve(msgspec.structs.replace(CONFIG, faults=FAULTS["tcp-closed-at-once"].faults)) as server:
        assert await ask_over_tcp(server.address, b"") == b""


async def test_what_is_no_stun_ends_a_connection() -> None:
    async with serve(CONFIG) as server:
        reader, writer = await asyncio.open_connection(server.address.host, server.address.port)
        writer.write(b"SSH-2.0-example\r\n")
        async with asyncio.timeout(10):
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read() == b""
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        await until(lambda: server.connections == 0)


async def test_there_are_never_more_connections_than_allowed() -> None:
    async with serve(msgspec.structs.replace(CONFIG, max_connections=1)) as server:
        reader, writer = await asyncio.open_connection(server.address.host, server.address.port)
        await until(lambda: server.connections == 1)
        with contextlib.suppress(ConnectionError):
            assert await ask_over_tcp(server.address, BINDING) == b""
        writer.write(BINDING)
        async with asyncio.timeout(10):
            assert message(await reader.read(2048)).title == "Binding success response"
        writer.close()
        await writer.wait_closed()


async def test_an_aborted_connection_leaves_no_allocation() -> None:
    async with serve(CONFIG) as server:
        turn, _ = await aioice.turn.create_turn_endpoint(
            Peer, (server.address.host, server.address.port), USER, PASSWORD, transport="tcp"
        )
        assert len(server.allocations) == 1
        turn._TurnTransport__inner_protocol.transport.abort()  # type: ignore[attr-defined]
        await until(lambda: server.allocations == ())


async def test_nothing_is_left_when_the_block_ends() -> None:
    before = asyncio.all_tasks()
    async with serve(CONFIG) as server:
        address = server.address
        _, writer = await asyncio.open_connection(address.host, address.port)
    assert asyncio.all_tasks() == before
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
        again.bind((address.host, address.port))
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


async def test_a_missing_host_is_a_limit_and_none_is_an_error() -> None:
    # 192.0.2.0/24 is nobody's (RFC 5737); binding to it sends nothing.
    async with serve(ServerConfig(hosts=("127.0.0.1", "192.0.2.77"))) as server:
        assert server.limits[0] == "this machine has no address 192.0.2.77"
        assert len(server.limits) == 2
    with pytest.raises(ServerError, match=r"none of the addresses 192\.0\.2\.77"):
        async with serve(ServerConfig(hosts=("192.0.2.77",))):
            pass


async def test_a_port_that_is_taken_is_told() -> None:
    async with serve(CONFIG) as server:
        with pytest.raises(ServerError, match=f"cannot listen on port {server.address.port}"):
            async with serve(msgspec.structs.replace(CONFIG, port=server.address.port)):
                pass


def test_it_serves_beside_a_thread_that_blocks() -> None:
    with serve_beside(CONFIG) as server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(10)
        client.sendto(BINDING, (server.address.host, server.address.port))
        assert message(client.recv(2048)).title == "Binding success response"
    with (
        pytest.raises(ServerError, match="none of the addresses"),
        serve_beside(ServerConfig(hosts=("192.0.2.77",))),
    ):
        pass
