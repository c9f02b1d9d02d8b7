"""Endpoints that hand out ICE servers: what browsers take, what they do not, and how long the credentials live."""

import base64
import hmac
import json
import ssl
import time
from collections.abc import Iterable
from email.utils import formatdate

import pytest
import trustme

from natprobe.credential import Secret
from natprobe.expectations import Expectations
from natprobe.model import Status
from natprobe.probe import Settings
from tests.net.conftest import authority
from tests.web.nginx import free_port, nginx
from tests.web.run import Told, checked
from tests.web.servers import answering, reply

__all__ = ["authority"]
DAY_S = 86400
HOST = "203.0.113.10"
JSON = "application/json"
NO_STORE = ("Cache-Control", "no-store")
ANYBODY = "iceconfig-unauthenticated"
ONLY = ("iceconfig.",)


def rest(lifetime_s: float = DAY_S, at_s: float | None = None) -> dict[str, object]:
    """An entry with a credential of TURN REST."""
    user = f"{int((time.time() if at_s is None else at_s) + lifetime_s)}:alice"
    password = base64.b64encode(hmac.digest(b"key-of-the-test", user.encode(), "sha1")).decode()
    return {"urls": [f"turn:{HOST}:3478"], "username": user, "credential": password}


STATIC = {"urls": f"turn:{HOST}:3478", "username": "alice", "credential": "a-word-that-must-not-show"}


def listed(*entries: object) -> str:
    return json.dumps({"iceServers": list(entries)})


async def told_of(body: str, fields: Iterable[tuple[str, str]] = (NO_STORE,), kind: str = JSON) -> Told:
    """A check of an endpoint with this answer to everything."""
    async with answering(lambda *_: reply(body=body, fields=fields, kind=kind)) as remote:
        return await checked(f"iceconfig+http://{remote}/ice", settings=Settings(now_s=time.time()), only=ONLY)


async def test_a_sound_list_is_followed_with_its_credential_and_only_anybody_may_fetch_it() -> None:
    told = await told_of(listed({"urls": "stun:stun.example.org"}, rest()))
    shape, expiry = told.check("iceconfig.shape"), told.check("iceconfig.expiry")
    assert told.findings == {ANYBODY}
    assert [(each["uri"], each["followed"]) for each in shape.evidence["servers"]] == [
        ("stun:stun.example.org", "followed"),
        (f"turn:{HOST}:3478", "followed"),
    ]
    assert expiry.status is Status.PASS
    assert expiry.summary.startswith("1 credential, good for 2")


@pytest.mark.parametrize(
    ("body", "findings"),
    [
        ("<html>", {"iceconfig-not-json"}),
        ("", {"iceconfig-not-json"}),
        ("[" * 90_000, {"iceconfig-not-json"}),
        ("[]", {"iceconfig-shape"}),
        (listed(), {"iceconfig-shape"}),
        ('{"iceServers": [{}], "iceServers": []}', {"iceconfig-shape"}),  # browsers take the last one
        ("\ufeff" + listed({"urls": f"stun:{HOST}"}), set()),  # and drop a byte order mark
        ("{}", {"iceconfig-shape", "iceconfig-urls-empty"}),
        ("null", {"iceconfig-shape"}),
        (str([{"urls": f"stun:{HOST}"}]), {"iceconfig-js-string"}),
        (json.dumps({"iceServers": str([{"urls": f"stun:{HOST}"}])}), {"iceconfig-js-string"}),
        (listed({"url": f"stun:{HOST}"}), {"iceconfig-legacy-url-key"}),
        (listed({"urls": []}), {"iceconfig-urls-empty"}),
        (listed({"urls": f"turn:{HOST}"}), {"iceconfig-missing-credential"}),
        (listed({"urls": f"turn:{HOST}", "username": "alice", "password": "p"}),
         {"iceconfig-credentialtype", "turn-auth-weak-or-public-credentials"}),
        (listed({"urls": "turn:192.168.101.99", "username": "alice", "credential": "p"}),
         {"uri-private-host", "turn-auth-weak-or-public-credentials"}),
        (listed({"urls": "stun:169.254.169.254"}), {"uri-private-host", "iceconfig-private-or-dead-server"}),
        (listed({"urls": "http://www.example.org"}), {"uri-syntax"}),
        (listed(STATIC), {"turn-auth-weak-or-public-credentials"}),
    ],
)  # fmt: skip
async def test_what_is_wrong_with_a_list_is_named(body: str, findings: set[str]) -> None:
    told = await told_of(body)
    assert told.findings == findings
    assert "a-word-that-must-not-show" not in told.everything


