"""coturn's own clients take the server for one: they were written by others, and know nothing of natprobe."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest

from natprobe.credential import Secret
from natprobe.server import Server, serve
from tests.server.hand import CONFIG, PASSWORD, USER

pytestmark = pytest.mark.lab
SECRET = "a secret of the tests"


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serve(msgspec.structs.replace(CONFIG, secret=Secret(SECRET))) as running:
        yield running


async def told(program: str, server: Server, *options: str, host: str = "127.0.0.1") -> str:
    """What the program says, if it is content."""
    process = await asyncio.create_subprocess_exec(
        f"turnutils_{program}",
        *options,
        "-p",
        str(server.address.port),
        host,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(60):
        said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    return said.decode()


async def test_stunclient_finds_its_address_and_the_other_address(server: Server) -> None:
    said = await told("stunclient", server)
    other = next(a for a in server.addresses if a.host == "127.0.0.2" and a.port != server.address.port)
    assert "UDP reflexive addr: 127.0.0.1:" in said
    assert f"Response origin: : {other}" in said


async def test_natdiscovery_sees_that_there_is_no_nat(server: Server) -> None:
    said = await told("natdiscovery", server, "-m", "-f")
    assert "NAT with Endpoint Independent Mapping!" in said
    assert "NAT with Endpoint Independent Filtering!" in said


@pytest.mark.parametrize(
    ("options", "host"),
    [
        (("-u", USER, "-w", PASSWORD), "127.0.0.1"),
        (("-t", "-u", "alice", "-W", SECRET), "127.0.0.1"),
        (("-x", "-u", USER, "-w", PASSWORD), "::1"),
    ],
    ids=["UDP", "TCP with TURN REST", "IPv6"],
)
async def test_uclient_relays_between_two_allocations_without_loss(
    server: Server, options: tuple[str, ...], host: str
) -> None:
    said = await told("uclient", server, "-s", "-y", "-c", "-n", "3", *options, host=host)
    assert "tot_send_msgs=6, tot_recv_msgs=6" in said
    assert "Total lost packets 0" in said
