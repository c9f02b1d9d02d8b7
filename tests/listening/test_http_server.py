"""Does the HTTP server bear clients that are slow, wrong, greedy or gone?"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from natprobe.address import Address
from natprobe.listening.http import HttpServer, ListenError, serve_http
from natprobe.listening.message import Bounds, Request, Response, sentence
from tests.exporter.web import ANY, get, line_to

QUICK = Bounds(connections=3, head_s=0.2, idle_s=0.2, send_s=0.2, linger_s=0.2, drain_s=0.2)
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def echo(request: Request) -> Response:
    return sentence(200, f"{request.method} {request.path} {request.query}", ("X-Seen", str(len(request.headers))))


class Slow:
    """A handler that takes until it is told to end, and remembers how it ended."""

    def __init__(self) -> None:
        self.began, self.may_end, self.cancelled = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def __call__(self, _: Request) -> Response:
        self.began.set()
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return sentence(200, "done")


@pytest.fixture
async def server() -> AsyncIterator[HttpServer]:
    async with serve_http((ANY,), echo, QUICK) as serving:
        yield serving


async def test_get_is_answered_and_the_connection_kept(server: HttpServer) -> None:
    async with line_to(server.addresses[0]) as line:
        first = await line.ask(b"GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n")
        second = await line.ask(GET)
    assert (first.status, first.body) == (200, "GET /a b=c\n")
    assert first.headers.keys() >= {"date", "content-type", "content-length", "x-content-type-options"}
    assert second.status == 200


async def test_head_is_answered_without_a_body(server: HttpServer) -> None:
    async with line_to(server.addresses[0]) as line:
        line.writer.write(b"HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n")
        head = await line.answer(head_only=True)
        following = await line.ask(GET)
    assert head.headers["content-length"] == "9"
    assert following.body == "GET / \n"


async def test_requests_that_come_too_early_are_answered_in_order(server: HttpServer) -> None:
    async with line_to(server.addresses[0]) as line:
        first = await line.ask(b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n")
        second = await line.answer()
    assert (first.body, second.body) == ("GET /1 \n", "GET /2 \n")


async def test_http_1_0_is_answered_and_closed(server: HttpServer) -> None:
    async with line_to(server.addresses[0]) as line:
        assert (await line.ask(b"GET / HTTP/1.0\r\n\r\n")).headers["connection"] == "close"
        assert await line.rest() == b""


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", 405),
        (b"DELETE / HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (b"CONNECT evil.example:443 HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (b"GET http://evil.example/ HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET * HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", 413),
        (b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 413),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 40_000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 9000 + b"\r\n", 431),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\tnaked\x00\r\n\r\n", 400),
        (b"BREW /pot HTCPCP/1.0\r\nHost: x\r\n\r\n", 400),
        (b"\r\n" * 20_000, 400),
    ],
)
async def test_what_is_not_served_is_refused_and_closed(server: HttpServer, data: bytes, status: int) -> None:
    async with line_to(server.addresses[0]) as line:
        answer = await line.ask(data)
        assert (answer.status, answer.headers["connection"]) == (status, "close")
        assert await line.rest() == b""
    assert (await get(server.addresses[0], "/")).status == 200


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.binary(max_size=200) | st.binary(max_size=50).map(lambda tail: GET[:-2] + tail))
def test_no_bytes_end_the_server(data: bytes) -> None:
    async def throw() -> int:
        async with serve_http((ANY,), echo, QUICK) as serving:
            async with line_to(serving.addresses[0]) as line:
                line.writer.write(data)
                line.writer.write_eof()
                await line.rest()
            return (await get(serving.addresses[0], "/")).status

    assert asyncio.run(throw()) == 200


async def test_a_head_that_never_ends_times_out(server: HttpServer) -> None:
    async with line_to(server.addresses[0]) as line:
        assert (await line.ask(b"GET / HTTP/1.1\r\nHost: x\r\nA: b")).status == 408
        assert await line.rest() == b""


async def test_a_head_that_drips_gets_no_more_time_than_another(server: HttpServer) -> None:
    async with line_to(server.addresses[0]) as line:

        async def drip() -> None:
            while True:
                line.writer.write(b"A: b\r\n")
                await asyncio.sleep(0.05)

        line.writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n")
        dripping = asyncio.create_task(drip())
        assert (await line.answer()).status == 408
        dripping.cancel()


@pytest.mark.parametrize("before", [b"", GET])
async def test_who_says_nothing_is_closed_without_a_word(server: HttpServer, before: bytes) -> None:
    async with line_to(server.addresses[0]) as line:
        if before:
            await line.ask(before)
        assert await line.rest() == b""


async def test_a_client_that_does_not_read_is_cut_off() -> None:
    sent = asyncio.Event()

    async def large(_: Request) -> Response:
        sent.set()
        return Response(status=200, body=bytes(50_000_000))

    patient = msgspec.structs.replace(QUICK, drain_s=600)
    async with serve_http((ANY,), large, patient) as serving, line_to(serving.addresses[0]) as line:
        line.writer.write(GET)
        await sent.wait()
        await serving.drain()  # ends when the connection does
        assert len(await line.rest()) < 50_000_000


async def test_one_connection_too_many_is_told_so_and_the_others_live(server: HttpServer) -> None:
    async with AsyncExitStack() as stack:
        lines = [await stack.enter_async_context(line_to(server.addresses[0])) for _ in range(3)]
        assert [(await line.ask(GET)).status for line in lines] == [200] * 3
        late = await stack.enter_async_context(line_to(server.addresses[0]))
        refused = await late.answer()
        assert (refused.status, refused.headers["retry-after"]) == (503, "1")
        assert (await lines[0].ask(GET)).status == 200


async def test_a_client_that_goes_away_cancels_the_work_for_it() -> None:
    slow = Slow()
    async with serve_http((ANY,), slow, QUICK) as serving:
        async with line_to(serving.addresses[0]) as line:
            line.writer.write(GET)
            await slow.began.wait()
        await slow.cancelled.wait()


async def test_bytes_that_come_while_the_answer_is_made_do_not_cancel_it() -> None:
    slow = Slow()
    async with serve_http((ANY,), slow, QUICK) as serving, line_to(serving.addresses[0]) as line:
        line.writer.write(GET)
        await slow.began.wait()
        line.writer.write(GET)
        slow.may_end.set()
        assert (await line.answer()).body == "done\n"
        assert (await line.answer()).body == "done\n"


async def test_draining_finishes_what_is_being_answered_and_accepts_nobody() -> None:
    slow = Slow()
    async with AsyncExitStack() as stack, serve_http((ANY,), slow, Bounds()) as serving:
        busy = await stack.enter_async_context(line_to(serving.addresses[0]))
        idle = await stack.enter_async_context(line_to(serving.addresses[0]))
        busy.writer.write(GET)
        await slow.began.wait()
        draining = asyncio.create_task(serving.drain())
        assert await idle.rest() == b""
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(serving.addresses[0].host, serving.addresses[0].port)
        slow.may_end.set()
        answer = await busy.answer()
        await draining
    assert (answer.body, answer.headers["connection"]) == ("done\n", "close")


async def test_draining_cuts_off_what_takes_too_long() -> None:
    slow = Slow()
    async with serve_http((ANY,), slow, QUICK) as serving, line_to(serving.addresses[0]) as line:
        line.writer.write(GET)
        await slow.began.wait()
        await serving.drain()
        assert await line.rest() == b""
    assert slow.cancelled.is_set()


async def test_it_listens_over_ipv6_and_on_several_addresses() -> None:
    async with serve_http((ANY, Address("::1", 0)), echo, QUICK) as serving:
        assert [address.family for address in serving.addresses] == [4, 6]
        assert [(await get(address, "/")).status for address in serving.addresses] == [200, 200]


async def test_an_address_that_is_taken_is_told(server: HttpServer) -> None:
    taken = server.addresses[0]
    with pytest.raises(ListenError, match=f"cannot listen on {taken}: "):
        async with serve_http((ANY, taken), echo, QUICK):
            pass
