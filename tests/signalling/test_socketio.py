"""Socket.IO for real: npm's versions 4 and 2, alone, behind nginx, and as several instances; and servers of our own."""

from pathlib import Path
from typing import Any

import pytest
import trustme

from natprobe.expectations import Expectations
from natprobe.model import Status
from natprobe.probe import Settings
from tests.net.conftest import authority, ca_file, in_the_wild, network
from tests.signalling.servers import UPGRADE, body_of, node
from tests.web.nginx import free_port, nginx
from tests.web.run import Told, checked
from tests.web.servers import answering, reply

pytestmark = pytest.mark.deployments

PAGE = "<html>app</html>"
FOUR, THREE = "Engine.IO 4 (clients of Socket.IO 3 and 4)", "Engine.IO 3 (clients of version 2)"
__all__ = ["authority", "ca_file", "in_the_wild", "network"]


async def spoken(uri: str, settings: Settings | None = None) -> Told:
    return await checked(uri, settings=settings, only=("sio.", "tls."))


async def about(options: dict[str, Any], query: str = "", namespace: str | None = None) -> Told:
    """What is said of npm's server with these options."""
    with node("signalling", page=PAGE, **options) as port:
        settings = Settings(expect=Expectations(namespace=namespace))
        return await spoken(f"ws://127.0.0.1:{port}/socket.io/{query}", settings)


async def said_of(answer: bytes) -> tuple[Status, set[str]]:
    """What is said of a server that answers everything with this."""
    async with answering(lambda _method, _path, _fields: answer) as remote:
        told = await spoken(f"http://{remote}/socket.io/")
    return told.check("sio.handshake").status, told.findings


@pytest.mark.parametrize(
    ("options", "query", "versions"),
    [
        ({}, "", FOUR),
        ({"allowEIO3": True}, "", f"{FOUR} and {THREE}"),
        ({"allowEIO3": True}, "?EIO=3&transport=websocket", f"{FOUR} and {THREE}"),
        ({"version": 2}, "", THREE),
        ({"version": 2}, "?EIO=3", THREE),
    ],
)
async def test_each_version_is_told_by_how_it_answers(options: dict[str, Any], query: str, versions: str) -> None:
    told = await about(options, query)
    handshake, upgrade = told.check("sio.handshake"), told.check("sio.upgrade")
    assert (handshake.status, upgrade.status, told.findings) == (Status.PASS, Status.PASS, set())
    assert handshake.summary.startswith(f"speaks {versions}; namespace / connected; heartbeat every 25.0 s")
    assert upgrade.summary == "polling changes to a WebSocket; a session begins on a WebSocket as well"
    assert handshake.evidence["requests"] == ["fine"] * len(handshake.evidence["requests"])


@pytest.mark.parametrize(("options", "query"), [({}, "?EIO=3"), ({"version": 2}, "?EIO=4&transport=polling")])
async def test_the_version_that_the_target_names_must_be_spoken(options: dict[str, Any], query: str) -> None:
    told = await about(options, query)
    assert (told.check("sio.handshake").status, told.findings) == (Status.FAIL, {"sio-eio-mismatch"})


@pytest.mark.parametrize("options", [{}, {"version": 2}])
async def test_a_namespace_that_clients_need_must_let_them_in(options: dict[str, Any]) -> None:
    missing = await about(options, namespace="/rooms")
    there = await about(options | {"namespaces": ["/rooms"]}, namespace="/rooms")
    assert (missing.check("sio.handshake").status, missing.findings) == (Status.FAIL, {"sio-namespace-refused"})
    assert missing.check("sio.handshake").evidence["refused"] == "Invalid namespace"
    assert (there.check("sio.handshake").status, there.findings) == (Status.PASS, set())
    assert "namespace /rooms connected" in there.check("sio.handshake").summary


