"""The command itself: secrets in a URL, hostile servers in one run, and what the documentation shows."""

import asyncio
import re
import tracemalloc
from pathlib import Path

import pytest

from natprobe.cli import main
from natprobe.model import Status
from tests.conftest import BuildWorld
from tests.lab.certificates import Authority
from tests.lab.coturn import LONG_TERM, Coturn, cloud_addresses
from tests.lab.layout import ALL_PORTS, SERVER_IPV4, Layout, Server
from tests.lab.nameserver import ZONE, Nameserver
from tests.lab.nginx import Nginx, certificate_lines, web_page
from tests.lab.web import start
from tests.net.test_tcp import Script, serving
from tests.test_readme import shape
from tests.web.nginx import free_port, nginx
from tests.web.run import checked

PAGE = Path(__file__).parents[2] / "docs" / "web.md"
SHOWN = re.compile(r"^    \$ natprobe (check .*)\n((?:    .*\n|\n)*)", re.MULTILINE)
HYPHEN = "\N{HYPHEN}"
SITE = f"""server {{{{ listen 80; server_name www.example.org; return 301 https://$host$request_uri; }}}}
server {{{{ listen 443 ssl; {{certificate}} root {{root}};
  location /api/ {{{{ add_header Access{HYPHEN}Control{HYPHEN}Allow{HYPHEN}Origin * always; return 200 ok; }}}}
  location /ice {{{{ proxy_pass http://127.0.0.1:8088; }}}}
  location / {{{{ try_files $uri /index.html; }}}} }}}}"""


def test_a_key_in_the_url_is_sent_and_stands_nowhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    port, record = free_port(), tmp_path / "run.jsonl"
    body = '{"iceServers": [{"urls": "stun:127.0.0.1:9"}]}'
    server = f"""server {{ listen 127.0.0.1:{port}; default_type application/json;
      location / {{ if ($args != "v=1&key=hunter2") {{ return 403; }} return 200 '{body}'; }} }}"""
    uri = f"iceconfig+http://127.0.0.1:{port}/ice?key=hunter2&v=1"
    with nginx(server, port):
        main(["check", uri, "--json", "--record", str(record)])
    said = capsys.readouterr()
    assert "1 URI by GET" in said.out
    assert f"iceconfig+http://127.0.0.1:{port}/ice?v=1" in said.out
    assert "hunter2" not in said.out + said.err + record.read_text()


async def test_hostile_servers_cost_bounded_memory_and_are_told_as_such() -> None:
    head, body = (
        endless(b"HTTP/1.1 200 OK\r\nX: "),
        endless(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"),
    )
    async with serving(head) as first, serving(body) as second:
        uris = [f"{kind}http://{remote}/a" for remote in (first, second) for kind in ("", "iceconfig+", "apprtc+")]
        tracemalloc.start()
        try:
            told = await checked(*uris)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert told.findings == {
        *("http-answer-malformed", "iceconfig-unreachable", "apprtc-join-failed"),
    }
    assert told.check("http.status", f"http://{second}").status is Status.PASS
    assert peak < 40_000_000


def endless(start: bytes) -> Script:
    """A server whose answer never ends."""

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(start)
        while True:
            writer.write(b"[" * 65536)
            await writer.drain()

    return play


def printed(build_world: BuildWorld, authority: Authority, *targets: str) -> str:
    """What a check prints of the site that the documentation shows."""
    world = build_world(Layout(server=Server(nat="none", open_udp=(ALL_PORTS,), open_tcp=(ALL_PORTS,))))
    Nameserver(world, f"{ZONE}www A {SERVER_IPV4}\n")
    certificate = certificate_lines(authority.issue("good", "www.example.org"))
    Nginx(world, SITE.format(certificate=certificate, root=web_page(world, "<html>meet</html>")))
    Coturn(world, *cloud_addresses(world), *LONG_TERM)
    turn = "turn:turn.example.org:3478?transport=udp"
    start(world, "icerest", port=8088, key="key-of-the-lab", user="alice", urls=[turn])
    return world.natprobe("check", *targets, "-4", "--ca-file", str(authority.root)).stdout


def plain(text: str) -> str:
    """`text` without what differs from run to run."""
    return re.sub(r"#\S+,O=trustme \S+", "#", shape(text))


@pytest.mark.lab
def test_the_page_shows_what_natprobe_prints(build_world: BuildWorld, authority: Authority) -> None:
    shown = SHOWN.search(PAGE.read_text(encoding="utf-8"))
    assert shown
    assert shown[1] == "check https://www.example.org/api/rooms -4 --ca-file root.pem"
    output = printed(build_world, authority, "https://www.example.org/api/rooms")
    assert plain(re.sub("^    ", "", shown[2], flags=re.MULTILINE)) == plain(output)


@pytest.mark.lab
def test_the_lines_about_an_endpoint_are_among_what_natprobe_prints(
    build_world: BuildWorld, authority: Authority
) -> None:
    text = PAGE.read_text(encoding="utf-8")
    excerpts = re.findall(r"(?:^    .*\n)+", text[text.index("is told of both") :], re.MULTILINE)
    output = plain(printed(build_world, authority, "iceconfig+https://www.example.org/ice"))
    assert len(excerpts) == 3
    assert [excerpt for excerpt in excerpts if plain(excerpt) not in output] == []
