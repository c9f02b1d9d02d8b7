"""How long a quiet WebSocket stays open, and who ends it: npm's servers behind a real nginx with a short time-out."""

import contextlib
from collections.abc import Iterator

import pytest

from natprobe.events import CheckAdvanced
from natprobe.expectations import Expectations
from natprobe.model import Check, Status
from natprobe.probe import Settings
from tests.signalling.servers import UPGRADE, close, frame, node, opening, repeating, saying
from tests.web.nginx import free_port, nginx
from tests.web.run import Told, checked

pytestmark = pytest.mark.deployments


async def quiet(uri: str, idle_s: float | None) -> Told:
    settings = Settings(expect=Expectations(idle_s=idle_s))
    return await checked(uri, settings=settings, only=("ws.", "sio.handshake"))


@contextlib.contextmanager
def impatient(behind: int) -> Iterator[int]:
    """nginx that ends a connection after a second of silence; its port."""
    port = free_port()
    location = f"location / {{ proxy_pass http://127.0.0.1:{behind}; {UPGRADE} proxy_read_timeout 1s; }}"
    with nginx(f"server {{ listen 127.0.0.1:{port}; {location} }}", port):
        yield port


def idle(told: Told) -> Check:
    return told.check("ws.idle")


async def test_nothing_is_kept_quiet_that_nobody_asked_for() -> None:
    with node("messages") as port:
        told = await quiet(f"ws://127.0.0.1:{port}/ws", None)
    assert [check.id for check in told.report.checks] == ["port.tcp", "ws.upgrade"]


async def test_a_connection_that_stays_open_passes_and_its_progress_is_told() -> None:
    with node("messages") as port:
        told = await quiet(f"ws://127.0.0.1:{port}/ws", 1.2)
    assert idle(told).status is Status.PASS
    assert idle(told).summary.startswith("open after ")
    assert idle(told).summary.endswith(" s of silence")
    steps = [event for event in told.events if isinstance(event, CheckAdvanced)]
    assert [(step.total, step.unit) for step in steps] == [(1.2, "seconds of silence")] * len(steps)
    assert steps


async def test_a_proxy_that_is_tired_of_it_ends_it_without_a_close_frame() -> None:
    with node("messages") as behind, impatient(behind) as port:
        told = await quiet(f"ws://127.0.0.1:{port}/ws", 8)
    assert (idle(told).status, told.findings) == (Status.FAIL, {"ws-idle-timeout"})
    assert idle(told).summary.startswith("it ended after ")
    assert idle(told).summary.endswith(" of silence, without a Close frame, as proxies do")


async def test_pings_of_the_server_keep_it_open_and_are_no_silence() -> None:
    with node("messages", pingMs=300) as behind, impatient(behind) as port:
        told = await quiet(f"ws://127.0.0.1:{port}/ws", 2)
    assert idle(told).status is Status.PASS
    assert idle(told).evidence["quiet"]["pings"] >= 4
    assert "it was never quiet for longer than" in idle(told).summary


async def test_a_server_that_closes_says_so_itself() -> None:
    async with opening(saying(close(4001, "log in first"))) as remote:
        told = await quiet(f"ws://{remote}/ws", 8)
    assert (idle(told).status, told.findings) == (Status.FAIL, {"ws-idle-closed"})
    assert "with a Close frame (code 4001, 'log in first')" in idle(told).summary


async def test_a_server_that_floods_is_given_up() -> None:
    async with opening(repeating(frame(9) * 1000)) as remote:
        told = await quiet(f"ws://{remote}/ws", 60)
    assert (idle(told).status, idle(told).findings) == (Status.FAIL, ("ws-101-broken",))


@pytest.mark.parametrize("version", [4, 2])
async def test_the_heartbeat_of_socket_io_is_kept_as_its_clients_keep_it(version: int) -> None:
    with node("signalling", version=version, pingInterval=400, pingTimeout=400) as behind, impatient(behind) as port:
        told = await quiet(f"ws://127.0.0.1:{port}/socket.io/", 2)
    assert (idle(told).status, told.findings) == (Status.PASS, set())
    assert idle(told).evidence["quiet"]["beats"] >= 3


@pytest.mark.parametrize("version", [4, 2])
async def test_a_heartbeat_slower_than_the_proxy_is_named_beside_its_time_out(version: int) -> None:
    with node("signalling", version=version, pingInterval=5000) as behind, impatient(behind) as port:
        told = await quiet(f"ws://127.0.0.1:{port}/socket.io/", 8)
    assert told.findings == {"ws-idle-timeout", "ws-heartbeat-longer-than-timeout"}
    assert idle(told).summary.endswith("; the server's heartbeat comes every 5.0 s")


async def test_a_client_of_the_collider_registers_before_it_is_quiet() -> None:
    with node("collider") as port:
        told = await quiet(f"collider+ws://127.0.0.1:{port}/ws", 0.8)
    assert idle(told).status is Status.PASS
