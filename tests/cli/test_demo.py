"""`natprobe demo`, as its user sees it."""

import argparse
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from natprobe.cli import demo
from natprobe.cli.parser import UsageError
from natprobe.server import FAULTS


def told(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str]:
    parser = argparse.ArgumentParser()
    demo.configure(parser)
    code = demo.run(parser.parse_args(argv))
    return code, capsys.readouterr().out


def test_a_sound_server_passes(capsys: pytest.CaptureFixture[str]) -> None:
    code, out = told(capsys, "--json")
    report = json.loads(out)
    assert code == 0
    assert (report["command"], report["verdict"]) == ("demo", "pass")
    assert {check["id"] for check in report["checks"]} >= {"turn.allocate", "turn.relay-in", "turn.relay-out"}


def test_a_broken_server_fails_at_the_stage_that_is_broken(capsys: pytest.CaptureFixture[str]) -> None:
    code, out = told(capsys, "--json", "--fault", "credentials-refused")
    failed = {check["id"] for check in json.loads(out)["checks"] if check["status"] == "fail"}
    assert code == 1
    assert failed == {"turn.allocate"}


def test_it_can_be_recorded(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, _ = told(capsys, "--json", "--record", str(tmp_path / "run.jsonl"))
    assert code == 0
    assert (tmp_path / "run.jsonl").read_bytes().count(b"\n") > 10


def test_the_faults_are_listed_with_a_sentence_each(capsys: pytest.CaptureFixture[str]) -> None:
    code, out = told(capsys, "--list-faults")
    assert code == 0
    assert len(out.splitlines()) == len(FAULTS)
    assert all(name in out and fault.sentence in out for name, fault in FAULTS.items())
    assert json.loads(told(capsys, "--list-faults", "--json")[1]) == {n: f.sentence for n, f in FAULTS.items()}


@pytest.mark.parametrize(
    ("argv", "said"), [(("--fault", "nonsense"), "there is no 'nonsense'"), (("--port", "65536"), "is no port")]
)
def test_what_cannot_be_meant_is_a_usage_error(
    capsys: pytest.CaptureFixture[str], argv: tuple[str, ...], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        told(capsys, *argv)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_stopped_and_says_how_to_use_it(number: signal.Signals) -> None:
    command = (sys.executable, "-c", "import sys; from natprobe.cli import main; sys.exit(main())")
    with subprocess.Popen([*command, "demo", "--serve", "--json"], stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        invitation = json.loads(serving.stdout.readline())
        uri = invitation["uris"][1].partition("?")[0]
        check = (*command, "check", uri, "-u", invitation["username"], "-4", "--json")
        done = subprocess.run(
            check, capture_output=True, text=True, check=False, env={"NATPROBE_PASSWORD": invitation["credential"]}
        )
        assert (done.returncode, json.loads(done.stdout)["verdict"]) == (0, "pass")
        serving.send_signal(number)
        assert serving.wait(timeout=30) == 0
