"""`natprobe check` against natprobe's own server on loopback: what it prints, writes, keeps and returns."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from natprobe.cli import main
from natprobe.credential import Credential, Secret
from natprobe.server import FAULTS, Server, ServerConfig
from natprobe.server.beside import serve_beside
from natprobe_reports.json import decode

PASSWORD = "hush-hush-hush"
CONFIG = ServerConfig(users=(Credential("alice", Secret(PASSWORD)),))
ESCAPE = "\x1b["


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NATPROBE_USER", "NATPROBE_SECRET", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NATPROBE_PASSWORD", PASSWORD)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """One server; tests break and mend it."""
    with serve_beside(CONFIG) as served:
        yield served


@pytest.fixture
def uri(server: Server) -> Iterator[str]:
    """Its target, over UDP; mended afterwards."""
    yield f"turn:{server.address}?transport=udp"
    server.mend()


def broken(server: Server, name: str) -> None:
    """From now on the server fails like this."""
    for fault in FAULTS[name].faults:
        server.fail(fault)


def check(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Exit code and stdout of `natprobe check`; stderr is to be empty."""
    code = main(["check", *words, "-u", "alice"])
    out, err = capsys.readouterr()
    assert err == ""
    return code, out


def test_json_is_the_report_and_nothing_else(uri: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = check(capsys, uri, "--json")
    assert code == 0
    assert decode(out.encode()).verdict == "pass"
    assert out.startswith("{")
    assert out.endswith("}\n")


def test_text_names_the_verdict_first_and_has_no_colour_in_a_pipe(uri: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = check(capsys, uri)
    assert code == 0
    assert out.splitlines()[0].startswith("PASS")
    assert ESCAPE not in out


@pytest.mark.parametrize(("value", "coloured"), [("1", True), ("", False)])
def test_colour_in_a_pipe_is_as_force_color_says(
    uri: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    value: str,
    coloured: bool,  # noqa: FBT001
) -> None:
    monkeypatch.setenv("FORCE_COLOR", value)
    _, out = check(capsys, uri)
    assert (ESCAPE in out) is coloured


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_colour_on_a_terminal_is_as_no_color_says(uri: str, no_color: str, coloured: bool) -> None:  # noqa: FBT001
    ours, theirs = os.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "natprobe", "check", uri, "-u", "alice"],
        stdout=theirs,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"NO_COLOR": no_color, "TERM": "xterm"},
        check=False,
    )
    os.close(theirs)
    out = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert done.returncode == 0
    assert (ESCAPE in out) is coloured


class Ending(NamedTuple):
    """How a run is to end."""

    fault: str | None
    option: str | None
    code: int


@pytest.mark.parametrize(
    "ending",
    [
        Ending(None, None, 0),
        Ending(None, "--strict", 0),
        Ending(None, "--nagios", 0),
        Ending("allocate-486", None, 1),
        Ending("allocate-486", "--strict", 1),
        Ending("allocate-486", "--nagios", 2),
        Ending("short-lifetime", None, 0),
        Ending("short-lifetime", "--strict", 1),
        Ending("short-lifetime", "--nagios", 1),
    ],
    ids=str,
)
def test_the_exit_code_says_how_it_went(
    uri: str, server: Server, capsys: pytest.CaptureFixture[str], ending: Ending
) -> None:
    if ending.fault is not None:
        broken(server, ending.fault)
    assert check(capsys, uri, *([ending.option] if ending.option else []))[0] == ending.code


def test_without_credentials_it_could_not_be_told(
    uri: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NATPROBE_PASSWORD")
    assert main(["check", uri, "--json"]) == 4
    assert "no credentials" in capsys.readouterr().out
    assert main(["check", uri, "--nagios"]) == 3


def test_nagios_is_one_line(uri: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, out = check(capsys, uri, "--nagios")
    assert out.count("\n") == 1
    assert "|" in out


def test_reports_are_written_beside_what_is_printed(
    uri: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    kept, text = tmp_path / "report.json", tmp_path / "report.txt"
    code, out = check(capsys, uri, "--json", "--report", f"json={kept}", "--report", f"text={text}")
    assert code == 0
    assert kept.read_text() == out
    assert text.read_text().startswith("PASS")


def test_a_recording_replays_to_the_very_json_that_was_printed(
    uri: str, server: Server, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    broken(server, "allocate-508")
    file = tmp_path / "run.jsonl"
    code, out = check(capsys, uri, "--json", "--record", str(file))
    assert code == 1
    assert main(["replay", str(file), "--json"]) == 1
    assert capsys.readouterr().out == out
    assert main(["replay", str(file)]) == 1
    assert "508" in capsys.readouterr().out


def test_targets_are_checked_once_each(uri: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = check(capsys, uri, uri, uri.replace("turn:", "TURN:"), "--json")
    assert code == 0
    assert [each["id"] for each in json.loads(out)["checks"]].count("turn.reach") == 1


def test_an_address_family_can_be_left_out(uri: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = check(capsys, uri, "--json", "-6")
    assert (code, json.loads(out)["checks"]) == (4, [])


def in_a_process(*argv: str, env: dict[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    """`natprobe ARGV` as a user starts it."""
    command = [sys.executable, "-m", "natprobe", *argv]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ | (env or {}), check=False)


@pytest.mark.parametrize("given", ["environment", "file", "option"])
def test_a_password_shows_in_nothing_that_is_printed_or_kept(uri: str, tmp_path: Path, given: str) -> None:
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    ways = {
        "environment": (),
        "file": ("--password-file", str(tmp_path / "password")),
        "option": ("-p", PASSWORD),
    }
    files = [tmp_path / name for name in ("run.jsonl", "report.json", "report.txt")]
    writing = ("--record", str(files[0]), "--report", f"json={files[1]}", "--report", f"text={files[2]}")
    done = in_a_process(
        "check", uri, "-u", "alice", *ways[given], *writing, "-v",
        env={"NATPROBE_PASSWORD": PASSWORD if given == "environment" else ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    kept = "".join(file.read_text(errors="replace") for file in files)
    assert "turn.allocate" in kept
    assert PASSWORD not in done.stdout + done.stderr + kept


def test_a_reader_that_goes_away_makes_no_traceback(uri: str) -> None:
    command = f'"{sys.executable}" -m natprobe check "{uri}" -u alice -v | head -c 1'
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
