"""One HTTP exchange against nginx and against servers that misbehave: bounded, and told by what happened."""

import asyncio
import contextlib
import gzip
import ssl
import struct
from pathlib import Path

import pytest
import trustme

from natprobe.address import Address
from natprobe.client.http import Exchanged, fetch
from natprobe.client.line import Way
from natprobe.net.handshake import Roots
from natprobe.net.trouble import Reason
from natprobe.wire.http.limits import Limits
from natprobe.wire.http.request import Request
from tests.net.test_tcp import Script, serving
from tests.net.wild import SILENT_4, Wild
from tests.web.hold import holding
from tests.web.nginx import free_port, nginx

NAME = "www.example.org"
ASKED = Request(authority=NAME)
PATIENT = Limits(connect_s=20, total_s=20)
HASTY = Limits(connect_s=0.4, total_s=0.5)


async def asked(remote: Address, request: Request = ASKED, limits: Limits = PATIENT) -> Exchanged:
    async with holding() as hold:
        return await fetch(hold, Way("tcp", remote, NAME), request, limits)


async def told_by(script: Script, limits: Limits = PATIENT) -> Exchanged:
    async with serving(script) as remote:
        return await asked(remote, limits=limits)


def saying(*pieces: bytes) -> Script:
    """A server that reads the request, says `pieces` and ends."""

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        writer.write_eof()
        await reader.read()

    return play


def repeating(start: bytes, piece: bytes) -> Script:
    """A server that never ends."""

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(start)
        while True:
            writer.write(piece)
            await writer.drain()

    return play


async def test_nginx_answers_and_every_field_is_kept_in_its_order() -> None:
    port = free_port()
    server = f"server {{ listen 127.0.0.1:{port}; location / {{ return 200 hello; add_header X-Odd a; }} }}"
    with nginx(server, port):
        answer = await asked(Address("127.0.0.1", port))
    seen = answer.seen
    assert (seen.status, seen.phrase, seen.version, answer.body, seen.trouble) == (200, "OK", "1.1", b"hello", None)
    assert [each.name for each in seen.headers][-3:] == ["Content-Length", "Connection", "X-Odd"]
    assert seen.answered
    assert seen.connect_ms is not None
    assert seen.tls_ms is None
    assert seen.first_byte_ms is not None
    assert seen.connect_ms + seen.first_byte_ms <= seen.total_ms


async def test_nginx_with_a_pasted_hyphen_sends_a_name_that_is_no_token() -> None:
    port = free_port()
    name = "Access\N{HYPHEN}Control\N{HYPHEN}Allow\N{HYPHEN}Origin"
    server = f"server {{ listen 127.0.0.1:{port}; add_header {name} *; add_header X-After b; return 200 hi; }}"
    with nginx(server, port):
        answer = await asked(Address("127.0.0.1", port))
    flawed = [(each.name, each.flaw) for each in answer.seen.headers if each.flaw]
    assert flawed == [(name, "its name holds a typographic hyphen")]
    assert answer.value("X-After") == "b"


async def test_tls_goes_to_the_pinned_address_with_the_name_of_the_url(
    authority: trustme.CA, ca_file: Path, tmp_path: Path
) -> None:
    certificate, port = authority.issue_cert(NAME), free_port()
    pem = tmp_path / "server.pem"
    certificate.private_key_and_cert_chain_pem.write_to_path(str(pem))
    server = f"""server {{
      listen 127.0.0.1:{port} ssl; ssl_certificate {pem}; ssl_certificate_key {pem};
      return 200 "$ssl_server_name $http_host $request_method $http_origin $http_user_agent";
    }}"""
    with nginx(server, port):
        async with holding(Roots(ca_file)) as hold:
            request = Request(method="POST", authority=f"{NAME}:{port}", headers=(("Origin", "https://a.example"),))
            answer = await fetch(hold, Way("tls", Address("127.0.0.1", port), NAME), request)
    assert answer.body.decode() == f"{NAME} {NAME}:{port} POST https://a.example natprobe"
    assert answer.handshake is not None
    assert (answer.handshake.errors, answer.handshake.name_matches, answer.handshake.alpn) == ((), True, "http/1.1")
    assert answer.seen.tls_ms == answer.handshake.duration_ms
    assert answer.seen.url == f"https://{NAME}:{port}/"


async def test_a_bad_certificate_breaks_nothing(authority: trustme.CA) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("other.example.org").configure_cert(context)
    async with serving(saying(b"HTTP/1.1 200 OK\r\n\r\nhi"), tls=context) as remote, holding() as hold:
        answer = await fetch(hold, Way("tls", remote, NAME), ASKED)
    assert (answer.body, answer.handshake and answer.handshake.name_matches) == (b"hi", False)


async def test_a_port_that_nobody_listens_on_refuses() -> None:
    answer = await asked(Address("127.0.0.1", free_port()))
    assert answer.seen.trouble is not None
    assert (answer.status, answer.seen.trouble.reason) == (None, Reason.REFUSED)
    assert answer.seen.first_byte_ms is None


async def test_tls_that_meets_plain_http_is_told_by_its_bytes() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read()

    async with serving(plain) as remote, holding() as hold:
        answer = await fetch(hold, Way("tls", remote, NAME), ASKED, PATIENT)
    assert answer.seen.trouble is not None
    assert answer.seen.trouble.reason is Reason.TLS
    assert "it begins with 'HTTP/1.1 400 Bad'" in answer.seen.trouble.detail


