"""Does the proxy hand on the path? nginx, once with each way of writing the location."""

import pytest

from natprobe.model import Status
from natprobe.web.slashes import doubled, without_slash
from tests.web.nginx import free_port, nginx
from tests.web.run import Told, checked

BACKEND = """server {{ listen 127.0.0.1:{backend}; merge_slashes off; default_type application/json;
  location = /janus/info {{ return 200 '{{"janus": "server_info"}}'; }}
  location = //janus/info {{ return 200 '{{"janus": "server_info"}}'; }}
  location = /rooms {{ return 200 '[]'; }}
  location = /page {{ return 200 '[]'; }}
  location / {{ return 404 "Cannot GET $request_uri"; }} }}"""


async def through(location: str, uri: str, *only: str) -> Told:
    """A check of `uri` behind nginx with this location in front of the backend."""
    backend, port = free_port(), free_port()
    front = f"server {{ listen 127.0.0.1:{port}; {location.format(backend=backend)} }}"
    with nginx(BACKEND.format(backend=backend).replace("{{", "{").replace("}}", "}") + front, backend, port):
        return await checked(uri.format(port=port), only=only or ("http.path",))


async def test_a_location_without_its_slash_is_seen_through() -> None:
    told = await through(
        "location /suke-janus {{ proxy_pass http://127.0.0.1:{backend}/; }}",
        "janus+http://127.0.0.1:{port}/suke-janus/janus",
    )
    check = told.check("http.path")
    assert (check.status, told.findings) == (Status.WARN, {"nginx-path-rewrite"})
    assert check.summary == "/suke-janusjanus/info works as well, so the path arrives with its slash doubled"


async def test_a_location_with_its_slash_hands_the_path_on() -> None:
    told = await through(
        "location /suke-janus/ {{ proxy_pass http://127.0.0.1:{backend}/; }}",
        "janus+http://127.0.0.1:{port}/suke-janus/janus",
    )
    check = told.check("http.path")
    assert (check.status, told.findings) == (Status.PASS, set())
    assert check.summary == "the path arrives as it is: without a slash it is refused (2 tried)"


@pytest.mark.parametrize(
    ("location", "uri", "summary"),
    [
        ("location / {{ return 200 hi; }}", "http://127.0.0.1:{port}/a/b", "cannot be told: a path that does not"),
        ("location / {{ return 404; }}", "http://127.0.0.1:{port}/a/b", "not tested: http://127.0.0.1:"),
        ("location / {{ return 404; }}", "http://127.0.0.1:{port}/a", "not needed: the path has no inner slash"),
    ],
)
async def test_where_nothing_can_be_told_nothing_is(location: str, uri: str, summary: str) -> None:
    told = await through(location, uri)
    assert told.check("http.path").status is Status.SKIP
    assert told.check("http.path").summary.startswith(summary)


async def test_an_error_page_that_repeats_the_path_shows_the_doubled_slash() -> None:
    told = await through(
        "location /api {{ proxy_pass http://127.0.0.1:{backend}/; }}",
        "http://127.0.0.1:{port}/api/rooms",
        "http.status",
    )
    assert told.findings == {"http-status", "nginx-path-rewrite"}


@pytest.mark.parametrize(
    ("path", "text", "seen"),
    [
        ("/api/rooms", "Cannot GET //rooms", "//rooms"),
        ("/api/rooms", "Cannot GET /rooms", None),
        ("/api/rooms", "see https://api/rooms", None),
        ("/a/b/c?x=1", "no //b/c here", "//b/c"),
        ("/api//rooms", "Cannot GET //rooms", None),
        ("/", "//", None),
        ("", "//", None),
    ],
)
def test_a_doubled_slash_is_found_in_what_the_backend_repeats(path: str, text: str, seen: str | None) -> None:
    assert doubled(path, text) == seen


@pytest.mark.parametrize(
    ("path", "variants"),
    [
        ("/a/b/c", ("/ab/c", "/a/bc")),
        ("/a/b/?x=1/2", ("/ab/?x=1/2",)),
        ("/a", ()),
        ("/", ()),
        ("/a/b/c/d/e/f", ("/ab/c/d/e/f", "/a/bc/d/e/f", "/a/b/cd/e/f")),
    ],
)
def test_each_inner_slash_is_left_out_in_turn(path: str, variants: tuple[str, ...]) -> None:
    assert without_slash(path) == variants
