"""May a page of another origin read the answer: nginx with the lines that people write."""

import pytest

from natprobe.expectations import Expectations
from natprobe.model import Status
from natprobe.probe import Settings
from natprobe.target import parse
from natprobe.web.pages import is_entrance
from tests.web.nginx import free_port, nginx
from tests.web.run import Told, checked
from tests.web.servers import answering, reply

PAGE = "https://app.example.org/room/7"
ORIGIN = "https://app.example.org"
HYPHEN = "\N{HYPHEN}"
TYPOGRAPHIC = f"Access{HYPHEN}Control{HYPHEN}Allow{HYPHEN}Origin"


async def asked(lines: str, expect: Expectations, path: str = "/api", scheme: str = "http") -> Told:
    """A check of nginx, whose server block holds `lines`."""
    port = free_port()
    with nginx(f"server {{ listen 127.0.0.1:{port}; {lines} }}", port):
        return await checked(
            f"{scheme}://127.0.0.1:{port}{path}", settings=Settings(expect=expect), only=("http.cors",)
        )


ANSWERS = "location = /api { return 200 hi; }"
PREFLIGHT = (
    "location = /api { add_header Access-Control-Allow-Origin $http_origin always;"
    " add_header Access-Control-Allow-Headers 'content-type, x-mine' always;"
    " if ($request_method = OPTIONS) { return 204; } return 200 hi; }"
)


@pytest.mark.parametrize(
    ("lines", "expect", "findings", "status"),
    [
        ("add_header Access-Control-Allow-Origin * always; " + ANSWERS, Expectations(page=PAGE), set(), Status.PASS),
        (f"add_header Access-Control-Allow-Origin {ORIGIN} always; " + ANSWERS, Expectations(page=PAGE), set(),
         Status.PASS),
        (ANSWERS, Expectations(page=PAGE), {"cors-missing"}, Status.FAIL),
        ("add_header Access-Control-Allow-Origin https://www.example.org; " + ANSWERS, Expectations(page=PAGE),
         {"cors-origin-mismatch"}, Status.FAIL),
        ("add_header Access-Control-Allow-Origin http://app.example.org; " + ANSWERS, Expectations(page=PAGE),
         {"cors-origin-mismatch"}, Status.FAIL),
        ("add_header Access-Control-Allow-Origin *; " + ANSWERS, Expectations(page=PAGE, cors_credentials=True),
         {"cors-missing"}, Status.FAIL),
        ("add_header Access-Control-Allow-Origin *; add_header Access-Control-Allow-Credentials true; " + ANSWERS,
         Expectations(page=PAGE), {"cors-wildcard-credentials"}, Status.FAIL),
        ("add_header Access-Control-Allow-Origin *; add_header Access-Control-Allow-Origin *; " + ANSWERS,
         Expectations(page=PAGE), {"cors-duplicate"}, Status.FAIL),
        (f"add_header {TYPOGRAPHIC} *; " + ANSWERS, Expectations(page=PAGE), {"cors-header-typographic"}, Status.FAIL),
        ("add_header Access-Control-Allow-Origin *; " + ANSWERS, Expectations(page=PAGE), {"cors-error-status"},
         Status.WARN),
        ("add_header Access-Control-Allow-Origin * always; " + ANSWERS, Expectations(page=PAGE, method="POST"),
         {"cors-missing"}, Status.FAIL),
        (PREFLIGHT, Expectations(page=PAGE, method="POST"), {"cors-error-status"}, Status.WARN),
    ],
)  # fmt: skip
async def test_the_fields_decide_as_in_a_browser(
    lines: str, expect: Expectations, findings: set[str], status: Status
) -> None:
    told = await asked(lines, expect)
    assert (told.findings, told.check("http.cors").status) == (findings, status)


@pytest.mark.parametrize("page", [None, "http://127.0.0.1:{port}/"])
async def test_what_is_wrong_for_everybody_is_told_without_another_origin(page: str | None) -> None:
    port = free_port()
    lines = f"add_header {TYPOGRAPHIC} *; add_header Access-Control-Allow-Origin *; return 200 hi;"
    credentials = "add_header Access-Control-Allow-Credentials true;"
    settings = Settings(expect=Expectations(page=page and page.format(port=port)))
    with nginx(f"server {{ listen 127.0.0.1:{port}; {credentials} {lines} }}", port):
        told = await checked(f"http://127.0.0.1:{port}/", settings=settings, only=("http.cors",))
    assert told.findings == {"cors-header-typographic", "cors-wildcard-credentials"}


