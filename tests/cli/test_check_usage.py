"""A wrong command line: one line on stderr, exit 2, nothing on stdout, and nothing sent."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from natprobe.cli import main

URI = "turn:203.0.113.10"


class Said(NamedTuple):
    """What a command said, and what it did to the network."""

    code: int
    out: str
    err: str
    network: list[str]


_WATCHED: list[list[str]] = []


def _audit(event: str, _arguments: object) -> None:
    if _WATCHED and event.startswith("socket."):
        _WATCHED[-1].append(event)


sys.addaudithook(_audit)


@pytest.fixture(autouse=True)
def _no_credentials_around(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NATPROBE_USER", "NATPROBE_PASSWORD", "NATPROBE_SECRET"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def network() -> Iterator[list[str]]:
    """Every call of the socket module while the test runs, as Python's own audit tells it."""
    calls: list[str] = []
    _WATCHED.append(calls)
    yield calls
    _WATCHED.pop()


def said(capsys: pytest.CaptureFixture[str], network: list[str], *argv: str) -> Said:
    """What `natprobe ARGV` says."""
    code = main(list(argv))
    out, err = capsys.readouterr()
    return Said(code, out, err, network)


USAGE = [
    # what was typed, and what stands in the one line
    (("check", "203.0.113.10"), "turn:203.0.113.10"),
    (("check", "turn.example.org:3478"), "turn:turn.example.org:3478"),
    (("check", "turn://turn.example.org"), "turn:turn.example.org"),
    (("check", "turn:"), "turn:"),
    (("check", "turn:203.0.113.10:0"), "port"),
    (("check", "turn:203.0.113.10:65536"), "65536"),
    (("check", "turn:203.0.113.10:http"), "http"),
    (("check", "turn:2001:db8::10"), "[2001:db8::10]"),
    (("check", "turn:[2001:db8::g]"), "2001:db8::g"),
    (("check", "turn:[2001:db8::10"), "["),
    (("check", "turn:203.0.113.10?transport=sctp"), "sctp"),
    (("check", "stun:203.0.113.10?transport=tcp"), "write stun:203.0.113.10"),
    (("check", "turn:203.0.113.10?transport=udp&x=1"), "203.0.113.10"),
    (("check", "turm:203.0.113.10"), "turm"),
    (("check", "gopher:example.org"), "gopher"),
    (("check", ""), "the target is empty"),
    (("check", "/etc/hosts"), "write a URI such as"),
    (("check", "deployment.toml"), "did you mean -d deployment.toml?"),
    (("watch", "deployment.toml"), "did you mean -d deployment.toml?"),
    (("gather", "ice.json"), "did you mean --ice-servers ice.json?"),
    (("report", "tests/tui/home.jsonl"), "`natprobe replay tests/tui/home.jsonl`"),
    (("replay", "reports/examples/healthy.json"), "`natprobe report`"),
    (("check", URI, "turn:x:99999"), "99999"),
    (("check", URI, "--relay-samples", "1"), "--relay-samples: give 2 to 16, not 1"),
    (("check", URI, "--relay-samples", "17"), "--relay-samples: give 2 to 16, not 17"),
    (("check", URI, "--relay-samples", "few"), "few"),
    (("check",), "TARGET"),
    (("check", URI, "--bogus"), "--bogus"),
    (("check", URI, "--timeout", "soon"), "argument --timeout: 'soon' is no number (see"),
    (("check", URI, "--relay-samples", "1.5"), "argument --relay-samples: '1.5' is no whole number (see"),
    (("check", URI, "--timeout", "1"), "--timeout"),
    (("check", URI, "--timeout", "1e9"), "--timeout"),
    (("check", URI, "--timeout", "nan"), "--timeout"),
    (("check", URI, "--timeout", "-3"), "--timeout"),
    (("check", URI, "-4", "-6"), "-6"),
    (("check", URI, "--json", "--nagios"), "--nagios"),
    (("check", URI, "--resolver", "nowhere"), "--resolver"),
    (("check", URI, "--relay-ports", "60000"), "--relay-ports"),
    (("check", URI, "--relay-ports", "60000-50000"), "--relay-ports"),
    (("check", URI, "--relay-ports", "1-70000"), "--relay-ports"),
    (("check", URI, "--ca-file", "/nowhere/ca.pem"), "/nowhere/ca.pem"),
    (("check", URI, "-u", "alice", "--password-file", "/nowhere/pw"), "/nowhere/pw"),
    (("check", URI, "--secret-file", "/nowhere/secret"), "/nowhere/secret"),
    (("check", URI, "-u", "alice", "-p", "x", "--secret", "y"), "--secret"),
    (("check", URI, "-p", "x"), "user"),
    (("check", URI, "-u", "alice"), "password"),
    (("check", URI, "--report", "pigeon=/tmp/x"), "pigeon"),
    (("check", URI, "--report", "json"), "json"),
    (("check", URI, "--report", "json="), "json="),
    (("check", URI, "--report", "json=/nowhere/report.json"), "/nowhere/report.json"),
    (("check", URI, "--record", "/nowhere/run.jsonl"), "/nowhere/run.jsonl"),
    (("chekc", URI), "check"),
    (("frobnicate",), "frobnicate"),
    ((), "COMMAND"),
    (("replay", "/nowhere/run.jsonl"), "/nowhere/run.jsonl"),
    (("replay",), "RUN.jsonl"),
]


