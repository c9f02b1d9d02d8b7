"""The server of the page, with requests that no page of ours would make."""

import asyncio
import json
from collections.abc import AsyncIterator
from http.client import HTTPConnection, HTTPResponse
from typing import Any, NamedTuple

import pytest

from natprobe.address import Address
from natprobe.connecting.browser.board import Board
from natprobe.connecting.browser.events import LARGEST_BODY
from natprobe.connecting.browser.service import BOUNDS, Service, new_token
from natprobe.listening.http import serve_http

PAGE, SECOND = "0123456789abcdef", "fedcba9876543210"


class Site(NamedTuple):
    """A page that is served."""

    address: Address
    token: str
    board: Board

    async def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[HTTPResponse, bytes]:
        """One request over a connection of its own."""

        def asked() -> tuple[HTTPResponse, bytes]:
            connection = HTTPConnection(self.address.host, self.address.port, timeout=10)
            try:
                connection.request(method, path, body, headers)
                response = connection.getresponse()
                return response, response.read()
            finally:
                connection.close()

        return await asyncio.to_thread(asked)

    async def say(self, message: Any, **headers: str) -> tuple[int, Any]:
        """What the server says to a page."""
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        response, answer = await self.ask("POST", f"/{self.token}/exchange", body, **headers)
        return response.status, json.loads(answer) if response.status == 200 else answer.decode()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    """A page for one browser."""
    board, token = Board(1), new_token()
    service = Service(board, token)
    async with serve_http((Address("127.0.0.1", 0),), service.answer, BOUNDS) as server:
        service.addresses = server.addresses
        yield Site(server.addresses[0], token, board)


def hello(page: str = PAGE, **more: Any) -> dict[str, Any]:
    return {"page": page, "after": 0, "wait": False, "events": []} | more


async def test_the_page_is_whole_in_itself_and_says_so_to_the_browser(site: Site) -> None:
    response, body = await site.ask("GET", f"/{site.token}/")
    text, policy = body.decode(), response.headers["Content-Security-Policy"]
    nonce = policy.partition("'nonce-")[2].partition("'")[0]
    assert response.status == 200
    assert text.count(f'nonce="{nonce}"') == 2
    assert "{{nonce}}" not in text
    assert "default-src 'none'" in policy
    assert "http:" not in text.replace('xmlns="http:', "")
    assert "https:" not in text
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "no-store"
    again, _ = await site.ask("GET", f"/{site.token}/")
    assert again.headers["Content-Security-Policy"] != policy


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/{token}", 404),
        ("GET", "/{token}/exchange", 404),
        ("POST", "/{token}/", 404),
        ("GET", "/{token}x/", 404),
        ("GET", "/favicon.ico", 404),
        ("POST", "/exchange", 404),
        ("PUT", "/{token}/exchange", 405),
        ("DELETE", "/{token}/", 405),
    ],
)
async def test_nothing_else_is_served_and_nothing_is_said_about_what_is(
    site: Site, method: str, path: str, status: int
) -> None:
    response, body = await site.ask(method, path.format(token=site.token))
    assert response.status == status
    assert site.token not in body.decode()
    assert "natprobe" not in body.decode()


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:9000", 200),
        ("127.0.0.1", 200),
        ("[::1]:80", 200),
        ("evil.example.org", 403),
        ("evil.example.org:80", 403),
        ("198.51.100.7:80", 403),
        ("localhost.example.org", 403),
        ("", 403),
        ("[::1", 403),
    ],
)
async def test_a_name_of_a_strangers_that_leads_here_is_not_served(site: Site, host: str, status: int) -> None:
    response, _ = await site.ask("GET", f"/{site.token}/", Host=host)
    assert response.status == status


@pytest.mark.parametrize("origin", ["http://evil.example.org", "null", "http://127.0.0.1:1"])
async def test_a_page_of_somebody_elses_says_nothing_here(site: Site, origin: str) -> None:
    assert (await site.say(hello(), Origin=origin))[0] == 403
    assert site.board.seats == []


async def test_a_page_takes_its_seat_and_hears_what_it_is_told(site: Site) -> None:
    assert await site.say(hello()) == (200, {"seat": "A", "events": []})
    site.board.seats[0].tell({"kind": "finish"})
    assert await site.say(hello(wait=True)) == (200, {"seat": "A", "events": [{"kind": "finish"}]})
    assert await site.say(hello(after=1)) == (200, {"seat": "A", "events": []})
    assert (await site.say(hello(SECOND)))[0] == 409


RESULT = {"ice": "connected", "connection": "connecting"}
PAIR = {"local": {"type": "host"}, "remote": {"type": "host"}, "state": "x"}


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"[]",
        b"{",
        b"\xff\xfe",
        b"[" * 5000,
        {"page": "x", "after": 0},
        {"page": PAGE, "after": -1},
        hello(events=[{"kind": "shutdown"}]),
        hello(events=[{"kind": "description", "type": "pranswer", "sdp": ""}]),
        hello(events=[{"kind": "description", "type": "offer", "sdp": "x" * 20_001}]),
        hello(events=[{"kind": "candidate", "candidate": "x" * 1025}]),
        hello(events=[{"kind": "candidate", "candidate": ""}] * 65),
        hello(events=[{"kind": "result", "result": RESULT | {"ice": "splendid"}}]),
        hello(events=[{"kind": "result", "result": RESULT | {"connect_ms": -1}}]),
        hello(events=[{"kind": "result", "result": RESULT | {"connect_ms": 1e300}}]),
        hello(events=[{"kind": "result", "result": RESULT | {"browser": "x" * 301}}]),
        hello(events=[{"kind": "result", "result": RESULT | {"pairs": [PAIR] * 101}}]),
        hello(events=[{"kind": "result", "result": RESULT | {"pairs": [PAIR | {"sent": 2**40}]}}]),
        hello(events=[{"kind": "result", "result": RESULT | {"quality": {"outward": {"sent": -1}}}}]),
        hello(events=[{"kind": "result", "result": RESULT | {"quality": {"rtt_ms": 1e300}}}]),
    ],
)
async def test_what_no_page_of_ours_says_is_refused_and_takes_no_seat(site: Site, message: Any) -> None:
    assert (await site.say(message))[0] == 400
    assert site.board.seats == []


async def test_a_body_that_is_too_long_is_not_read(site: Site) -> None:
    assert (await site.say(b"x" * (LARGEST_BODY + 1)))[0] == 413


async def test_a_page_that_says_too_much_is_stopped(site: Site) -> None:
    event = {"kind": "candidate", "candidate": ""}
    codes = [(await site.say(hello(events=[event] * 64)))[0] for _ in range(6)]
    assert codes == [200] * 4 + [429] * 2


async def test_the_first_result_of_a_page_counts(site: Site) -> None:
    for state in ("connected", "failed"):
        await site.say(hello(events=[{"kind": "result", "result": RESULT | {"ice": state}}]))
    assert site.board.seats[0].result.result().result.ice == "connected"
