"""What an upgrade is answered, and what that means: npm's servers behind a real nginx, and servers of our own."""

import asyncio
import ssl
from pathlib import Path

import pytest
import trustme

from natprobe.credential import Secret
from natprobe.expectations import Expectations
from natprobe.model import Status
from natprobe.probe import Settings
from tests.net.conftest import authority, ca_file, in_the_wild, network
from tests.net.test_tcp import serving
from tests.signalling.servers import UPGRADE, node, opening, saying
from tests.web.nginx import free_port, nginx
from tests.web.run import Told, checked
from tests.web.servers import answering, reply

pytestmark = pytest.mark.deployments

PAGE = "<html>app</html>"
SETTINGS = bytes(3) + b"\x04" + bytes(5)
"""A server's empty SETTINGS frame (RFC 9113 section 6.5)."""
__all__ = ["authority", "ca_file", "in_the_wild", "network"]


async def upgraded(uri: str, settings: Settings | None = None) -> Told:
    return await checked(uri, settings=settings, only=("ws.upgrade", "tls."))


async def answered(answer: bytes, settings: Settings | None = None) -> tuple[Status, set[str], str]:
    """What is said of a server that answers everything with this."""
    async with answering(lambda _method, _path, _fields: answer) as remote:
        told = await upgraded(f"ws://{remote}/ws", settings)
    check = told.check("ws.upgrade")
    return check.status, told.findings, check.summary


def from_page(url: str) -> Settings:
    return Settings(expect=Expectations(page=url))


async def test_a_plain_server_behind_nginx_opens() -> None:
    port = free_port()
    with node("messages") as behind:
        location = f"location /ws {{ proxy_pass http://127.0.0.1:{behind}; {UPGRADE} }}"
        with nginx(f"server {{ listen 127.0.0.1:{port}; {location} }}", port):
            told = await upgraded(f"ws://127.0.0.1:{port}/ws")
    check = told.check("ws.upgrade")
    assert (check.status, told.findings) == (Status.PASS, set())
    assert check.summary.startswith("101 in ")
    assert check.summary.endswith(f" for http://127.0.0.1:{port}")


async def test_a_socket_io_server_opens_at_its_own_path() -> None:
    for options in ({}, {"allowEIO3": True}, {"version": 2}, {"transports": ["websocket"]}):
        with node("signalling", **options) as port:
            told = await upgraded(f"ws://127.0.0.1:{port}/socket.io/")
        assert (told.check("ws.upgrade").status, told.findings) == (Status.PASS, set())


async def test_engine_io_says_why_it_does_not_open() -> None:
    with node("signalling", transports=["polling"]) as port:
        told = await upgraded(f"ws://127.0.0.1:{port}/socket.io/")
    assert (told.check("ws.upgrade").status, told.findings) == (Status.FAIL, {"sio-unknown-transport"})


async def test_nginx_that_does_not_pass_the_upgrade_on_is_told_by_what_its_backend_says() -> None:
    port = free_port()
    with (
        node("signalling", page=PAGE) as behind,
        nginx(f"server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://127.0.0.1:{behind}; }} }}", port),
    ):
        engine = await upgraded(f"ws://127.0.0.1:{port}/socket.io/")
        page = await upgraded(f"ws://127.0.0.1:{port}/ws")
    assert engine.findings == {"sio-bad-request"}
    assert page.findings == {"http-spa-fallback"}
    assert page.check("ws.upgrade").summary == "200 OK in place of an upgrade: the page that any path gets"
    with (
        node("messages") as behind,
        nginx(f"server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://127.0.0.1:{behind}; }} }}", port),
    ):
        plain = await upgraded(f"ws://127.0.0.1:{port}/ws")
    assert plain.findings == {"ws-426"}


async def test_nginx_without_a_backend_is_a_502() -> None:
    port, dead = free_port(), free_port()
    location = f"location /ws {{ proxy_pass http://127.0.0.1:{dead}; {UPGRADE} }}"
    with nginx(f"server {{ listen 127.0.0.1:{port}; {location} }}", port):
        told = await upgraded(f"ws://127.0.0.1:{port}/ws")
    assert told.findings == {"ws-502"}


@pytest.mark.parametrize(
    ("answer", "finding"),
    [
        (reply("200 OK", "the backend's own text"), "ws-200-no-upgrade"),
        (reply("204 No Content"), "ws-200-no-upgrade"),
        (reply("400 Bad Request", "no"), "ws-400"),
        (reply("403 Forbidden"), "ws-403"),
        (reply("404 Not Found"), "ws-404"),
        (reply("426 Upgrade Required"), "ws-426"),
        (reply("301 Moved", fields=[("Location", "https://meet.example.org/ws")]), "ws-301"),
        (reply("308 Moved", fields=[("Location", "/ws/")]), "ws-301"),
        (reply("503 Service Unavailable"), "ws-502"),
        (reply("504 Gateway Timeout"), "ws-504"),
        (reply("401 Unauthorized"), "http-status"),
        (reply("500 Internal Server Error"), "http-status"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "http-answer-malformed"),
        (b"", "http-no-answer"),
    ],
)
async def test_each_answer_has_its_finding(answer: bytes, finding: str) -> None:
    status, findings, _ = await answered(answer)
    assert (status, findings) == (Status.FAIL, {finding})


