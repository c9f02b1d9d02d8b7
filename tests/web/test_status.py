"""What a URL answers, and what that means: nginx for what it does, servers of our own for what it does not."""

import asyncio
import gzip
import ssl
from pathlib import Path

import pytest
import trustme

from natprobe.expectations import Expectations
from natprobe.model import Status
from natprobe.probe import Settings
from tests.net.conftest import authority, ca_file
from tests.net.test_tcp import serving
from tests.web.nginx import free_port, nginx
from tests.web.run import checked
from tests.web.servers import answering, reply

PAGE = "<html>app</html>"
__all__ = ["authority", "ca_file"]


async def test_a_page_passes_and_says_when_its_first_byte_came() -> None:
    port = free_port()
    with nginx(
        f"server {{ listen 127.0.0.1:{port}; location = / {{ default_type text/html; return 200 hi; }} }}", port
    ):
        told = await checked(f"http://127.0.0.1:{port}/")
    check = told.check("http.status")
    assert check.status is Status.PASS
    assert check.summary.startswith("200 OK, first byte after ")
    assert check.evidence["answer"]["status"] == 200
    assert check.evidence["stray"]["status"] == 404
    assert told.check("http.redirect").summary == "no redirect"
    assert told.findings == set()


async def test_a_single_page_application_is_no_fault_of_the_page() -> None:
    port = free_port()
    server = f"""server {{ listen 127.0.0.1:{port}; root {{root}};
      types {{ text/html html; }} location / {{ try_files $uri /index.html; }} }}"""
    with nginx(server, port, page=PAGE):
        told = await checked(f"http://127.0.0.1:{port}/", f"http://127.0.0.1:{port}/wstudio/apiary/7")
    checks = [check for check in told.report.checks if check.id == "http.status"]
    assert [check.status for check in checks] == [Status.PASS, Status.PASS]
    assert all(check.summary.endswith("; any other path gets the same page") for check in checks)


@pytest.mark.parametrize(
    ("path", "method"), [("/api/v1/rooms", None), ("/ws", None), ("/list.json", None), ("/rooms", "POST")]
)
async def test_a_service_that_is_answered_by_the_page_is_missing(path: str, method: str | None) -> None:
    port = free_port()
    server = f"""server {{ listen 127.0.0.1:{port}; root {{root}};
      types {{ text/html html; }} location / {{ try_files $uri /index.html; }} }}"""
    expect = Expectations(method="POST") if method else Expectations()
    with nginx(server, port, page=PAGE):
        told = await checked(f"http://127.0.0.1:{port}{path}", settings=Settings(expect=expect), only=("http.status",))
    assert (told.check("http.status").status, told.findings) == (Status.FAIL, {"http-spa-fallback"})


