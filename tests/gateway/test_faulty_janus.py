"""What a Janus says that is not well, or is not there: by a server that answers as Janus does."""

from typing import Any

import pytest

from natprobe.model import Status
from natprobe.probe import Settings
from tests.gateway.fakes import PASSWORD, greeting_all, host, janus, media, over_tcp, sdp
from tests.net.wild import HOST_4
from tests.web.run import Told, checked
from tests.web.servers import Answer, answering, reply, serving_names


async def told_of(answer: Answer, settings: Settings | None = None) -> Told:
    async with answering(answer) as remote:
        return await checked(f"janus+http://{remote}/janus", settings=settings, only=("janus.",))


async def test_the_whole_way_to_the_media_port() -> None:
    async with media() as (port, taken):
        told = await told_of(janus(sdp(host(port))))
    assert [told.check(f"janus.{each}").status for each in ("info", "session", "media")] == [Status.PASS] * 3
    assert taken == [True]
    assert told.findings == set()
    assert PASSWORD not in told.everything


async def test_a_port_whose_answers_are_sealed_by_somebody_else_does_not_answer() -> None:
    async with media("another-password-of-24-c") as (port, taken):
        told = await told_of(janus(sdp(host(port))))
    assert (told.check("janus.media").status, told.findings) == (Status.FAIL, {"janus-rtp-range-blocked"})
    assert taken == [False] * 6


@pytest.mark.parametrize(
    ("info", "status", "finding"),
    [
        ({"accepting-new-sessions": False}, Status.FAIL, "janus-not-accepting"),
        ({"session-timeout": 20}, Status.WARN, "janus-session-timeout"),
        ({"turn-server": "turn.example.org:3478"}, Status.PASS, "janus-turn-misuse"),
        ({"session-timeout": 0}, Status.PASS, None),
        ({"ice-lite": True, "local-ip": "203.0.113.9", "public-ips": ["203.0.113.9"]}, Status.PASS, None),
    ],
)
async def test_what_info_says_is_judged(info: dict[str, Any], status: Status, finding: str | None) -> None:
    async with media() as (port, _):
        told = await told_of(janus(sdp(host(port)), info))
    assert (told.check("janus.info").status, told.findings) == (status, {finding} - {None})


async def test_a_page_in_place_of_janus_is_the_fallback() -> None:
    told = await told_of(lambda _method, _path, _fields: reply("200 OK", "<html>app</html>", kind="text/html"))
    assert (told.check("janus.info").status, told.findings) == (Status.FAIL, {"http-spa-fallback"})


@pytest.mark.parametrize("answer", [reply("502 Bad Gateway"), reply("200 OK", "[[[["), reply("200 OK", "{}"), b""])
async def test_whatever_is_no_server_info_is_no_janus(answer: bytes) -> None:
    told = await told_of(lambda _method, _path, _fields: answer)
    assert (told.check("janus.info").status, told.findings) == (Status.FAIL, {"janus-unreachable"})
    assert told.check("janus.session").status is Status.SKIP


async def test_a_janus_without_the_echo_test_leaves_its_media_untold() -> None:
    missing = {"janus": "error", "error": {"code": 460, "reason": "No such plugin"}}
    told = await told_of(janus(instead={"attach": missing}))
    assert (told.check("janus.session").status, told.findings) == (Status.INCONCLUSIVE, set())
    assert told.check("janus.session").summary.endswith("is not loaded, so no answer shows the candidates")


@pytest.mark.parametrize(
    "instead",
    [
        {"create": {"janus": "error", "error": {"code": 490, "reason": "Unknown"}}},
        {"create": {"janus": "success"}},
        {"attach": {"janus": "error", "error": {"code": 461, "reason": "Plugin error"}}},
        {"message": {"janus": "error", "error": {"code": 465, "reason": "Bad SDP"}}},
        {"poll": {"janus": "keepalive"}},
        {"poll": {"janus": "event", "plugindata": {"data": {"error": "no room"}}}},
        {"poll": {"janus": "event", "jsep": {"type": "answer", "sdp": "no sdp"}}},
    ],
)
async def test_each_step_that_goes_wrong_is_told_with_its_reason(instead: dict[str, dict[str, Any]]) -> None:
    told = await told_of(janus(instead=instead))
    assert (told.check("janus.session").status, told.findings) == (Status.FAIL, {"janus-session-refused"})