async def test_a_server_that_stays_silent_is_told_with_the_wait() -> None:
    async def mute(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(mute) as remote:
        told = await upgraded(f"ws://{remote}/ws")
    assert told.findings == {"http-no-answer"}
    assert told.check("ws.upgrade").summary.endswith("did not answer within 8.0 s")


async def test_what_tls_meets_is_told_once_and_not_here() -> None:
    with node("signalling") as port:
        told = await checked(f"wss://127.0.0.1:{port}/socket.io/", only=("ws.", "sio.", "tls."))
        gateway = await checked(
            f"janus+https://127.0.0.1:{port}/", f"srs+https://127.0.0.1:{port}/", only=("janus.", "srs.")
        )
    assert {told.check(each).status for each in ("ws.upgrade", "sio.handshake")} == {Status.SKIP}
    assert {gateway.check(each).status for each in ("janus.info", "srs.version")} == {Status.SKIP}
    assert not told.findings & {"http-no-answer", "http-answer-malformed"}


async def test_the_origin_of_the_page_is_what_counts() -> None:
    def answer(_method: str, _path: str, fields: dict[str, str]) -> bytes:
        good = fields.get("origin") == "https://good.example"
        return reply("404 Not Found") if good else reply("403 Forbidden", "not you")

    async with answering(answer) as remote:
        told = await upgraded(f"ws://{remote}/ws", from_page("https://good.example/room/7"))
        other = await upgraded(f"ws://{remote}/ws", from_page("https://other.example"))
    assert told.findings == {"ws-404"}
    assert other.findings == {"ws-403"}


async def test_a_server_that_lets_certain_origins_in_is_told_apart() -> None:
    port = free_port()
    only = "if ($http_origin = https://bad.example) { return 403; }"
    with node("messages") as behind:
        location = f"location /ws {{ {only} proxy_pass http://127.0.0.1:{behind}; {UPGRADE} }}"
        with nginx(f"server {{ listen 127.0.0.1:{port}; {location} }}", port):
            refused = await upgraded(f"ws://127.0.0.1:{port}/ws", from_page("https://bad.example/room"))
            let_in = await upgraded(f"ws://127.0.0.1:{port}/ws", from_page("https://good.example/room"))
    assert (refused.check("ws.upgrade").status, refused.findings) == (Status.FAIL, {"ws-403-origin"})
    assert refused.check("ws.upgrade").summary == (
        "403 Forbidden for https://bad.example, while it opens without an Origin"
    )
    assert (let_in.check("ws.upgrade").status, let_in.findings) == (Status.PASS, set())


async def test_a_guessed_origin_that_is_refused_proves_nothing() -> None:
    port = free_port()
    with node("messages") as behind:
        only = "if ($http_origin) { return 403; }"
        location = f"location /ws {{ {only} proxy_pass http://127.0.0.1:{behind}; {UPGRADE} }}"
        with nginx(f"server {{ listen 127.0.0.1:{port}; {location} }}", port):
            told = await upgraded(f"ws://127.0.0.1:{port}/ws")
    assert (told.check("ws.upgrade").status, told.findings) == (Status.INCONCLUSIVE, set())
    assert "no page is named" in told.check("ws.upgrade").summary


async def test_a_server_that_needs_an_origin_passes_and_says_so() -> None:
    with node("collider") as port:
        told = await upgraded(f"collider+ws://127.0.0.1:{port}/ws")
    assert told.check("ws.upgrade").status is Status.PASS
    assert told.check("ws.upgrade").summary.endswith("; without an Origin 403 Forbidden")


@pytest.mark.parametrize(
    ("fields", "finding"),
    [
        ({"Sec-WebSocket-Accept": "AAAAAAAAAAAAAAAAAAAAAAAAAAA="}, "ws-accept-wrong"),
        ({"Upgrade": "h2c"}, "ws-101-broken"),
        ({"Sec-WebSocket-Extensions": "permessage-deflate"}, "ws-101-broken"),
        ({"Sec-WebSocket-Protocol": "other"}, "ws-101-broken"),
    ],
)
async def test_a_101_that_browsers_refuse_fails(fields: dict[str, str], finding: str) -> None:
    async with opening(saying(), fields=fields) as remote:
        told = await upgraded(f"ws://{remote}/ws")
    assert (told.check("ws.upgrade").status, told.findings) == (Status.FAIL, {finding})


async def test_a_sub_protocol_that_clients_ask_for_must_come_back() -> None:
    expect = Settings(expect=Expectations(subprotocol="chat.v2"))
    async with opening(saying()) as remote:
        told = await upgraded(f"ws://{remote}/ws", expect)
        janus = await upgraded(f"janus+ws://{remote}/")
    assert told.findings == janus.findings == {"ws-subprotocol-missing"}
    async with opening(saying(), fields={"Sec-WebSocket-Protocol": "chat.v2"}) as remote:
        told = await upgraded(f"ws://{remote}/ws", expect)
    assert told.check("ws.upgrade").summary.endswith(", sub-protocol chat.v2")


async def test_a_slow_opening_is_a_warning() -> None:
    async with opening(saying(), thinks=lambda: 1.2) as remote:
        told = await upgraded(f"ws://{remote}/ws")
    assert (told.check("ws.upgrade").status, told.findings) == (Status.WARN, {"sig-slow"})
    assert len(told.check("ws.upgrade").evidence["again_ms"]) == 3


async def test_a_server_that_is_slow_once_is_not_a_slow_one() -> None:
    waits = iter((1.2, 1.2, 1.2))
    async with opening(saying(), thinks=lambda: next(waits, 0.0)) as remote:
        told = await upgraded(f"ws://{remote}/ws")
    assert (told.check("ws.upgrade").status, told.findings) == (Status.PASS, set())
    assert len(told.check("ws.upgrade").evidence["again_ms"]) == 2


async def test_a_server_of_http_2_alone_cannot_open_one(authority: trustme.CA, ca_file: Path, tmp_path: Path) -> None:
    certificate = authority.issue_cert("127.0.0.1")
    pem = tmp_path / "server.pem"
    certificate.private_key_and_cert_chain_pem.write_to_path(str(pem))
    settings = Settings(ca_file=str(ca_file))
    with node("http2", cert=str(pem)) as port:
        told = await upgraded(f"wss://127.0.0.1:{port}/ws", settings)
    assert (told.check("ws.upgrade").status, told.findings & {"ws-h2-only"}) == (Status.FAIL, {"ws-h2-only"})
    with node("http2", cert=str(pem), websocket=True) as port:
        told = await upgraded(f"wss://127.0.0.1:{port}/ws", settings)
    assert told.check("ws.upgrade").status is Status.INCONCLUSIVE


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"Unknown ALPN Protocol, expected `h2` to be available.", {"ws-h2-only"}),
        (b"Forbidden", {"ws-403"}),
    ],
)
async def test_a_server_of_http_2_alone_may_say_so_in_http_1(
    body: bytes, told: set[str], authority: trustme.CA, ca_file: Path
) -> None:
    """Node before version 20, which Debian 12 has. A server's 403 alone is none of that."""
    answers = {"http/1.1": b"HTTP/1.0 403 Forbidden\r\nContent-Length: %d\r\n\r\n" % len(body) + body, "h2": SETTINGS}

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(answers[writer.get_extra_info("ssl_object").selected_alpn_protocol() or "http/1.1"])
        await writer.drain()
        await reader.read()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["h2"])
    authority.issue_cert("127.0.0.1").configure_cert(context)
    async with serving(play, tls=context) as remote:
        seen = await upgraded(f"wss://{remote}/ws", Settings(ca_file=str(ca_file)))
    assert (seen.check("ws.upgrade").status, seen.findings & {"ws-h2-only", "ws-403"}) == (Status.FAIL, told)