@pytest.mark.parametrize(
    ("said", "finding"),
    [
        ("return 403;", "http-status"),
        ("return 500;", "http-status"),
        ("return 511;", "http-captive-portal"),
        ("proxy_pass http://127.0.0.1:{dead}/;", "ws-502"),
        ("proxy_pass http://127.0.0.1:{mute}/; proxy_read_timeout 1s;", "ws-504"),
    ],
)
async def test_an_error_is_named_by_its_status(said: str, finding: str) -> None:
    async def mute(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    port = free_port()
    async with serving(mute) as silent:
        location = said.format(dead=free_port(), mute=silent.port)
        with nginx(f"server {{ listen 127.0.0.1:{port}; location / {{ {location} }} }}", port):
            told = await checked(f"http://127.0.0.1:{port}/api", only=("http.status",))
    assert (told.check("http.status").status, told.findings) == (Status.FAIL, {finding})


async def test_plain_http_to_the_tls_port_of_nginx_is_a_wrong_scheme(authority: trustme.CA, tmp_path: Path) -> None:
    pem, port = tmp_path / "server.pem", free_port()
    authority.issue_cert("www.example.org").private_key_and_cert_chain_pem.write_to_path(str(pem))
    with nginx(f"server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {pem}; ssl_certificate_key {pem}; }}", port):
        told = await checked(f"http://127.0.0.1:{port}/", only=("http.status",))
    assert told.findings == {"tls-plain-http-on-tls-port"}


async def test_plain_http_to_a_tls_port_that_just_hangs_up_is_a_wrong_scheme_too(authority: trustme.CA) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("www.example.org").configure_cert(context)
    async with answering(lambda *_: b"", context) as remote:
        told = await checked(f"http://{remote}/", only=("http.status",))
    assert told.findings == {"tls-plain-http-on-tls-port"}


async def test_plain_http_that_a_tls_alert_answers_is_a_wrong_scheme_too() -> None:
    async with answering(lambda *_: b"\x15\x03\x01\x00\x02\x02\x46") as remote:
        told = await checked(f"http://{remote}/", only=("http.status",))
    assert told.findings == {"tls-plain-http-on-tls-port"}


async def test_a_page_over_plain_http_is_no_secure_context_except_on_this_host() -> None:
    async with answering(lambda *_: reply(body="<html>", kind="text/html")) as remote:
        here = await checked(f"http://{remote}/", f"http://localhost:{remote.port}/", only=("http.status", "dns."))
    assert here.findings == set()
    judged = await _judged_at("http://www.example.org/", here.check("http.status", f"http://{remote}").evidence)
    assert judged == {"ice-insecure-context"}


async def _judged_at(uri: str, evidence: dict[str, object]) -> set[str]:
    import msgspec

    from natprobe.probes import http_status

    moved = msgspec.convert(evidence | {"uri": uri}, http_status.Evidence)
    return {raised.id for raised in http_status.judge(moved).raised}


@pytest.mark.parametrize(
    ("said", "finding", "words"),
    [
        (b"", "http-no-answer", "closed the connection without an answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "http-no-answer", "closed the connection within its header"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", "http-no-answer", "after 1 bytes of its body"),
        (b"<html>hello</html>", "http-answer-malformed", "begins with '<html>hello</html>'"),
        (b"HTTP/1.1 99999 No\r\n\r\n", "http-answer-malformed", "HTTP/1.1 99999 No"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 9999, "http-answer-malformed", "more than 100 header fields"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 999_999, "http-answer-malformed", "does not end within 65536 bytes"),
        (reply(body=gzip.compress(bytes(9_000_000)), fields=[("Content-Encoding", "gzip")]),
         "http-answer-malformed", "a decompression bomb"),
    ],
)  # fmt: skip
async def test_a_server_that_speaks_no_http_is_told_by_what_it_did(said: bytes, finding: str, words: str) -> None:
    async with answering(lambda *_: said) as remote:
        told = await checked(f"http://{remote}/", only=("http.status",))
    check = told.check("http.status")
    assert (check.status, told.findings) == (Status.FAIL, {finding})
    assert words in check.summary


async def test_an_endless_page_passes_with_what_was_read_of_it() -> None:
    async with answering(lambda *_: b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1_000_000) as remote:
        told = await checked(f"http://{remote}/", only=("http.status",))
    assert told.check("http.status").summary.endswith("; it is longer than 262144 bytes")
    assert told.check("http.status").status is Status.PASS


async def test_a_page_is_asked_for_once_and_a_path_beside_it_once() -> None:
    asked: list[str] = []

    def answer(method: str, path: str, _fields: dict[str, str]) -> bytes:
        asked.append(f"{method} {path}".partition("natprobe-")[0])
        return reply()

    async with answering(answer) as remote:
        await checked(f"http://{remote}/")
    assert sorted(asked) == ["GET /", "GET /"]


async def test_secrets_of_query_cookie_and_location_are_told_to_nobody() -> None:
    fields = [("Set-Cookie", "sid=hunter2"), ("Location", "/next?token=hunter2"), ("WWW-Authenticate", "hunter2")]
    async with answering(lambda *_: reply("302 Found", "hunter2", fields)) as remote:
        told = await checked(f"http://{remote}/")
    assert "hunter2" not in told.everything