async def test_plain_http_that_meets_a_tls_alert_is_told() -> None:
    answer = await told_by(saying(b"\x15\x03\x01\x00\x02\x02\x46"))
    assert answer.seen.speaks_tls
    assert answer.seen.trouble is not None
    assert answer.seen.trouble.detail.endswith("answered, but it speaks TLS")


@pytest.mark.usefixtures("in_the_wild")
async def test_a_host_that_swallows_everything_is_silent(network: Wild) -> None:
    answer = await asked(Address(SILENT_4, 80), limits=HASTY)
    assert answer.seen.trouble is not None
    assert answer.seen.trouble.reason is Reason.SILENT


async def test_a_server_that_takes_the_request_and_says_nothing_is_silent() -> None:
    async def mute(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    answer = await told_by(mute, HASTY)
    assert answer.seen.trouble is not None
    assert answer.seen.trouble.reason is Reason.SILENT
    assert answer.seen.trouble.detail.endswith("did not answer within 0.5 s")


@pytest.mark.parametrize(
    ("start", "part"),
    [(b"HTTP/1.1 200 OK\r\nX: ", "its header"), (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", "its body")],
)
async def test_an_answer_that_drips_is_given_up_and_told_apart_from_silence(start: bytes, part: str) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(start)
        await reader.read()

    answer = await told_by(drip, HASTY)
    assert answer.seen.trouble is not None
    assert answer.seen.trouble.reason is Reason.TIMEOUT
    assert f"began to answer, and {part} was not complete after 0.5 s" in answer.seen.trouble.detail
    assert answer.status == (200 if part == "its body" else None)


async def test_a_reset_in_the_body_leaves_what_came_before() -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nsome")
        await writer.drain()
        sock = writer.get_extra_info("socket")
        sock.setsockopt(1, 13, struct.pack("ii", 1, 0))  # SO_LINGER: close() resets
        seen.set()

    seen = asyncio.Event()
    answer = await told_by(reset)
    assert answer.seen.trouble is not None
    assert answer.seen.trouble.reason is Reason.RESET
    assert answer.status == 200


async def test_an_end_in_the_body_is_no_whole_answer() -> None:
    answer = await told_by(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nsome"))
    assert answer.seen.trouble is not None
    assert (answer.seen.trouble.reason, answer.body, answer.seen.answered) == (Reason.CLOSED, b"some", False)
    assert answer.seen.trouble.detail.endswith("closed the connection after 4 bytes of its body")


@pytest.mark.parametrize(
    ("said", "detail"),
    [
        (b"<html>0.9</html>", "answered, but it begins with '<html>0.9</html>', which is no status line"),
        (b"HTTP/1.1 99999 No\r\n\r\n", "answered, but its first line is 'HTTP/1.1 99999 No', which is no status line"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
            "its framing is broken: illegal chunk header",
        ),
        (b"\0\0\0\0\0\0", "answered, but it begins with '······', which is no status line"),
    ],
)
async def test_what_is_no_http_is_malformed(said: bytes, detail: str) -> None:
    answer = await told_by(saying(said))
    assert answer.seen.trouble is not None
    assert answer.seen.trouble.reason is Reason.MALFORMED
    assert detail in answer.seen.trouble.detail


@pytest.mark.parametrize(
    ("start", "piece", "detail"),
    [
        (b"HTTP/1.1 200 OK\r\nX: ", b"x" * 4096, "its header does not end within 65536 bytes"),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 64, "it has more than 100 header fields"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n", "more than 8 interim answers came in place of one"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n" * 64, "its framing is broken"),
    ],
)
async def test_what_never_ends_is_cut_by_its_size(start: bytes, piece: bytes, detail: str) -> None:
    answer = await told_by(repeating(start, piece))
    assert answer.seen.trouble is not None
    assert answer.seen.trouble.reason is Reason.MALFORMED
    assert detail in answer.seen.trouble.detail


async def test_an_endless_body_is_cut_and_its_beginning_kept() -> None:
    answer = await told_by(repeating(b"HTTP/1.1 200 OK\r\n\r\n", b"[" * 65536))
    assert (len(answer.body), answer.seen.cut, answer.seen.trouble) == (262_144, "it is longer than 262144 bytes", None)


async def test_a_body_of_tiny_chunks_costs_no_more_than_its_time() -> None:
    start = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    exchanged = await told_by(saying(start, *[b"1\r\nx\r\n" * 10_000] * 200), HASTY)
    trouble = exchanged.seen.trouble
    assert trouble is not None
    assert trouble.detail.endswith("began to answer, and its body was not complete after 0.5 s")


async def test_a_gzip_bomb_is_told_as_such() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
    answer = await told_by(saying(head + gzip.compress(bytes(20_000_000))))
    assert answer.seen.cut is not None
    assert "a decompression bomb" in answer.seen.cut
    assert answer.seen.body_bytes == 262_144


async def test_secrets_show_in_no_evidence() -> None:
    head = b"HTTP/1.1 302 Found\r\nSet-Cookie: sid=hunter2\r\nLocation: https://a.example/?key=hunter2\r\n\r\nhunter2"
    async with serving(saying(head)) as remote:
        answer = await asked(remote, Request(authority=NAME, path="/?key=hunter2"))
    assert "hunter2" not in repr(answer)
    assert answer.body == b"hunter2"
    assert answer.value("location") == "https://a.example/?key=hunter2"


async def test_the_connection_is_closed_when_the_caller_is_cancelled() -> None:
    ended = asyncio.Event()

    async def wait(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        begun.set()
        await reader.read()
        ended.set()

    begun = asyncio.Event()
    async with serving(wait) as remote:
        task = asyncio.create_task(asked(remote))
        await begun.wait()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await asyncio.wait_for(ended.wait(), 20)