async def test_a_default_namespace_that_asks_for_a_login_is_no_fault_where_nobody_named_it() -> None:
    told = await about({"refuses": "who are you?"})
    assert (told.check("sio.handshake").status, told.findings) == (Status.PASS, set())
    assert "asks for more than a connection ('who are you?')" in told.check("sio.handshake").summary


async def test_a_heartbeat_that_never_notices_a_dead_peer_is_a_warning() -> None:
    told = await about({"version": 2, "pingTimeout": 6_000_000})
    assert (told.check("sio.handshake").status, told.findings) == (Status.WARN, {"ws-heartbeat-absurd"})


@pytest.mark.parametrize("options", [{"allowEIO3": True}, {"version": 2}, {"transports": ["websocket"]}])
async def test_sessions_are_closed_again(options: dict[str, Any]) -> None:
    with node("signalling", **options) as port:
        told = await checked(f"ws://127.0.0.1:{port}/socket.io/", only=("sio.", "ws."))
        left = await body_of(port, "/sessions")
    assert told.check("sio.handshake").status in {Status.PASS, Status.WARN}
    assert left == "0"


async def test_a_server_without_polling_is_found_by_its_websocket() -> None:
    by_default, told_so = (
        await about({"transports": ["websocket"]}),
        await about({"transports": ["websocket"]}, "?EIO=4&transport=websocket"),
    )
    assert (by_default.check("sio.handshake").status, by_default.findings) == (Status.WARN, {"sio-unknown-transport"})
    assert (told_so.check("sio.handshake").status, told_so.findings) == (Status.PASS, set())


async def test_what_the_server_does_not_offer_is_no_fault() -> None:
    told = await about({"transports": ["polling"]})
    assert told.check("sio.upgrade").summary == "the server offers no WebSocket: clients stay with polling"
    assert told.findings == set()


async def test_nginx_that_does_not_pass_the_upgrade_on_leaves_clients_with_polling() -> None:
    port = free_port()
    with node("signalling") as behind:
        with nginx(
            f"server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://127.0.0.1:{behind}; }} }}", port
        ):
            told = await spoken(f"http://127.0.0.1:{port}/socket.io/")
        refused = f"if ($http_upgrade) {{ return 403; }} proxy_pass http://127.0.0.1:{behind};"
        with nginx(f"server {{ listen 127.0.0.1:{port}; location / {{ {refused} }} }}", port):
            other = await spoken(f"http://127.0.0.1:{port}/socket.io/")
    assert (told.check("sio.upgrade").status, told.findings) == (Status.WARN, {"sio-bad-request"})
    assert (other.check("sio.upgrade").status, other.findings) == (Status.WARN, {"sio-upgrade-fails"})
    assert "the upgrade is answered 403 Forbidden" in other.check("sio.upgrade").summary


async def test_instances_that_share_clients_and_no_sessions_are_found_out() -> None:
    port = free_port()
    with node("signalling") as one, node("signalling") as other:
        balanced = f"upstream both {{ server 127.0.0.1:{one}; server 127.0.0.1:{other}; }}"
        location = f"location / {{ proxy_pass http://both; {UPGRADE} }}"
        with nginx(f"{balanced} server {{ listen 127.0.0.1:{port}; {location} }}", port):
            told = await spoken(f"http://127.0.0.1:{port}/socket.io/")
        sticky = f"upstream both {{ ip_hash; server 127.0.0.1:{one}; server 127.0.0.1:{other}; }}"
        with nginx(f"{sticky} server {{ listen 127.0.0.1:{port}; {location} }}", port):
            mended = await spoken(f"http://127.0.0.1:{port}/socket.io/")
    assert (told.check("sio.handshake").status, told.findings >= {"sio-unknown-sid"}) == (Status.FAIL, True)
    assert mended.findings == set()


