"""Where redirects lead: followed by hand, a few hops, and never inwards."""

import ssl
from pathlib import Path

import pytest
import trustme

from natprobe.address import Address
from natprobe.model import Status
from natprobe.probe import Settings
from natprobe.probes.http_redirect import Evidence, judge
from natprobe.web.trail import Hop, Trail
from tests.net.conftest import authority, ca_file
from tests.web.nginx import free_port, nginx
from tests.web.run import checked
from tests.web.servers import answering, reply, serving_names

__all__ = ["authority", "ca_file"]
ONLY = ("http.status", "http.redirect", "dns.")


def to(location: str, status: str = "302 Found") -> bytes:
    return reply(status, fields=[("Location", location)])


async def test_the_upgrade_to_https_is_followed_and_passes(authority: trustme.CA, tmp_path: Path) -> None:
    pem, plain, secure = tmp_path / "server.pem", free_port(), free_port()
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(pem))
    servers = f"""
      server {{ listen 127.0.0.1:{plain}; return 301 https://127.0.0.1:{secure}$request_uri; }}
      server {{ listen 127.0.0.1:{secure} ssl; ssl_certificate {pem}; ssl_certificate_key {pem}; return 200 hi; }}"""
    with nginx(servers, plain, secure):
        told = await checked(f"http://127.0.0.1:{plain}/a?b=c", only=ONLY)
    check = told.check("http.redirect")
    assert (check.status, told.findings) == (Status.PASS, set())
    assert check.summary == f"301 leads to https://127.0.0.1:{secure}/a?b=•••: 200"


async def test_two_layers_that_redirect_to_each_other_are_a_circle() -> None:
    port = free_port()
    server = f"""server {{ listen 127.0.0.1:{port};
      location = /a {{ return 302 /b; }} location = /b {{ return 302 /a; }} }}"""
    with nginx(server, port):
        told = await checked(f"http://127.0.0.1:{port}/a", only=ONLY)
    assert told.check("http.redirect").evidence["trail"]["end"] == "loop"
    assert (told.check("http.redirect").status, told.findings) == (Status.WARN, {"tls-redirect-loop"})


async def test_redirects_without_end_are_left_after_five() -> None:
    async with answering(lambda _m, path, _f: to(f"{path}x")) as remote:
        told = await checked(f"http://{remote}/a", only=ONLY)
    evidence = told.check("http.redirect").evidence
    assert (evidence["trail"]["end"], len(evidence["trail"]["hops"])) == ("too-many", 6)
    assert told.findings == {"tls-redirect-loop"}


async def test_a_server_that_sets_a_cookie_and_leads_back_is_no_circle_to_a_browser() -> None:
    fields = [("Location", "/a"), ("Set-Cookie", "seen=1")]
    async with answering(lambda *_: reply("302 Found", fields=fields)) as remote:
        told = await checked(f"http://{remote}/a", only=ONLY)
    check = told.check("http.redirect")
    assert (check.status, told.findings) == (Status.SKIP, set())
    assert check.summary.startswith("cannot be told: it sets a cookie")


async def test_a_redirect_that_loses_its_port_leads_to_nobody() -> None:
    async with answering(lambda _m, _p, fields: to(f"http://{fields['host'].partition(':')[0]}/a")) as remote:
        told = await checked(f"http://{remote}/a", only=ONLY)
    assert told.findings == {"sig-http-redirect-port", "http-redirect-broken"}
    assert told.check("http.redirect").status is Status.FAIL


@pytest.mark.parametrize(
    ("location", "kind"),
    [
        ("http://169.254.169.254/latest/meta-data", "link-local"),
        ("http://10.0.0.1/", "private"),
        ("https://[::ffff:10.0.0.1]/", "private"),
        ("//192.168.101.99:8080/x", "private"),
        ("http://0.0.0.0/", "unspecified"),
    ],
)
async def test_no_redirect_leads_into_a_network_where_the_user_did_not_ask(location: str, kind: str) -> None:
    async with answering(lambda *_: to(location)) as remote:
        told = await checked(f"http://{remote}/", only=ONLY)
    check = told.check("http.redirect")
    assert (check.status, told.findings) == (Status.FAIL, {"http-redirect-inward"})
    assert check.evidence["trail"]["end"] == "withheld"
    assert f"is a {kind} address, to which no answer may send us" in check.summary


