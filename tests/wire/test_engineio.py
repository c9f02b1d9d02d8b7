"""Engine.IO's packets: bodies of both versions, handshakes, errors, and what else a server may send."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from natprobe.wire.engineio import (
    Opened,
    Version,
    answer_to_connect,
    body_of,
    connect,
    opened,
    packets,
    refusal,
)

HANDSHAKE: dict[str, Any] = {"sid": "abc", "upgrades": ["websocket"], "pingInterval": 25000, "pingTimeout": 20000}


def told(**changed: Any) -> str:
    return msgspec.json.encode(HANDSHAKE | changed).decode()


@pytest.mark.parametrize(
    ("body", "version", "found"),
    [
        ('0{"sid":"x"}', 4, ('0{"sid":"x"}',)),
        ("40\x1e42[1]", 4, ("40", "42[1]")),
        ('12:0{"sid":"x"}2:40', 3, ('0{"sid":"x"}', "40")),
        ("1:6", 3, ("6",)),
        ("4:4é:x", 3, ("4é:x",)),
    ],
)
def test_the_form_of_a_body_tells_its_version(body: str, version: Version, found: tuple[str, ...]) -> None:
    assert packets(body) == (version, found)


@pytest.mark.parametrize(
    "body", ["", "ok", "<html>", '{"code":1}', "9:40", "0:", "3:40", "1:", "99999999999:x", "2:401"]
)
def test_what_is_no_body_has_no_version(body: str) -> None:
    assert packets(body) is None


@pytest.mark.parametrize("version", [3, 4])
def test_what_is_posted_reads_back(version: Version) -> None:
    assert packets(body_of(version, "40", '42["é"]').decode()) == (version, ("40", '42["é"]'))


def test_a_body_of_many_packets_is_cut() -> None:
    for body in ("\x1e".join(["6"] * 1000), "1:6" * 1000):
        found = packets(body)
        assert found is not None
        assert len(found[1]) == 64


def test_a_handshake_tells_its_heartbeat_and_hides_its_session() -> None:
    found = opened(told())
    assert found == Opened(sid="abc", ping_interval_ms=25000, ping_timeout_ms=20000, upgrades=("websocket",))
    assert "abc" not in repr(found)


@pytest.mark.parametrize(
    "changed",
    [
        *({"sid": ""}, {"sid": "x" * 201}, {"sid": "a\nb"}, {"sid": 7}, {"pingInterval": 0}, {"pingInterval": -1}),
        *({"pingTimeout": 1e30}, {"pingTimeout": "soon"}, {"upgrades": "websocket"}),
    ],
)
def test_an_implausible_handshake_is_none(changed: dict[str, Any]) -> None:
    assert opened(told(**changed)) is None


def test_errors_are_numbers_with_a_message() -> None:
    assert refusal('{"code":5,"message":"Unsupported protocol version"}') is not None
    for text in ("", "5", '{"code":"5"}', '{"message":"x"}', '{"code":12345}', "[]"):
        assert refusal(text) is None


@pytest.mark.parametrize(
    ("packet", "namespace", "found"),
    [
        ("40", "/", True),
        ('40{"sid":"x"}', "/", True),
        ("40/,", "/", True),
        ("40/rooms,", "/rooms", True),
        ('40/rooms,{"sid":"x"}', "/rooms", True),
        ("40/rooms", "/rooms", True),
        ("40/roomservice,", "/rooms", None),
        ("40/rooms,", "/", None),
        ('44{"message":"who are you?"}', "/", "who are you?"),
        ('44/rooms,"Invalid namespace"', "/rooms", "Invalid namespace"),
        ('44/rooms,{"message":"Invalid namespace"}', "/rooms", "Invalid namespace"),
        ("44/rooms,nonsense", "/rooms", "no reason is given"),
        ('42["x"]', "/", None),
        ("2", "/", None),
    ],
)
def test_a_connect_is_answered_by_its_own_namespace(packet: str, namespace: str, found: object) -> None:
    assert answer_to_connect(packet, namespace) == found


def test_version_3_connects_the_default_namespace_by_itself() -> None:
    assert (connect(3, "/"), connect(4, "/")) == (None, "40")
    assert connect(3, "/rooms") == connect(4, "/rooms") == "40/rooms,"


@given(st.text(alphabet=st.sampled_from('0123456789:{}"\x1eé,'), max_size=60))
def test_any_body_is_read_or_is_none(body: str) -> None:
    found = packets(body)
    assert found is None or all(found[1])