async def test_its_own_error_to_a_bare_request_is_no_fault_of_the_page() -> None:
    with node("signalling", page=PAGE) as port:
        told = await checked(f"http://127.0.0.1:{port}/socket.io/", only=("http.", "sio."))
    assert (told.check("http.status").status, told.findings) == (Status.PASS, set())
    assert told.check("http.status").summary == "400 Bad Request: Engine.IO answers, and wants its parameters"


async def test_a_path_that_any_page_answers_is_no_socket_io() -> None:
    with node("signalling", page=PAGE) as port:
        told = await spoken(f"http://127.0.0.1:{port}/api/socket.io/")
    assert (told.check("sio.handshake").status, told.findings) == (Status.FAIL, {"http-spa-fallback"})


@pytest.mark.parametrize(
    ("answer", "finding"),
    [
        (reply("404 Not Found"), "sio-path"),
        (reply("200 OK", "hello"), "sio-path"),
        (reply("400 Bad Request", '{"code":0,"message":"Transport unknown"}'), "sio-unknown-transport"),
        (reply("400 Bad Request", '{"code":1,"message":"Session ID unknown"}'), "sio-unknown-sid"),
        (reply("400 Bad Request", '{"code":2,"message":"Bad handshake method"}'), "sio-bad-method"),
        (reply("400 Bad Request", '{"code":3,"message":"Bad request"}'), "sio-bad-request"),
        (reply("403 Forbidden", '{"code":4,"message":"Forbidden"}'), "sio-forbidden"),
        (reply("400 Bad Request", '{"code":5,"message":"Unsupported protocol version"}'), "sio-eio-mismatch"),
        (reply("403 Forbidden"), "sio-forbidden"),
        (reply("502 Bad Gateway"), "ws-502"),
        (reply("504 Gateway Timeout"), "ws-504"),
        (reply("500 Internal Server Error"), "http-status"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "http-answer-malformed"),
        (b"", "http-no-answer"),
    ],
)
async def test_each_refusal_has_its_finding(answer: bytes, finding: str) -> None:
    assert await said_of(answer) == (Status.FAIL, {finding})


@pytest.mark.usefixtures("in_the_wild")
async def test_a_location_in_the_block_without_tls_is_found_at_port_80(
    authority: trustme.CA, ca_file: Path, tmp_path: Path
) -> None:
    pem = tmp_path / "server.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(pem))
    with node("signalling", version=2) as behind:
        servers = f"""server {{ listen 443 ssl; ssl_certificate {pem}; ssl_certificate_key {pem};
            root {{root}}; types {{ text/html html; }} location / {{ try_files $uri /index.html; }} }}
          server {{ location /socket.io/ {{ proxy_pass http://127.0.0.1:{behind}/socket.io/; {UPGRADE} }} }}"""
        with nginx(servers, 443, 80, page=PAGE):
            told = await spoken("wss://127.0.0.1/socket.io/", Settings(ca_file=str(ca_file)))
    assert (told.check("sio.handshake").status, told.findings) == (Status.FAIL, {"sig-wrong-server-block"})


async def test_the_ids_of_sessions_show_nowhere() -> None:
    asked: list[str] = []

    def answer(method: str, path: str, _fields: dict[str, str]) -> bytes:
        asked.append(path)
        if "sid=" in path:
            return reply("200 OK", "ok" if method == "POST" else '40{"sid":"s3cret-too"}')
        return reply("200 OK", '0{"sid":"s3cret-session","upgrades":[],"pingInterval":25000,"pingTimeout":20000}')

    async with answering(answer) as remote:
        told = await spoken(f"http://{remote}/socket.io/")
    assert any("sid=s3cret-session" in path for path in asked)
    assert told.check("sio.handshake").status is Status.PASS
    assert "s3cret" not in told.everything


async def test_a_server_that_answers_garbage_for_ever_costs_no_more_than_its_limits() -> None:
    body = "1:" * 100_000 + '0{"sid":' * 1000
    assert await said_of(reply("200 OK", body)) == (Status.FAIL, {"sio-path"})
