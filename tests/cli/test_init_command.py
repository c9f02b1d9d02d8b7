"""`natprobe init`: a first deployment file, from URIs or from answers, which `natprobe check` takes."""

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from natprobe.cli import main
from natprobe.cli.asking import asked
from natprobe.credential import Credential, Secret
from natprobe.deployment.schema import schema
from natprobe.server import ServerConfig
from natprobe.server.beside import serve_beside

PASSWORD = "hush-hush-hush"


def test_what_it_writes_from_a_uri_is_checked_by_the_command_that_it_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TURN_PASSWORD", PASSWORD)
    with serve_beside(ServerConfig(users=(Credential("alice", Secret(PASSWORD)),))) as server:
        assert main(["init", f"turn:{server.address}?transport=udp", "-u", "alice"]) == 0
        said = capsys.readouterr().out
        assert said == "deployment.toml: 1 target. Set TURN_PASSWORD, then: natprobe check -d deployment.toml\n"
        assert main(["check", "-d", "deployment.toml", "--json"]) == 0
    checks = json.loads(capsys.readouterr().out)["checks"]
    assert {(each["group"], each["status"]) for each in checks} == {("relay", "pass")}


def test_a_file_that_is_there_is_kept_unless_force_says_otherwise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("mine\n")
    assert main(["init", "stun:stun.example.org", "-o", str(path)]) == 2
    assert capsys.readouterr().err == (
        f"natprobe: init: {path} is there already; name another file with -o, or overwrite it with --force\n"
    )
    assert path.read_text() == "mine\n"
    assert main(["init", "stun:stun.example.org", "-o", str(path), "--force"]) == 0
    assert "stun:stun.example.org" in path.read_text()
    assert capsys.readouterr().out == f"{path}: 1 target. Now: natprobe check -d {path}\n"


def test_to_stdout_goes_the_file_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "turn:turn.example.org", "--rest", "-o", "-"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("# What belongs to this deployment")
    assert any(line.startswith('secret = { env = "TURN_SECRET" }') for line in out.splitlines())
    assert err == ""


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "--schema"]) == 0
    assert json.loads(capsys.readouterr().out) == schema()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["turn://turn.example.org"], "turn://turn.example.org: a turn target has no slashes"),
        (["iceservers:page"], "iceservers targets cannot be checked yet"),
        (
            ["stun:stun.example.org", "-o", "/nowhere/d.toml"],
            "init: /nowhere/d.toml cannot be written (No such file or ",
        ),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init", *words]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert said in err
    assert list(tmp_path.iterdir()) == []


def test_where_nobody_can_be_asked_it_says_what_to_name(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "natprobe", "init"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "natprobe: init: there is nobody to ask; name the deployment's URIs, such as turn:turn.example.org\n"
    )


def test_answers_make_a_deployment_and_one_that_cannot_be_read_is_asked_for_again() -> None:
    questions = io.StringIO()
    pages, servers = ["ftp://x", "turn:turn.example.org", ""], ["stun:s.example.org", "turn:turn.example.org", ""]
    answers = [*pages, *servers, "key", "secret", "bob", "", "", "", "tcp:www.example.org:6379", ""]
    wish = asked(io.StringIO("\n".join([*answers, ""])), questions)
    assert list(map(str, wish.targets)) == ["stun:s.example.org", "turn:turn.example.org"]
    assert (wish.login, wish.user) == ("secret", "bob")
    assert list(map(str, wish.closed)) == ["tcp:www.example.org:6379"]
    told = questions.getvalue()
    assert "unknown scheme ftp:" in told
    assert "write one that begins with http, https" in told
    assert "write password, secret or none" in told


def test_a_page_without_its_scheme_is_taken_for_no_turn_server() -> None:
    questions = io.StringIO()
    asked(io.StringIO("www.example.org\n"), questions)
    assert "did you mean https://www.example.org?" in questions.getvalue()


def test_the_end_of_the_answers_is_the_end_of_the_questions() -> None:
    questions = io.StringIO()
    wish = asked(io.StringIO("\nstun:s.example.org"), questions)
    assert list(map(str, wish.targets)) == ["stun:s.example.org"]
    assert wish.closed == ()


def test_on_a_terminal_it_asks_and_control_c_leaves_without_a_file(tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    heeding = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)"  # as in any terminal
    command = f"{heeding}; from natprobe.cli import main; sys.exit(main())"
    with subprocess.Popen(
        [sys.executable, "-c", command, "init"],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        start_new_session=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    ) as process:
        assert process.stderr is not None
        try:
            assert "Ctrl-C leaves" in process.stderr.readline()
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=60) == 130
            assert "interrupted" in process.stderr.read()
        finally:
            process.kill()
    os.close(ours)
    os.close(theirs)
    assert list(tmp_path.iterdir()) == []
