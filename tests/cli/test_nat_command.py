"""The command line of `natprobe nat`: what it plans, and what it refuses in one line."""

import argparse
from pathlib import Path

import pytest

from natprobe.cli.nat import SERVERS_VARIABLE, planned
from natprobe.cli.parser import UsageError, parse
from natprobe.data import ServersError, stun_servers
from natprobe.plan import DEFAULT_DEADLINE_S


def args(*words: str) -> argparse.Namespace:
    return parse(["nat", *words])


def test_named_servers_are_asked_and_no_others() -> None:
    plan = planned(args("stun:192.0.2.10", "turn:turn.example.org", "stun:192.0.2.10"))
    assert [str(target) for target in plan.targets] == ["stun:192.0.2.10", "turn:turn.example.org"]
    assert (plan.aim, plan.unnamed) == ("host", False)


def test_without_a_server_the_list_of_public_ones_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SERVERS_VARIABLE, raising=False)
    plan = planned(args())
    assert plan.targets == stun_servers()
    assert plan.unnamed
    assert len({target.host for target in plan.targets}) >= 3


def test_the_list_can_be_another_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('servers = ["stun:stun.example.org:3478"]\n')
    assert [str(each) for each in planned(args("--servers", str(own))).targets] == ["stun:stun.example.org:3478"]
    monkeypatch.setenv(SERVERS_VARIABLE, str(own))
    assert [str(each) for each in planned(args()).targets] == ["stun:stun.example.org:3478"]


@pytest.mark.parametrize(
    "text",
    ["servers = 1", "servers = []", 'servers = ["turn:turn.example.org"]', 'servers = ["stun:"]', "\x00", "x = 1"],
)
def test_a_list_that_is_none_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "list.toml"
    file.write_text(text)
    with pytest.raises(ServersError) as raised:
        stun_servers(str(file))
    assert "\n" not in str(raised.value)
    with pytest.raises(UsageError):
        planned(args("--servers", str(file)))


def test_a_list_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        planned(args("--servers", str(tmp_path / "none.toml")))


@pytest.mark.parametrize("uri", ["turns:turn.example.org", "https://example.org", "turn:192.0.2.1?transport=tcp", "x"])
def test_what_no_nat_shows_on_is_refused(uri: str) -> None:
    with pytest.raises(UsageError):
        planned(args(uri))


@pytest.mark.parametrize(
    ("option", "probe"),
    [
        ("--hairpin", "nat.hairpinning"),
        ("--lifetime", "nat.lifetime"),
        ("--fragments", "nat.fragments"),
        ("--tcp", "nat.tcp-mapping"),
        ("--classic", "nat.classic"),
    ],
)
def test_what_takes_long_or_may_alarm_somebody_must_be_asked_for(option: str, probe: str) -> None:
    assert probe not in {each.id for each in planned(args("stun:192.0.2.10")).probes}
    assert probe in {each.id for each in planned(args("stun:192.0.2.10", option)).probes}


def test_the_deadline_leaves_time_for_the_lifetime() -> None:
    assert planned(args("stun:192.0.2.10", "--lifetime")).deadline_s == 180 + DEFAULT_DEADLINE_S
    assert planned(args("stun:192.0.2.10", "--lifetime", "60", "--timeout", "70")).deadline_s == 70


@pytest.mark.parametrize("words", [("--lifetime", "0"), ("--lifetime", "9999"), ("--interface", "eth0")])
def test_what_makes_no_sense_is_refused(words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        planned(args("stun:192.0.2.10", *words))


def test_every_address_of_this_host_can_be_looked_from() -> None:
    plan = planned(args("stun:192.0.2.10", "--interface", "198.51.100.7", "--interface", "all"))
    assert plan.sources[0].host == "198.51.100.7"
    assert len(set(plan.sources)) == len(plan.sources)
    assert all(source.kind != "loopback" for source in plan.sources)