@pytest.mark.parametrize("name", ["NATPROBE_PASSWORD", "NATPROBE_USER"])
@pytest.mark.parametrize(
    "argv",
    [
        ("check", "stun:127.0.0.1:1", "--timeout", "5"),
        ("check", "tcp:127.0.0.1:1", "--timeout", "5"),
        ("gather", "stun:127.0.0.1:1", "--timeout", "5"),
        ("nat", "stun:127.0.0.1:1", "--timeout", "5"),
    ],
)
def test_half_a_login_in_the_environment_is_no_matter_where_nobody_logs_in(
    name: str, argv: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, "set-for-another-command")
    assert main(list(argv)) != 2
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("argv", "told"), USAGE, ids=lambda value: " ".join(value) if isinstance(value, tuple) else "")
def test_a_wrong_command_line_is_told_in_one_line_and_nothing_is_sent(
    argv: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str], network: list[str]
) -> None:
    answer = said(capsys, network, *argv)
    assert answer.code == 2
    assert answer.out == ""
    assert answer.err.startswith("natprobe: ")
    assert answer.err.count("\n") == 1
    assert told in answer.err
    assert answer.network == []


def test_a_near_miss_of_a_command_is_suggested(capsys: pytest.CaptureFixture[str], network: list[str]) -> None:
    assert "did you mean" in said(capsys, network, "chekc", URI).err.lower()


def test_a_ca_file_that_is_no_certificate_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], network: list[str]
) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("no certificate\n")
    answer = said(capsys, network, "check", "turns:203.0.113.10", "--ca-file", str(file))
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert str(file) in answer.err
    assert answer.network == []


@pytest.mark.parametrize("content", ["", "\n", "\N{SNOWMAN}\x00"])
def test_a_password_file_without_a_password_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], network: list[str], content: str
) -> None:
    file = tmp_path / "password"
    file.write_text(content)
    answer = said(capsys, network, "check", URI, "-u", "alice", "--password-file", str(file))
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert answer.network == []


def test_a_password_file_of_bytes_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], network: list[str]
) -> None:
    file = tmp_path / "password"
    file.write_bytes(b"\xff\xfe\xfd")
    answer = said(capsys, network, "check", URI, "-u", "alice", "--password-file", str(file))
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)


def test_a_secret_on_a_wrong_command_line_is_not_repeated(
    capsys: pytest.CaptureFixture[str], network: list[str]
) -> None:
    answer = said(capsys, network, "check", "nonsense", "-u", "alice", "-p", "hush-hush")
    assert answer.code == 2
    assert "hush-hush" not in answer.err


@pytest.mark.parametrize("content", ["", "nonsense\n", "{}\n"])
def test_what_is_no_recording_cannot_be_replayed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], network: list[str], content: str
) -> None:
    file = tmp_path / "run.jsonl"
    file.write_text(content)
    answer = said(capsys, network, "replay", str(file))
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert "line 1" in answer.err
