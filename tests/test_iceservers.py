"""`iceServers` as browsers take them: what is read, and what is told."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from natprobe.catalogue import load
from natprobe.iceservers import IceServers, IceServersError, read

NOW_S = 1_800_000_000.0
TURN = {"urls": "turn:turn.example.org:3478?transport=udp", "username": "alice", "credential": "wonderland"}


def of(value: Any) -> IceServers:
    return read(value if isinstance(value, str) else json.dumps(value), "ice.json", NOW_S)


def ids(read_servers: IceServers) -> list[str]:
    return [raised.id for raised in read_servers.raised]


def uris(read_servers: IceServers) -> list[str]:
    return [str(server.target) for server in read_servers.servers]


def test_a_sound_list_is_read_and_nothing_is_told() -> None:
    told = of([{"urls": ["stun:stun.example.org:3478"]}, TURN])
    assert uris(told) == ["stun:stun.example.org:3478", "turn:turn.example.org:3478?transport=udp"]
    assert told.raised == ()
    assert told.servers[0].credential is None
    assert told.servers[1].credential is not None
    assert told.servers[1].credential.password.reveal() == "wonderland"


def test_the_wrapped_form_is_the_same() -> None:
    assert of({"iceServers": [TURN]}) == of([TURN])
    assert of({"iceServers": [TURN], "ttl": 86400, "iceTransportPolicy": "all"}) == of([TURN])


@pytest.mark.parametrize(
    ("entry", "finding"),
    [
        ({"url": "stun:stun.example.org"}, "iceconfig-legacy-url-key"),
        ({"urls": []}, "iceconfig-urls-empty"),
        ({"username": "alice"}, "iceconfig-urls-empty"),
        ({"urls": [7, "stun:stun.example.org"]}, "iceconfig-shape"),
        ("stun:stun.example.org", "iceconfig-shape"),
        ({"urls": "turn:turn.example.org"}, "iceconfig-missing-credential"),
        ({"urls": "turn:turn.example.org", "username": "alice"}, "iceconfig-missing-credential"),
        ({"urls": "turn:turn.example.org", "username": "alice", "password": "x"}, "iceconfig-credentialtype"),
        ({"urls": "stun:stun.example.org?transport=udp"}, "uri-stun-with-transport"),
        ({"urls": "turn://turn.example.org"} | TURN | {"urls": "turn://turn.example.org"}, "uri-syntax"),
        ({"urls": "stun:$STUN_HOST"}, "uri-syntax"),
        ({"urls": "https://turn.example.org"}, "uri-syntax"),
        (TURN | {"urls": "turn:192.168.101.99:3478"}, "uri-private-host"),
        (TURN | {"urls": "turns:turn.example.org:5349?transport=udp"}, "uri-turns-udp"),
        (TURN | {"urls": "turns:turn.example.org?transport=tcp"}, "uri-default-port-surprise"),
        (TURN | {"urls": "turn:turn.example.org:588?transport=udp"}, "uri-port-restricted-by-browser"),
        (TURN | {"urls": [TURN["urls"], "stun:stun.example.org"]}, "iceconfig-stun-mixed-with-credentials"),
        (TURN | {"urls": [TURN["urls"], TURN["urls"]]}, "iceconfig-duplicate"),
        (TURN | {"username": f"{NOW_S - 7200:.0f}:alice"}, "iceconfig-expired"),
        (TURN | {"username": f"{NOW_S + 600:.0f}:alice"}, "iceconfig-expires-soon"),
        (TURN | {"username": f"{NOW_S + 30 * 86400:.0f}:alice"}, "iceconfig-ttl-too-long"),
    ],
)
def test_each_fault_has_its_finding_and_no_other(entry: Any, finding: str) -> None:
    assert ids(of([entry])) == [finding]


def test_five_urls_are_more_than_browsers_like() -> None:
    entries = [{"urls": f"stun:stun{number}.example.org"} for number in range(5)]
    assert ids(of(entries)) == ["uri-too-many-servers"]
    assert ids(of(entries[:4])) == []


@pytest.mark.parametrize(
    "text",
    [
        "[{'urls': 'stun:stun.example.org'}]",
        "[{'urls': ['stun:stun.example.org']}];",
        json.dumps({"iceServers": "[{'urls': 'stun:stun.example.org'}]"}),
        json.dumps("[{'urls': 'stun:stun.example.org'}]"),
    ],
)
def test_a_script_literal_is_told_and_read_all_the_same(text: str) -> None:
    told = of(text)
    assert ids(told) == ["iceconfig-js-string"]
    assert uris(told) == ["stun:stun.example.org"]


def test_the_older_form_of_turn_rest_is_told_and_read() -> None:
    told = of({"username": "alice", "password": "x", "ttl": 600, "uris": ["turn:turn.example.org:3478?transport=udp"]})
    assert ids(told) == ["iceconfig-shape", "iceconfig-credentialtype"]
    assert uris(told) == ["turn:turn.example.org:3478?transport=udp"]


@pytest.mark.parametrize("text", ["", "<html>", "7", "null", '"text"', "[" * 100_000, '{"servers": 7, "x": []}x'])
def test_what_holds_no_servers_is_one_line(text: str) -> None:
    with pytest.raises(IceServersError) as error:
        of(text)
    assert "\n" not in str(error.value)


def test_a_bad_url_is_kept_apart_with_its_reason() -> None:
    told = of([{"urls": ["stun:stun.example.org", "stun:stun.example.org:0"]}])
    assert uris(told) == ["stun:stun.example.org"]
    assert [url for url, _ in told.unusable] == ["stun:stun.example.org:0"]


def test_no_password_is_in_any_word_of_it() -> None:
    told = of(
        [
            TURN,
            TURN | {"urls": "turn:alice:wonderland@turn.example.org"},
            {"url": "turn:alice:wonderland@turn.example.org"},
            {"urls": "stun:alice:wonderland@stun.example.org?transport=udp"},
        ]
    )
    assert "wonderland" not in repr(told)


def test_every_finding_that_can_be_raised_stands_in_the_catalogue() -> None:
    told = of(
        [TURN | {"urls": ["turns:10.0.0.1", "stun:$X", "turn:10.0.0.1:25"]}, {"url": "stun:a.example.org?x=1"}, 7]
    )
    assert len(ids(told)) >= 7
    assert all(raised in load() for raised in ids(told))


_KEYS = ("urls", "url", "username", "credential", "iceServers", "uris", "password")
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*_KEYS]) | st.text(max_size=5), inner),
    max_leaves=12,
)


@given(json_values)
def test_no_json_breaks_the_reader(value: Any) -> None:
    try:
        told = read(json.dumps(value), "ice.json", NOW_S)
    except IceServersError:
        return
    assert all(raised in load() for raised in ids(told))


def test_a_script_is_read_up_to_a_length_that_takes_no_time() -> None:
    assert ids(of("[" + "'x'," * 9 + "]")) == ["iceconfig-js-string", "iceconfig-shape"]
    with pytest.raises(IceServersError, match="iceconfig-not-json"):
        of("[" + "'x'," * 20_000 + "]")
