"""From a scrape to metrics and back, against the embedded server: what is told, refused, counted and let go?"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from html import unescape
from pathlib import PurePath

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from natprobe.address import Address
from natprobe.credential import Credential, CredentialError, Secret
from natprobe.exporter.admission import Admission, admit
from natprobe.exporter.config import Config, Limits
from natprobe.exporter.probing import observe, unready
from natprobe.exporter.reading import read_config
from natprobe.exporter.service import Observe, Service
from natprobe.listening.http import HttpServer, serve_http
from natprobe.listening.message import Bounds, Request
from natprobe.model import Report, Status, Verdict
from natprobe.server import FAULTS, Server, ServerConfig, serve
from tests.exporter.web import ANY, Answer, get, line_to
from tests.reports.example_reports import healthy

PASSWORD = "planted-pass-phrase"
SCHEMES = frozenset({"stun", "turn"})
Say = Callable[[str], None]


@asynccontextmanager
async def turn_server(*faults: str) -> AsyncIterator[Server]:
    users = (Credential("probe", Secret(PASSWORD)),)
    found = tuple(fault for name in faults for fault in FAULTS[name].faults)
    async with serve(ServerConfig(users=users, faults=found)) as server:
        yield server


def config_for(address: Address, extra: str = "") -> Config:
    text = (
        f'[modules.turn]\ntargets = ["turn:{address}?transport=udp"]\nuser = "probe"\npassword_env = "PLANTED"\n{extra}'
    )
    return read_config(text, schemes=SCHEMES, folder=PurePath())


@asynccontextmanager
async def exporter(config: Config, how: Observe = observe, say: Say = lambda _: None) -> AsyncIterator[HttpServer]:
    clock = asyncio.get_running_loop().time
    service = Service(config, observe=how, unready=unready, clock=clock, say=say)
    async with serve_http((ANY,), service.answer, Bounds()) as serving:
        yield serving


@pytest.fixture(autouse=True)
def _planted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANTED", PASSWORD)


async def probe(serving: HttpServer, server: Server, *headers: str, more: str = "") -> Answer:
    return await get(serving.addresses[0], path_for(server.address) + more, *headers)


def path_for(address: Address) -> str:
    return f"/probe?module=turn&target=turn:{address}?transport=udp"


def samples(answer: Answer, name: str) -> dict[tuple[str, ...], float]:
    found = (each for family in text_string_to_metric_families(answer.body) for each in family.samples)
    return {tuple(each.labels.values()): each.value for each in found if each.name == name}


async def test_a_server_that_works_is_a_success() -> None:
    async with turn_server() as server, exporter(config_for(server.address)) as serving:
        answer = await probe(serving, server)
        assert server.allocations == ()
    assert answer.status == 200
    assert samples(answer, "probe_success") == {(): 1.0}
    assert samples(answer, "natprobe_checks")["pass",] >= 10
    assert PASSWORD not in answer.body


async def test_a_server_that_refuses_is_no_success_and_the_check_says_where() -> None:
    async with turn_server("credentials-refused") as server, exporter(config_for(server.address)) as serving:
        answer = await probe(serving, server)
    assert samples(answer, "probe_success") == {(): 0.0}
    checks = {key[1]: value for key, value in samples(answer, "natprobe_check_success").items()}
    assert (checks["turn.challenge"], checks["turn.allocate"]) == (1.0, 0.0)
    assert samples(answer, "natprobe_findings")["error",] >= 1


async def test_a_grant_too_short_to_tell_is_no_failure_either() -> None:
    async with turn_server("silent") as server, exporter(config_for(server.address)) as serving:
        answer = await probe(serving, server, "X-Prometheus-Scrape-Timeout-Seconds: 2.5")
    assert samples(answer, "probe_success") == {(): 0.0}
    assert samples(answer, "natprobe_verdict")["inconclusive",] == 1


async def test_debug_shows_the_report_as_text() -> None:
    async with turn_server() as server, exporter(config_for(server.address)) as serving:
        answer = await probe(serving, server, more="&debug=true")
    assert answer.body.startswith("PASS")
    assert PASSWORD not in answer.body


async def test_what_is_not_allowed_is_not_probed() -> None:
    async def must_not(_: Admission) -> Report:
        raise AssertionError

    async with exporter(config_for(Address("192.0.2.1", 3478)), must_not) as serving:
        refused = await get(serving.addresses[0], "/probe?module=turn&target=turn:192.0.2.2")
        told = await get(serving.addresses[0], "/metrics")
    assert (refused.status, "does not allow" in refused.body) == (403, True)
    assert samples(told, "natprobe_exporter_refused_total")["not-allowed",] == 1


async def test_probes_at_once_and_a_minute_are_bounded_and_say_when_to_ask_again() -> None:
    may_end = asyncio.Event()

    async def slow(_: Admission) -> Report:
        await may_end.wait()
        return healthy()

    address = Address("192.0.2.1", 3478)
    config = msgspec.structs.replace(config_for(address), limits=Limits(probes_at_once=1, probes_per_minute=1))
    async with exporter(config, slow) as serving, line_to(serving.addresses[0]) as first:
        first.writer.write(f"GET {path_for(address)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        while samples(await get(serving.addresses[0], "/metrics"), "natprobe_exporter_probes_running") != {(): 1.0}:
            pass
        busy = await get(serving.addresses[0], path_for(address))
        may_end.set()
        assert (await first.answer()).status == 200
        rate = await get(serving.addresses[0], path_for(address))
    assert (busy.status, rate.status) == (503, 429)
    assert 1 <= int(busy.headers["retry-after"]) <= 20
    assert 1 <= int(rate.headers["retry-after"]) <= 60


async def test_a_scrape_that_is_given_up_leaves_no_allocation() -> None:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(turn_server("relay-in-dead"))
        serving = await stack.enter_async_context(exporter(config_for(server.address)))
        async with line_to(serving.addresses[0]) as line:
            line.writer.write(f"GET {path_for(server.address)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            while not server.allocations:
                await get(serving.addresses[0], "/-/healthy")
        while await abandoned(serving) == 0:
            pass
        assert server.allocations == ()


async def abandoned(serving: HttpServer) -> float:
    told = await get(serving.addresses[0], "/metrics")
    return samples(told, "natprobe_exporter_probes_total")["turn", "abandoned"]


@pytest.mark.parametrize(
    ("error", "body"),
    [
        (RuntimeError(PASSWORD), "natprobe itself failed here: RuntimeError\n"),
        (CredentialError("password_file x: cannot be read"), "module turn: password_file x: cannot be read\n"),
    ],
)
async def test_our_own_trouble_is_a_500_that_is_counted_and_holds_no_secret(error: Exception, body: str) -> None:
    said: list[str] = []

    async def broken(_: Admission) -> Report:
        raise error

    address = Address("192.0.2.1", 3478)
    async with exporter(config_for(address), broken, said.append) as serving:
        answer = await get(serving.addresses[0], path_for(address))
        told = await get(serving.addresses[0], "/metrics")
    assert (answer.status, answer.body) == (500, body)
    assert samples(told, "natprobe_exporter_probes_total")["turn", "broken"] == 1
    assert len(said) == 1
    assert PASSWORD not in said[0]


async def test_a_report_with_a_fault_of_ours_is_counted_as_broken() -> None:
    async def faulty(_: Admission) -> Report:
        checks = (msgspec.structs.replace(healthy().checks[0], status=Status.ERROR),)
        return msgspec.structs.replace(healthy(), checks=checks, verdict=Verdict.FAIL)

    address = Address("192.0.2.1", 3478)
    async with exporter(config_for(address), faulty) as serving:
        answer = await get(serving.addresses[0], path_for(address))
        told = await get(serving.addresses[0], "/metrics")
    assert samples(answer, "probe_success") == {(): 0.0}
    assert samples(told, "natprobe_exporter_probes_total")["turn", "broken"] == 1


async def test_nothing_new_is_probed_while_it_stops() -> None:
    address = Address("192.0.2.1", 3478)
    service = Service(config_for(address), observe=observe, unready=unready, clock=lambda: 0.0, say=lambda _: None)
    service.stopping = True
    path, _, query = path_for(address).partition("?")
    refused = await service.answer(Request(method="GET", path=path, query=query))
    ready = await service.answer(Request(method="GET", path="/-/ready", query=""))
    assert (refused.status, dict(refused.headers), ready.status) == (503, {"Retry-After": "10"}, 503)


async def test_it_is_ready_while_the_secrets_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    async with exporter(config_for(Address("192.0.2.1", 3478))) as serving:
        before = await get(serving.addresses[0], "/-/ready")
        monkeypatch.delenv("PLANTED")
        after = await get(serving.addresses[0], "/-/ready")
        healthy_ = await get(serving.addresses[0], "/-/healthy")
    assert (before.status, after.status, healthy_.status) == (200, 503, 200)
    assert after.body == "module turn: password_env PLANTED: is empty, or not there\n"


async def test_it_tells_of_itself() -> None:
    async with turn_server() as server, exporter(config_for(server.address)) as serving:
        await probe(serving, server)
        await get(serving.addresses[0], "/nowhere")
        told = await get(serving.addresses[0], "/metrics")
    assert samples(told, "natprobe_exporter_probes_total")["turn", "pass"] == 1
    assert samples(told, "natprobe_exporter_probe_duration_seconds_count") == {("turn",): 1.0}
    assert samples(told, "natprobe_exporter_http_responses_total") == {("200",): 1.0, ("404",): 1.0}
    assert samples(told, "natprobe_exporter_probes_running") == {(): 0.0}
    assert all(name in told.body for name in ("process_resident_memory_bytes", "natprobe_exporter_info"))


async def test_every_link_of_the_page_is_let_in() -> None:
    config = read_config(
        '[modules.a]\ntargets = ["turn:turn.example.org?transport=udp", "stun:[2001:db8::1]:3478"]\n'
        '[modules."b.c"]\ntargets = ["stun:stun.example.org"]\n',
        schemes=SCHEMES,
        folder=PurePath(),
    )
    async with exporter(config) as serving:
        page = await get(serving.addresses[0], "/")
    links = [unescape(link) for link in re.findall(r'href="(/probe\?[^"]*)"', page.body)]
    assert len(links) == 3
    assert all(isinstance(admit(link.partition("?")[2], None, config), Admission) for link in links)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