@pytest.mark.parametrize(
    ("page", "summary"),
    [
        (None, "not tested: no page is named that would read the answer"),
        ("http://127.0.0.1:{port}/room", "not needed: page and target share the origin http://127.0.0.1:{port}"),
    ],
)
async def test_without_another_origin_nothing_is_claimed(page: str | None, summary: str) -> None:
    port = free_port()
    settings = Settings(expect=Expectations(page=page and page.format(port=port)))
    with nginx(f"server {{ listen 127.0.0.1:{port}; return 200 hi; }}", port):
        told = await checked(f"http://127.0.0.1:{port}/", settings=settings, only=("http.cors",))
    check = told.check("http.cors")
    assert (check.status, check.summary) == (Status.SKIP, summary.format(port=port))


async def test_a_preflight_that_only_json_needs_is_a_remark_for_others() -> None:
    lines = "add_header Access-Control-Allow-Origin * always; if ($request_method = OPTIONS) { return 405; } "
    told = await asked(lines + ANSWERS, Expectations(page=PAGE))
    check = told.check("http.cors")
    assert check.status is Status.PASS
    assert check.summary.endswith("for simple requests alone: the preflight (OPTIONS) was answered 405")


async def test_an_endpoint_for_ice_servers_has_a_finding_of_its_own() -> None:
    told = await asked(ANSWERS, Expectations(page=PAGE, method="POST"), scheme="iceconfig+http")
    assert told.findings == {"iceconfig-cors"}
    assert told.check("http.cors").evidence["actual"]["method"] == "POST"


async def test_a_gateway_is_asked_for_a_preflight_and_nothing_is_posted_to_it() -> None:
    asked_by: list[str] = []

    def answer(method: str, _path: str, _fields: dict[str, str]) -> bytes:
        asked_by.append(method)
        allowed = [("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Headers", "Content-Type")]
        return reply(fields=allowed)

    async with answering(answer) as remote:
        settings = Settings(expect=Expectations(page=PAGE))
        told = await checked(f"janus+http://{remote}/janus", settings=settings, only=("http.cors",))
    assert told.findings == set()
    assert sorted(asked_by) == ["GET", "GET", "OPTIONS"]


@pytest.mark.parametrize(
    ("allowed", "status"),
    [("content-type", Status.PASS), ("*", Status.PASS), ("x-other", Status.FAIL), ("", Status.FAIL)],
)
async def test_json_needs_its_content_type_allowed(allowed: str, status: Status) -> None:
    fields = [("Access-Control-Allow-Origin", ORIGIN), ("Access-Control-Allow-Headers", allowed)]
    async with answering(lambda *_: reply(fields=fields)) as remote:
        settings = Settings(expect=Expectations(page=PAGE, method="POST"))
        told = await checked(f"http://{remote}/api", settings=settings, only=("http.cors",))
    assert told.check("http.cors").status is status


async def test_cookies_need_their_own_permission() -> None:
    fields = [("Access-Control-Allow-Origin", ORIGIN)]
    expect = Expectations(page=PAGE, cors_credentials=True)
    async with answering(lambda *_: reply(fields=fields)) as remote:
        bare = await checked(f"http://{remote}/api", settings=Settings(expect=expect), only=("http.cors",))
        fields.append(("Access-Control-Allow-Credentials", "true"))
        whole = await checked(f"http://{remote}/api", settings=Settings(expect=expect), only=("http.cors",))
    assert (bare.check("http.cors").status, whole.check("http.cors").status) == (Status.FAIL, Status.PASS)
    assert "cookies need" in bare.report.findings[0].evidence


async def test_a_server_that_does_not_answer_decides_nothing() -> None:
    async with answering(lambda *_: b"") as remote:
        settings = Settings(expect=Expectations(page=PAGE))
        told = await checked(f"http://{remote}/api", settings=settings, only=("http.cors",))
    assert (told.check("http.cors").status, told.findings) == (Status.INCONCLUSIVE, set())


@pytest.mark.parametrize(
    ("target", "is_it"),
    [
        ("http://www.example.org/", True),
        ("https://www.example.org:8443/", False),
        ("http://api.example.org/", False),
        ("iceconfig+http://www.example.org/ice", False),
    ],
)
def test_the_page_without_tls_is_where_users_come_in(target: str, is_it: bool) -> None:  # noqa: FBT001
    assert is_entrance(parse("https://www.example.org/"), parse(target)) is is_it
