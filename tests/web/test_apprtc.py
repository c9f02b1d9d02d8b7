"""AppRTC's room server: what a join hands out is checked, and the place in the room is given back."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from natprobe.model import Status
from tests.web.nginx import free_port
from tests.web.run import Told, checked
from tests.web.servers import answering, reply

ONLY = ("apprtc.", "iceconfig.", "web.")
JSON = "application/json"
Params = dict[str, Any]


def params(**more: Any) -> Params:
    """What a sound server hands out."""
    return {
        "client_id": "12345678",
        "wss_url": "wss://127.0.0.1:{port}/ws",
        "wss_post_url": "https://127.0.0.1:{port}",
        "pc_config": json.dumps({"iceServers": []}),
        "error_messages": [],
        "warning_messages": [],
    } | more


async def joined(told: Params | bytes, asked: list[str] | None = None, **more: Any) -> Told:
    """A check of a room server with this answer to every join."""
    port = free_port()

    def answer(method: str, path: str, _fields: dict[str, str]) -> bytes:
        if asked is not None:
            asked.append(f"{method} {path}")
        if isinstance(told, bytes):
            return told
        body = json.dumps({"result": "SUCCESS", "params": told} | more).replace("{port}", str(port))
        return reply(body=body, kind=JSON)

    async with answering(answer) as remote:
        return await checked(f"apprtc+http://{remote}/", only=ONLY)


async def test_a_room_is_joined_and_left_and_what_it_names_is_checked() -> None:
    asked: list[str] = []
    servers = [{"urls": "turn:203.0.113.10", "username": "alice", "credential": "a-word-that-must-not-show"}]
    told = await joined(params(pc_config=json.dumps({"iceServers": servers})), asked)
    check = told.check("apprtc.join")
    assert (check.status, check.findings) == (Status.WARN, ("turn-auth-weak-or-public-credentials",))
    join, leave = asked
    room = join.removeprefix("POST /join/")
    assert room.startswith("natprobe-")
    assert leave == f"POST /leave/{room}/12345678"
    assert [(each["name"], each.get("followed"), each.get("problem")) for each in check.evidence["links"]] == [
        ("wss_url", "followed", None),
        ("wss_post_url", None, "it is on the port of wss_url"),
    ]
    assert [(each["uri"], each["followed"]) for each in check.evidence["servers"]] == [
        ("turn:203.0.113.10", "followed")
    ]
    assert "a-word-that-must-not-show" not in told.everything


async def test_a_collider_that_is_down_is_a_fault_of_the_room_server() -> None:
    told = await joined(params())
    assert told.check("port.tcp", "collider+wss:").status is Status.FAIL
    assert "sig-apprtc-wss" in told.findings


async def test_the_endpoint_for_ice_servers_is_asked_by_post_and_its_key_shown_nowhere() -> None:
    asked: list[str] = []

    def answer(method: str, path: str, _fields: dict[str, str]) -> bytes:
        asked.append(f"{method} {path}")
        if path.startswith("/join"):
            more = params(ice_server_url="/v1alpha/iceconfig?key=hunter2&empty=")
            return reply(body=json.dumps({"result": "SUCCESS", "params": more}).replace("{port}", "1"), kind=JSON)
        return reply(body='{"iceServers": [{"urls": "stun:203.0.113.10"}]}', kind=JSON)

    async with answering(answer) as remote:
        told = await checked(f"apprtc+http://{remote}", only=("apprtc.", "iceconfig."))
    shape = told.check("iceconfig.shape")
    assert (shape.status, shape.asked) == (
        Status.PASS,
        f"iceconfig+http://{remote}/v1alpha/iceconfig?empty= from apprtc+http://{remote}",
    )
    assert "POST /v1alpha/iceconfig?empty=&key=hunter2" in asked
    assert "hunter2" not in told.everything


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (lambda: reply("500 Oh"), "it answers 500"),
        (lambda: reply("404 Not Found"), "it answers 404"),
        (lambda: reply(body="<html>", kind="text/html"), "its answer is no JSON"),
        (lambda: reply(body="[" * 90_000, kind=JSON), "its answer is no JSON"),
        (lambda: reply(body="[1]", kind=JSON), "its answer has no params"),
        (lambda: reply(body='{"result": "FULL", "params": {}}', kind=JSON), "its result is 'FULL'"),
        (lambda: reply(body=b"x" * 400_000, kind=JSON), "its answer is not whole: it is longer than 262144 bytes"),
        (lambda: b"", "closed the connection without an answer"),
    ],
)
async def test_a_server_that_lets_nobody_join_is_told_by_what_it_did(said: Callable[[], bytes], words: str) -> None:
    told = await joined(said())
    assert told.findings == {"apprtc-join-failed"}
    assert words in told.check("apprtc.join").summary


@pytest.mark.parametrize(
    ("wss_url", "words"),
    [
        ("", "there is none"),
        ("wss://$HOST/ws", "placeholder"),
        ("https://127.0.0.1/ws", "unknown scheme"),
        ("wss://169.254.169.254/ws", "where no answer may send us"),
        ("wss://[::1/", "it is no URL"),
    ],
)
async def test_a_collider_that_cannot_be_tried_is_told(wss_url: str, words: str) -> None:
    told = await joined(params(wss_url=wss_url))
    assert told.findings >= {"sig-apprtc-wss"}
    (finding,) = [each for each in told.report.findings if each.id == "sig-apprtc-wss"]
    assert words in finding.evidence


async def test_what_the_server_itself_complains_about_is_passed_on() -> None:
    told = await joined(params(error_messages=["no collider at https://a.example/?key=hunter2"]))
    check = told.check("apprtc.join")
    assert check.status is Status.WARN
    assert "it says: no collider at https://a.example/?key=•••" in check.summary


@pytest.mark.parametrize("client", ["../../admin", "", "x" * 99, "a b"])
async def test_a_client_id_that_is_none_is_sent_nowhere(client: str) -> None:
    asked: list[str] = []
    await joined(params(client_id=client), asked)
    assert [each.partition("natprobe")[0] for each in asked] == ["POST /join/"]


@pytest.mark.parametrize("config", [None, "", "no json", "[]", "{}", {"iceServers": []}, 7])
async def test_no_list_of_ice_servers_is_no_fault(config: Any) -> None:
    told = await joined(params(pc_config=config))
    assert told.check("apprtc.join").status is Status.PASS


async def test_a_bad_list_of_ice_servers_is_told_as_the_linter_tells_it() -> None:
    told = await joined(params(pc_config=json.dumps({"iceServers": [{"url": "stun:203.0.113.10"}]})))
    assert "iceconfig-legacy-url-key" in told.findings