async def test_candidates_of_every_kind_are_told_for_what_they_are() -> None:
    async with media() as (port, _):
        lines = (
            host(port),
            host(port),
            f"2 1 tcp 1 {port.host} {port.port} typ host tcptype passive",
            "3 1 udp 1 gateway.invalid 9000 typ host",
            "4 1 udp x",
            *(f"{each} 1 udp 1 127.0.0.1 {port.port} typ host" for each in range(5, 8)),
        )
        async with serving_names({}) as names:
            told = await told_of(janus(sdp(*lines)), Settings(nameservers=(names,)))
    check = told.check("janus.media")
    assert [each["fate"] for each in check.evidence["candidates"]] == [
        "answered",
        "rejected",
        "unresolved",
        "unreadable",
    ]
    assert (check.status, told.findings) == (Status.WARN, {"ice-fqdn-candidate", "ice-tcp-dead"})


@pytest.mark.parametrize(
    ("greeting", "said"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "no STUN message starts with the byte 0x54"),
        (b"", "the connection"),  # closed, or reset where something was unread
    ],
)
async def test_a_tcp_candidate_that_leads_to_another_service_is_told_as_such(greeting: bytes, said: str) -> None:
    async with media() as (port, _), greeting_all(greeting) as other:
        told = await told_of(janus(sdp(host(port), over_tcp(other, "passive"))))
    check = told.check("janus.media")
    assert [each["fate"] for each in check.evidence["candidates"]] == ["answered", "foreign"]
    assert said in check.evidence["candidates"][1]["detail"]
    assert (check.status, told.findings) == (Status.WARN, {"ice-tcp-dead"})


async def test_tcp_candidates_that_only_connect_themselves_are_told_and_not_asked() -> None:
    async with media() as (port, _):
        told = await told_of(janus(sdp(host(port), over_tcp(port, "active"), over_tcp(port, "so"))))
    check = told.check("janus.media")
    assert [each["fate"] for each in check.evidence["candidates"]] == ["answered", "active"]
    assert (check.status, told.findings) == (Status.PASS, set())


async def test_where_tcp_alone_is_offered_and_dead_the_media_fails() -> None:
    async with media() as (port, _):
        told = await told_of(janus(sdp(over_tcp(port, "passive"))))
    assert (told.check("janus.media").status, told.findings) == (Status.FAIL, {"ice-tcp-dead"})


async def test_an_answer_without_candidates_is_neither_yes_nor_no() -> None:
    told = await told_of(janus(sdp()))
    assert (told.check("janus.media").status, told.findings) == (Status.INCONCLUSIVE, set())


async def test_an_answer_with_a_thousand_candidates_costs_no_more_than_some() -> None:
    told = await told_of(janus(sdp(*(host("127.0.0.1", 20000 + each) for each in range(250)))))
    fates = [each["fate"] for each in told.check("janus.media").evidence["candidates"]]
    assert (fates.count("too-many"), len(fates)) == (234, 250)
    crowded = await told_of(janus(sdp(*(host("127.0.0.1", 20000 + each) for each in range(1000)))))
    assert crowded.findings == {"janus-session-refused"}


@pytest.mark.usefixtures("in_the_wild")
async def test_no_answer_of_a_distant_gateway_sends_anything_to_this_host() -> None:
    async with media() as (port, taken):
        lines = (host(port), host("169.254.169.254", 80), host("0.0.0.0", port.port))
        async with answering(janus(sdp(*lines)), host=HOST_4) as remote:
            told = await checked(f"janus+http://{remote}/janus", only=("janus.",))
    fates = [each["fate"] for each in told.check("janus.media").evidence["candidates"]]
    assert fates == ["withheld"] * 3
    assert taken == []