async def test_a_name_that_leads_inwards_is_not_followed_either() -> None:
    async with (
        serving_names({"inner.example.org": "10.1.2.3"}) as nameserver,
        answering(lambda *_: to("http://inner.example.org/")) as remote,
    ):
        told = await checked(f"http://{remote}/", settings=Settings(nameservers=(nameserver,)), only=ONLY)
    assert told.findings == {"http-redirect-inward"}
    assert "10.1.2.3 is a private address" in told.check("http.redirect").summary


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("", "a circle"),
        ("ftp://files.example.org/", "it leads to no web address"),
        ("javascript:alert(1)", "it leads to no web address"),
        ("http://user:hunter2@www.example.org/", "user name or password"),
        ("http://[::1/", "it is no URL"),
        ("http://www.example.org:99999/", "port 99999 is out of range"),
        ("http://" + "a" * 5000, "longer than"),
    ],
)
async def test_a_location_that_is_no_url_is_told(location: str, words: str) -> None:
    async with answering(lambda *_: to(location)) as remote:
        told = await checked(f"http://{remote}/", only=ONLY)
    assert words in told.check("http.redirect").summary
    assert "hunter2" not in told.everything


async def test_a_redirect_to_a_page_that_fails_is_broken() -> None:
    async with answering(lambda _m, path, _f: to("/b") if path == "/a" else reply("500 Oh")) as remote:
        told = await checked(f"http://{remote}/a", only=("http.redirect", "http.status"))
    assert (told.findings, told.check("http.redirect").summary[-4:]) == ({"http-redirect-broken"}, " 500")


async def test_a_redirect_that_doubles_a_slash_shows_how_the_proxy_rewrites() -> None:
    backend, port = free_port(), free_port()
    servers = f"""
      server {{ listen 127.0.0.1:{backend}; location / {{ return 301 $request_uri/; absolute_redirect off; }}
        location ~ /$ {{ return 200 hi; }} }}
      server {{ listen 127.0.0.1:{port}; location /app {{ proxy_pass http://127.0.0.1:{backend}/; }} }}"""
    with nginx(servers, backend, port):
        told = await checked(f"http://127.0.0.1:{port}/app/room", only=ONLY)
    assert "nginx-path-rewrite" in told.findings


async def test_a_certificate_for_another_name_at_the_end_is_told(authority: trustme.CA) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("www.example.org").configure_cert(context)
    names = {"www.example.org": "127.0.0.1", "other.example.org": "127.0.0.1"}
    async with (
        answering(lambda *_: reply(), context) as end,
        serving_names(names) as nameserver,
        answering(lambda *_: to(f"https://other.example.org:{end.port}/")) as start,
    ):
        settings = Settings(nameservers=(nameserver,))
        told = await checked(f"http://www.example.org:{start.port}/", settings=settings, only=ONLY)
    assert told.findings == {"tls-redirect-wrong-host"}


def way(uri: str, *urls: str) -> set[str]:
    hops = tuple(Hop(url=url, status=200) for url in urls)
    evidence = Evidence(server=Address("192.0.2.7", 443), uri=uri, status=302, trail=Trail(hops=hops))
    return {raised.id for raised in judge(evidence).raised}


@pytest.mark.parametrize(
    ("uri", "there", "findings"),
    [
        ("http://www.example.org/", "https://www.example.org/", set()),
        ("http://www.example.org:8080/", "https://www.example.org/", set()),
        ("http://www.example.org:80/", "http://www.example.org/a", set()),
        ("https://www.example.org:8443/", "https://www.example.org/", {"sig-http-redirect-port"}),
        ("https://www.example.org/", "https://login.example.org/", set()),
        ("https://www.example.org/", "https://backend/", {"sig-http-redirect-port"}),
        ("https://www.example.org/", "https://localhost:8080/", {"sig-http-redirect-port"}),
        ("https://www.example.org/", "http://www.example.org/", {"http-redirect-downgrade"}),
    ],
)
def test_what_a_redirect_loses_is_judged_by_its_two_ends(uri: str, there: str, findings: set[str]) -> None:
    assert way(uri, there) == findings