@pytest.mark.parametrize(
    ("lifetime_s", "finding", "status"),
    [
        (-3600, "iceconfig-expired", Status.FAIL),
        (0, "iceconfig-expired", Status.FAIL),
        (600, "iceconfig-expires-soon", Status.WARN),
        (DAY_S, None, Status.PASS),
        (30 * DAY_S, "iceconfig-ttl-too-long", Status.WARN),
    ],
)
async def test_the_life_of_a_credential_decides(lifetime_s: float, finding: str | None, status: Status) -> None:
    told = await told_of(listed(rest(lifetime_s)))
    assert told.findings == {ANYBODY, finding} - {None}
    assert told.check("iceconfig.expiry").status is status


async def test_milliseconds_in_a_user_name_are_read_as_meant_and_said() -> None:
    told = await told_of(listed(rest() | {"username": f"{int((time.time() + DAY_S) * 1000)}:alice"}))
    assert told.check("iceconfig.expiry").summary.startswith("1 credential, in milliseconds, good for 2")


@pytest.mark.parametrize(("ahead_s", "words"), [(7200, "2 h ahead of"), (-7200, "2 h behind")])
async def test_the_endpoints_own_clock_counts_and_its_difference_is_told(ahead_s: float, words: str) -> None:
    there_s = time.time() + ahead_s
    fields = [NO_STORE, ("Date", formatdate(there_s, usegmt=True))]
    told = await told_of(listed(rest(5 * 3600, there_s)), fields)
    expiry = told.check("iceconfig.expiry")
    assert expiry.status is Status.PASS
    assert expiry.summary.startswith(("1 credential, good for 5 h by", "1 credential, good for 4 h 59 min by"))
    assert f"it is {words} this host's clock" in expiry.summary.replace("1 h 59 min", "2 h")


