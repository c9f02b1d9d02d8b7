"""`--webhook`: what is posted, to whom it is not, and that no failure lasts long or shows the URL's path."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Self

import msgspec
import pytest
import trustme

from natprobe.cli import watch, webhook
from natprobe.cli.parser import UsageError, parse
from natprobe.cli.playing import teller
from natprobe.cli.webhook import MOST_CHANGES, MOST_WAITING, bounded
from natprobe.model import Status
from natprobe.wire.http.limits import Limits
from natprobe_tui.changes import Change, Told
from natprobe_tui.desk import DeskError
from natprobe_tui.feed import Live
from natprobe_tui.pace import Pace
from tests.net.conftest import authority, ca_file
from tests.tui.stage import a_round, text_of, until
from tests.tui.stage import watch as watching

__all__ = ["authority", "ca_file"]

CHANGE = Change(
    at="2026-11-21T09:02:30.692Z", target="turn:192.0.2.1", check="turn.reach", before=Status.PASS, after=Status.FAIL,
    summary="port unreachable",
)  # fmt: skip
NEWS = Told(at=CHANGE.at, verdict="fail", culprit="it refuses packets", changes=(CHANGE,))
SECRET_PATH = "/hooks/T0/B1/xyzzy"
GOOD = b"HTTP/1.1 204 No Content\r\n\r\n"
Post = tuple[bytes, bytes]


class Hooks:
    """A web server that keeps what is posted, and says what it is told to."""

    def __init__(
        self, answer: bytes = b"HTTP/1.1 204 No Content\r\n\r\n", context: ssl.SSLContext | None = None
    ) -> None:
        self.posts: list[Post] = []
        self.touched = 0
        self._answer = answer
        self._context = context

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0, ssl=self._context)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.touched += 1
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line.split(b":")[1]) for line in head.splitlines() if line.lower().startswith(b"content-l")
            )
            self.posts.append((head, await reader.readexactly(length)))
            writer.write(self._answer)
            await writer.drain()
            if not self._answer:
                await reader.read()
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()


async def refused(tell: Callable[[Told], Awaitable[None]], message: str) -> None:
    with pytest.raises(DeskError, match=message) as caught:
        await tell(NEWS)
    assert "xyzzy" not in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_the_changes_are_posted_as_json() -> None:
    async with Hooks() as hooks:
        await webhook.webhook(f"http://127.0.0.1:{hooks.port}{SECRET_PATH}")(NEWS)
    ((head, body),) = hooks.posts
    assert head.startswith(f"POST {SECRET_PATH} HTTP/1.1\r\n".encode())
    assert b"Content-Type: application/json" in head
    assert msgspec.json.decode(body, type=Told) == NEWS
    assert msgspec.json.decode(body)["schema"] == "natprobe/change/1"


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 500 Oops\r\n\r\n", b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\n\r\n"]
)
async def test_another_answer_is_told_and_no_redirect_is_followed(answer: bytes) -> None:
    async with Hooks(answer) as hooks:
        await refused(
            webhook.webhook(f"http://127.0.0.1:{hooks.port}{SECRET_PATH}"), "127.0.0.1: it answered (500|302)"
        )
        assert hooks.touched == 1


async def test_a_server_that_is_not_there_is_told() -> None:
    async with Hooks() as hooks:
        port = hooks.port
    await refused(webhook.webhook(f"http://127.0.0.1:{port}{SECRET_PATH}"), "webhook 127.0.0.1: ")


async def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "_LIMITS", Limits(total_s=0.5))
    async with Hooks(b"") as hooks:
        await refused(webhook.webhook(f"http://127.0.0.1:{hooks.port}{SECRET_PATH}"), "webhook 127.0.0.1: ")


async def test_over_tls_it_is_posted_to_a_server_that_proves_its_name(authority: trustme.CA, ca_file: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    async with Hooks(context=context) as hooks:
        await webhook.webhook(f"https://127.0.0.1:{hooks.port}{SECRET_PATH}", str(ca_file))(NEWS)
        assert len(hooks.posts) == 1


@pytest.mark.parametrize(("name", "trusts"), [("127.0.0.1", "nobody"), ("www.example.org", "the authority")])
async def test_over_a_bad_certificate_nothing_is_sent(
    authority: trustme.CA, ca_file: Path, name: str, trusts: str
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    async with Hooks(context=context) as hooks:
        tell = webhook.webhook(
            f"https://127.0.0.1:{hooks.port}{SECRET_PATH}", str(ca_file) if trusts == "the authority" else None
        )
        await refused(tell, "no certificate that proves 127.0.0.1")
        assert hooks.posts == []


async def test_posts_that_pile_up_behind_a_slow_server_are_dropped_and_told() -> None:
    async with Hooks(b"") as hooks:
        tell = webhook.webhook(f"http://127.0.0.1:{hooks.port}/")
        news = [msgspec.structs.replace(NEWS, culprit=str(number)) for number in range(MOST_WAITING)]
        waiting = [asyncio.ensure_future(tell(each)) for each in news]
        async with asyncio.timeout(30):
            while not hooks.posts:  # noqa: ASYNC110  it takes the first one in its own time
                await asyncio.sleep(0.01)
        await refused(tell, "too slow")
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


def test_what_is_posted_is_bounded_and_says_so() -> None:
    many = msgspec.structs.replace(NEWS, changes=(CHANGE,) * (MOST_CHANGES + 7))
    assert (len(bounded(many).changes), bounded(many).omitted) == (MOST_CHANGES, 7)
    assert bounded(NEWS) == NEWS


@pytest.mark.parametrize(
    "url", ["", "nonsense", "ftp://x.example.org/", "turn:192.0.2.1", "https://", "wss://a.example.org/"]
)
def test_what_is_no_web_address_is_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises(UsageError, match="--webhook"):
        webhook.webhook(url)


def test_the_url_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    args = parse(["watch", "turn:192.0.2.1"])
    assert teller(args) is None
    monkeypatch.setenv("NATPROBE_WEBHOOK", "http://hooks.example.org/xyzzy")
    assert teller(args) is not None
    monkeypatch.setenv("NATPROBE_WEBHOOK", "turn:192.0.2.1")
    with pytest.raises(UsageError, match="--webhook"):
        watch.run(args)


async def test_that_a_post_failed_stands_in_the_log_and_the_watch_goes_on() -> None:
    statuses = iter((Status.PASS, Status.FAIL, Status.PASS))

    async def start(emit: Callable[..., None], _asked: str | None) -> None:
        for event in a_round(("a.b", next(statuses))):
            emit(event)

    async with Hooks(b"HTTP/1.1 500 Oops\r\n\r\n") as hooks:
        tell = webhook.webhook(f"http://127.0.0.1:{hooks.port}{SECRET_PATH}")
        app = watching(Live(start, Pace(3600.0)), tell=tell)
        async with app.run_test(size=(100, 40)) as pilot:
            await until(pilot, lambda: app.board.rounds == 1)
            await pilot.press("r")
            await until(pilot, lambda: "webhook 127.0.0.1: it answered 500" in text_of(app))
            assert "xyzzy" not in text_of(app)
            await pilot.press("l", "enter")
            await pilot.press("r")
            await until(pilot, lambda: app.board.rounds == 3)