@pytest.mark.usefixtures("in_the_wild")
async def test_a_location_in_the_block_without_tls_is_found_at_port_80(
    authority: trustme.CA, ca_file: Path, tmp_path: Path
) -> None:
    pem = tmp_path / "server.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(pem))
    with node("messages") as behind:
        servers = f"""server {{ listen 443 ssl; ssl_certificate {pem}; ssl_certificate_key {pem};
            root {{root}}; types {{ text/html html; }} location / {{ try_files $uri /index.html; }} }}
          server {{ listen 80; location /ws {{ proxy_pass http://127.0.0.1:{behind}; {UPGRADE} }} }}"""
        with nginx(servers, 443, 80, page=PAGE):
            told = await upgraded("wss://127.0.0.1/ws", Settings(ca_file=str(ca_file)))
    check = told.check("ws.upgrade")
    assert (check.status, told.findings) == (Status.FAIL, {"sig-wrong-server-block"})
    assert check.summary.endswith(", while the same path opens at port 80 without TLS")


async def test_secret_parameters_are_sent_and_shown_nowhere() -> None:
    asked: list[str] = []

    def answer(_method: str, path: str, _fields: dict[str, str]) -> bytes:
        asked.append(path)
        return reply("403 Forbidden")

    async with answering(answer) as remote:
        told = await upgraded(f"ws://{remote}/ws", Settings(query_secrets=(("token", Secret("hunter2")),)))
    assert set(asked) == {"/ws?token=hunter2"}
    assert "hunter2" not in told.everything
