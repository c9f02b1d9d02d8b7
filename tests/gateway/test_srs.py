"""SRS: the lab's stand-in in a cloud, and servers that answer as a test tells them."""

import pytest

from natprobe.credential import Secret
from natprobe.model import Status
from natprobe.probe import Settings
from tests.conftest import BuildWorld
from tests.gateway.asking import OPEN, SHUT, asked
from tests.gateway.fakes import PASSWORD, host, media, published, refused, sdp, srs
from tests.lab.layout import SERVER_IPV4, SERVER_PRIVATE_IPV4
from tests.lab.web import start
from tests.net.wild import HOST_4
from tests.web.run import Told, checked
from tests.web.servers import Answer, answering, reply

URI = f"srs+http://{SERVER_IPV4}:1985/"
CALL = ("srs.version", "srs.media")


@pytest.mark.lab
def test_an_srs_that_knows_its_address_answers_a_connectivity_check(build_world: BuildWorld) -> None:
    world = build_world(OPEN)
    start(world, "srs", port=1985, candidate=SERVER_IPV4)
    told = asked(world, URI)
    assert told.statuses(*CALL) == ["pass", "pass"]
    assert (told.exit_code, told.findings) == (0, set())
    assert told.check("srs.version").summary == "SRS 5.0.170"
    assert told.check("srs.media").summary == f"{SERVER_IPV4}:8000/udp answered"
    assert told.check("srs.media").evidence["stream"]["random"] is True


@pytest.mark.lab
def test_an_srs_that_offers_the_address_of_its_card_reaches_nobody_outside(build_world: BuildWorld) -> None:
    world = build_world(OPEN)
    start(world, "srs", port=1985, candidate=SERVER_PRIVATE_IPV4)
    told = asked(world, URI)
    assert told.statuses(*CALL) == ["pass", "fail"]
    assert told.findings == {"srs-candidate-private"}


@pytest.mark.lab
def test_a_security_group_that_forgot_udp_8000_is_told_by_silence(build_world: BuildWorld) -> None:
    world = build_world(SHUT)
    start(world, "srs", port=1985, candidate=SERVER_IPV4)
    told = asked(world, URI)
    assert told.statuses(*CALL) == ["pass", "fail"]
    assert told.findings == {"srs-udp-8000-blocked"}
    assert f"{SERVER_IPV4}:8000/udp silent; asked 6 times in " in told.check("srs.media").summary


async def told_of(answer: Answer, path: str = "/", settings: Settings | None = None) -> Told:
    async with answering(answer) as remote:
        return await checked(f"srs+http://{remote}{path}", settings=settings, only=("srs.",))


async def test_the_whole_way_to_the_media_port() -> None:
    async with media() as (port, taken):
        told = await told_of(srs(published(sdp(host(port)))))
    assert (told.check("srs.media").status, told.findings, taken) == (Status.PASS, set(), [True])
    assert PASSWORD not in told.everything
    assert "s3cret:session" not in told.everything


@pytest.mark.parametrize(
    ("answer", "finding"),
    [
        (refused(400), "srs-code-400"),
        (refused(5018), "srs-code-400"),
        (refused(5020), "srs-busy"),
        (refused(5021), "srs-rtc-disabled"),
        (reply("404 Not Found"), "srs-api-unreachable"),
        (reply("200 OK", "[]"), "srs-api-unreachable"),
        (published("no sdp"), "srs-api-unreachable"),
        (b"", "srs-api-unreachable"),
    ],
)
async def test_each_refusal_of_an_offer_has_its_finding(answer: bytes, finding: str) -> None:
    told = await told_of(srs(answer))
    assert (told.check("srs.version").status, told.check("srs.media").status) == (Status.PASS, Status.FAIL)
    assert told.findings == {finding}


@pytest.mark.parametrize(
    ("answer", "finding"),
    [
        (reply("404 Not Found"), "srs-api-unreachable"),
        (reply("502 Bad Gateway"), "srs-api-unreachable"),
        (reply("200 OK", '{"code": 100}'), "srs-api-unreachable"),
        (reply("200 OK", '{"code": 0}'), "srs-api-unreachable"),
        (reply("200 OK", "<html>app</html>", kind="text/html"), "http-spa-fallback"),
        (b"", "srs-api-unreachable"),
    ],
)
async def test_whatever_tells_no_version_is_no_srs(answer: bytes, finding: str) -> None:
    told = await told_of(lambda _method, _path, _fields: answer)
    assert (told.check("srs.version").status, told.findings) == (Status.FAIL, {finding})
    assert told.check("srs.media").status is Status.SKIP


@pytest.mark.parametrize(
    ("path", "asks"),
    [
        ("", ["/api/v1/versions", "/rtc/v1/publish/"]),
        ("/media/", ["/media/api/v1/versions", "/media/rtc/v1/publish/"]),
        ("/rtc/v1/publish/?app=live&stream=x", ["/api/v1/versions", "/rtc/v1/publish/"]),
        ("/api/v1/versions", ["/api/v1/versions", "/rtc/v1/publish/"]),
    ],
)
async def test_the_api_begins_where_the_targets_path_says(path: str, asks: list[str]) -> None:
    asked_for: list[str] = []

    def answer(method: str, where: str, fields: dict[str, str]) -> bytes:
        asked_for.append(where)
        return srs(refused(400))(method, where, fields)

    await told_of(answer, path)
    assert asked_for == asks


async def test_a_stream_that_the_target_names_is_offered_with_its_secrets_which_show_nowhere() -> None:
    settings = Settings(query_secrets=(("token", Secret("hunter2")),))
    told = await told_of(srs(refused(5020)), "/?app=show&stream=morning", settings)
    assert told.check("srs.media").evidence["stream"] == {"app": "show", "name": "morning", "random": False}
    assert told.findings == {"srs-busy"}
    assert "hunter2" not in told.everything


@pytest.mark.usefixtures("in_the_wild")
async def test_an_srs_at_a_public_address_with_a_private_candidate_is_told_apart_from_one_in_a_private_network() -> (
    None
):
    answer = srs(published(sdp(host("10.0.0.9", 8000))))
    async with answering(answer, host=HOST_4) as remote:
        outside = await checked(f"srs+http://{remote}/", only=("srs.",))
    inside = await told_of(answer)
    assert outside.findings == {"srs-candidate-private"}
    assert inside.findings == set()
    assert inside.check("srs.media").status is Status.INCONCLUSIVE
