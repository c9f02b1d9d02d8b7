"""The server of `natprobe watch --web`: whom it answers, what a session is handed, and what it refuses."""

import argparse
import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from natprobe.cli import watch
from natprobe.cli import web as served
from natprobe.cli.parser import UsageError, parse
from natprobe.cli.planning import Wanted, wanted
from natprobe.cli.web import HOST, MOST_SESSIONS, Pages
from natprobe.cli.web_page import POLICY
from natprobe.cli.web_session import OPTIONS, environment, received
from natprobe.credential import Credential, Secret


@asynccontextmanager
async def pages() -> AsyncIterator[Pages]:
    made = Pages({})
    runner = web.AppRunner(made.application(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0).start()
    made.port = runner.addresses[0][1]
    try:
        yield made
    finally:
        await runner.cleanup()


async def status(url: str, **headers: str) -> int:
    async with aiohttp.ClientSession() as client, client.get(url, headers=headers) as answer:
        return answer.status


async def test_the_page_loads_from_its_own_server_alone_and_says_so() -> None:
    async with pages() as made, aiohttp.ClientSession() as client, client.get(made.url) as answer:
        text = await answer.text()
        assert answer.status == 200
        assert answer.headers["Content-Security-Policy"] == POLICY
        assert [word for word in text.split() if "//" in word and f"//{HOST}:{made.port}/" not in word] == []
        for asset in ("static/js/textual.js", "static/css/xterm.css", "static/fonts/RobotoMono-VariableFont_wght.ttf"):
            assert asset in text
            assert await status(made.url + asset) == 200


async def test_nobody_is_answered_without_the_key() -> None:
    async with pages() as made:
        assert await status(f"http://{HOST}:{made.port}/") == 404
        assert await status(f"http://{HOST}:{made.port}/{made.key[:-1]}/") == 404
        assert await status(f"{made.url}static/../../../etc/passwd") == 404


async def test_a_foreign_name_or_page_is_refused() -> None:
    async with pages() as made:
        assert await status(made.url, Host="www.example.org") == 403
        assert await status(made.url, Origin="http://www.example.org") == 403
        assert await status(f"{made.url}ws", Origin="null") == 403
        assert await status(f"{made.url}ws") == 503
        assert await status(made.url, Host=f"localhost:{made.port}", Origin=f"http://localhost:{made.port}") == 200


class Silent(served.Session):
    """A session without a process."""

    async def start(self, width: int, height: int) -> None:
        self.size = (width, height)

    async def end(self) -> None:
        return


async def test_there_are_never_more_than_so_many_dashboards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served, "Session", Silent)
    async with pages() as made, aiohttp.ClientSession() as client:
        origin = {"Origin": f"http://{HOST}:{made.port}"}
        sockets = [await client.ws_connect(f"{made.url}ws", headers=origin) for _ in range(MOST_SESSIONS)]
        assert await status(f"{made.url}ws", **origin) == 503
        await sockets[0].send_str('["ping", 5]')
        assert json.loads(await sockets[0].receive_str()) == ["pong", 5]
        for nonsense in ("", "{", "[1]", "[1, 2, 3]", '["resize", {}]', '["stdin", 3]', "null"):
            await sockets[0].send_str(nonsense)
        await sockets[0].send_str('["ping", 6]')
        assert json.loads(await sockets[0].receive_str()) == ["pong", 6]
        for socket in sockets:
            await socket.close()
        async with asyncio.timeout(30):
            while made._sockets:  # noqa: ASYNC110  the other side hangs up in its own time
                await asyncio.sleep(0.01)
        await (await client.ws_connect(f"{made.url}ws", headers=origin)).close()


@pytest.mark.parametrize(("wanted", "size"), [("120", 120), ("0", 20), ("99999999", 1000), ("x", 80), (None, 80)])
def test_a_size_is_bounded(wanted: str | None, size: int) -> None:
    assert served._size(wanted, 80) == size


OWN = {"run", "web", "web_port", "user", "password", "secret"}


def handed_on(*options: str) -> tuple[argparse.Namespace, dict[str, str]]:
    args = parse(["watch", "turn:192.0.2.1", "--web", *options])
    return args, environment(args, wanted(args))


def again(handed: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> tuple[argparse.Namespace, Wanted]:
    for name, value in handed.items():
        monkeypatch.setenv(name, value)
    return received(handed)


def test_a_session_gets_every_option_and_no_secret_among_them(monkeypatch: pytest.MonkeyPatch) -> None:
    options = ["-6", "--interval", "7", "--bell", "--resolver", "192.0.2.53", "--insecure", "--no-host"]
    args, handed = handed_on("-u", "alice", "-p", "hunter2", *options)
    assert "hunter2" not in handed[OPTIONS]
    got, want = again(handed, monkeypatch)
    assert {n: v for n, v in vars(got).items() if n not in OWN} == {n: v for n, v in vars(args).items() if n not in OWN}
    assert (got.web, got.password, want.for_all) == (False, None, True)
    assert want.given is not None
    assert want.given.credential == Credential("alice", Secret("hunter2"))


def test_a_session_mints_from_the_secret_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    _, handed = handed_on("-u", "alice", "--secret", "north")
    _, want = again(handed, monkeypatch)
    assert want.given is not None
    assert want.given.secret == Secret("north")
    assert want.given.credential.username.endswith(":alice")


def test_without_a_credential_the_environment_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    _, handed = handed_on()
    assert set(handed) == {OPTIONS}
    assert again(handed, monkeypatch)[1].given is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--record", "run.jsonl"], "each tab is a watch of its own"),
        (["--web-port", "70000"], "is no port"),
        (["--web-port=-1"], "is no port"),
    ],
)
def test_mistakes_are_one_line(options: list[str], message: str) -> None:
    args = parse(["watch", "turn:192.0.2.1", "--web", *options])
    with pytest.raises(UsageError, match=message):
        watch.run(args)


async def test_a_port_that_is_taken_is_told_in_one_line() -> None:
    async with pages() as made:
        args = parse(["watch", "turn:192.0.2.1", "--web", "--web-port", str(made.port)])
        with pytest.raises(UsageError, match=rf"--web-port: {made.port} cannot be listened on \(.*in use\)"):
            await asyncio.to_thread(watch.run, args)