@pytest.mark.parametrize("form", ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"])
async def test_a_date_is_utc_in_each_form_that_rfc_9110_has(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        told = await told_of(listed(rest(5 * 3600)), [NO_STORE, ("Date", time.strftime(form, time.gmtime()))])
    finally:
        monkeypatch.undo()
        time.tzset()
    assert "this host's clock" not in told.check("iceconfig.expiry").summary


@pytest.mark.parametrize(
    ("fields", "kind", "finding"),
    [
        ([NO_STORE], "text/plain; charset=utf-8", "iceconfig-content-type"),
        ([], JSON, "iceconfig-cacheable"),
        ([("Cache-Control", "public, max-age=3600")], JSON, "iceconfig-cacheable"),
        ([("Expires", "Thu, 01 Jan 2099 00:00:00 GMT")], JSON, "iceconfig-cacheable"),
    ],
)
async def test_type_and_caching_are_remarks(fields: list[tuple[str, str]], kind: str, finding: str) -> None:
    told = await told_of(listed(rest()), fields, kind)
    assert told.findings == {ANYBODY, finding}
    assert told.check("iceconfig.shape").status is Status.WARN


@pytest.mark.parametrize(
    ("status", "finding"),
    [
        ("401 Unauthorized", "iceconfig-key-required"),
        ("403 Forbidden", "iceconfig-key-required"),
        ("404 Not Found", "iceconfig-http-status"),
        ("500 Oh", "iceconfig-http-status"),
        ("204 No Content", "iceconfig-http-status"),
    ],
)
async def test_a_refusal_is_told_by_its_status(status: str, finding: str) -> None:
    async with answering(lambda *_: reply(status)) as remote:
        told = await checked(f"iceconfig+http://{remote}/ice", only=ONLY)
    assert (told.findings, told.check("iceconfig.shape").status) == ({finding}, Status.FAIL)


async def test_an_endpoint_that_takes_post_alone_is_asked_by_post() -> None:
    port = free_port()
    body = listed({"urls": f"stun:{HOST}"})
    server = f"""server {{ listen 127.0.0.1:{port}; default_type application/json;
      location / {{ if ($request_method != POST) {{ return 405; }} return 200 '{body}'; }} }}"""
    with nginx(server, port):
        told = await checked(f"iceconfig+http://127.0.0.1:{port}/ice", only=ONLY)
    assert told.findings == set()
    assert told.check("iceconfig.shape").summary == "1 URI by POST, all usable"
    assert [each["status"] for each in told.check("iceconfig.shape").evidence["asked"]["exchanges"]] == [405, 200]


async def test_an_endpoint_behind_a_redirect_is_found() -> None:
    port = free_port()
    body = listed({"urls": f"stun:{HOST}"})
    server = f"""server {{ listen 127.0.0.1:{port}; default_type application/json;
      location = /ice {{ return 307 /v2/ice; }} location = /v2/ice {{ return 200 '{body}'; }} }}"""
    with nginx(server, port):
        told = await checked(f"iceconfig+http://127.0.0.1:{port}/ice", only=ONLY)
    assert told.check("iceconfig.shape").status is Status.PASS


@pytest.mark.parametrize(
    ("location", "finding"),
    [("http://10.0.0.1/ice", "http-redirect-inward"), ("/ice", "http-redirect-broken")],
)
async def test_an_endpoint_that_redirects_to_nowhere_hands_out_nothing(location: str, finding: str) -> None:
    async with answering(lambda *_: reply("302 Found", fields=[("Location", location)])) as remote:
        told = await checked(f"iceconfig+http://{remote}/ice", only=ONLY)
    assert told.findings == {finding}


async def test_a_page_in_its_place_is_a_missing_location() -> None:
    port = free_port()
    server = f"""server {{ listen 127.0.0.1:{port}; root {{root}}; types {{ text/html html; }}
      location / {{ try_files $uri /index.html; }} }}"""
    with nginx(server, port, page="<html>app</html>"):
        told = await checked(f"iceconfig+http://127.0.0.1:{port}/ice", only=ONLY)
    assert told.findings == {"http-spa-fallback"}


@pytest.mark.parametrize(
    "said", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", b"no http", b"HTTP/1.1 200 OK\r\n" * 200]
)
async def test_an_endpoint_that_breaks_off_is_unreachable(said: bytes) -> None:
    async with answering(lambda *_: said) as remote:
        told = await checked(f"iceconfig+http://{remote}/ice", only=ONLY)
    assert told.findings == {"iceconfig-unreachable"}


@pytest.mark.parametrize(("needed", "findings"), [(True, set()), (False, {ANYBODY})])
async def test_a_key_is_sent_shown_nowhere_and_tried_whether_it_counts(needed: bool, findings: set[str]) -> None:  # noqa: FBT001
    asked: list[str] = []

    def answer(_method: str, path: str, _fields: dict[str, str]) -> bytes:
        asked.append(path)
        refused = needed and path != "/ice?key=hunter%202"
        return reply("403 Forbidden") if refused else reply(body=listed(rest()), fields=[NO_STORE], kind=JSON)

    settings = Settings(now_s=time.time(), query_secrets=(("key", Secret("hunter 2")),))
    async with answering(answer) as remote:
        told = await checked(f"iceconfig+http://{remote}/ice", settings=settings, only=ONLY)
    assert told.findings == findings
    assert asked == ["/ice?key=hunter%202", "/ice"]
    assert "hunter" not in told.everything


async def test_a_key_is_not_sent_over_a_certificate_that_is_not_good(authority: trustme.CA) -> None:
    asked: list[str] = []

    def answer(_method: str, path: str, _fields: dict[str, str]) -> bytes:
        asked.append(path)
        return reply("403 Forbidden")

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("www.example.org").configure_cert(context)
    settings = Settings(now_s=time.time(), query_secrets=(("key", Secret("hunter2")),))
    async with answering(answer, context) as remote:
        told = await checked(f"iceconfig+https://{remote}/ice", settings=settings, only=("iceconfig.", "tls."))
    check = told.check("iceconfig.shape")
    assert (check.status, check.summary) == (
        Status.INCONCLUSIVE,
        "not decided: 403, and the key was not sent, as the certificate is not good",
    )
    assert set(asked) == {"/ice"}


async def test_the_page_s_rules_hold_for_its_endpoint() -> None:
    settings = Settings(now_s=time.time(), expect=Expectations(page="https://app.example.org/", method="POST"))
    async with answering(lambda *_: reply(body=listed({"urls": f"stun:{HOST}"}), kind=JSON)) as remote:
        told = await checked(
            f"iceconfig+http://{remote}/ice", settings=settings, only=("iceconfig.", "http.cors", "web.")
        )
    assert told.findings == {"iceconfig-cors"}  # browsers trust this host without TLS


async def test_an_endless_list_costs_no_more_than_its_beginning() -> None:
    async with answering(lambda *_: b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 3_000_000) as remote:
        told = await checked(f"iceconfig+http://{remote}/ice", only=ONLY)
    check = told.check("iceconfig.shape")
    assert (told.findings, check.status) == (set(), Status.INCONCLUSIVE)
    assert check.summary == "not decided: it is longer than 262144 bytes"
