"""The command line of `natprobe ports`: what it plans, what it refuses in one line, and what it prints."""

import argparse
import json
import socket
from collections.abc import Iterator

import pytest

from natprobe.cli import main
from natprobe.cli.parser import UsageError, parse
from natprobe.cli.ports import planned


def args(*words: str) -> argparse.Namespace:
    return parse(["ports", *words])


@pytest.fixture
def listener() -> Iterator[int]:
    """A port on loopback that takes connections, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        yield port


@pytest.mark.parametrize(
    ("words", "targets"),
    [
        (
            ("turn.example.org", "3478/udp,443,60000-60100/udp"),
            ["tcp:turn.example.org:443", "udp:turn.example.org:3478,60000-60100"],
        ),
        (("2001:db8::10", "80", "443/tcp"), ["tcp:[2001:db8::10]:80,443"]),
        (("[2001:db8::10]", "3478/UDP"), ["udp:[2001:db8::10]:3478"]),
        (("192.0.2.1", "80-90,85-100,101"), ["tcp:192.0.2.1:80-101"]),
    ],
)
def test_ports_become_one_target_a_protocol(words: tuple[str, ...], targets: list[str]) -> None:
    assert [str(target) for target in planned(args(*words)).targets] == targets


@pytest.mark.parametrize(
    "words",
    [
        ("host", "x"),
        ("host", "80/sctp"),
        ("host", "80,,81"),
        ("host", "0"),
        ("host", "70000/udp"),
        ("host", "90-80"),
        ("https://www.example.org", "443"),
        ("alice@host", "443"),
        ("ho st", "443"),
        ("host", "443", "--timeout", "0.1"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_line(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UsageError):
        planned(args(*words))
    assert main(["ports", *words]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1


def test_the_deadline_is_long_enough_for_ports_that_are_all_silent() -> None:
    assert planned(args("host", "80")).deadline_s == 20
    assert planned(args("host", "1-65535")).deadline_s < 40
    assert planned(args("host", "1-65535", "--whole")).deadline_s > 1600
    assert planned(args("host", "1-65535", "--whole", "--timeout", "60")).deadline_s == 60


def test_an_open_port_passes_and_is_a_fault_where_it_shall_be_closed(
    listener: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ports", "127.0.0.1", str(listener), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    (check,) = report["checks"]
    assert (report["command"], check["id"], check["status"]) == ("ports", "port.tcp", "pass")
    assert main(["ports", "127.0.0.1", str(listener), "--closed"]) == 1
    told = " ".join(capsys.readouterr().out.split())
    assert f"127.0.0.1:{listener} shall be closed, and is reachable: the service on port {listener}" in told


def test_every_port_of_a_range_is_asked_where_that_is_wanted(listener: int, capsys: pytest.CaptureFixture[str]) -> None:
    first, last = max(1, listener - 700), min(65535, listener + 700)
    assert main(["ports", "127.0.0.1", f"{first}-{last}", "--whole", "--json"]) == 0
    (check,) = json.loads(capsys.readouterr().out)["checks"]
    assert sum(run["asked"] for run in check["evidence"]["runs"]) == last - first + 1
    assert [run["first"] for run in check["evidence"]["runs"] if run["first"] == listener] == [listener]
