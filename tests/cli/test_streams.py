"""Streams and files that take nothing: a full disk, a closed stream, a reader that has left. What was found is told."""

import errno
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from natprobe.cli.streams import wrote

FULL = "No space left on device"
HEALTHY = Path("reports/examples/healthy.json").resolve()


def shell(line: str, *, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """What `bash -c LINE` does; `natprobe` in it is this one."""
    run = f'natprobe() {{ "{sys.executable}" -m natprobe "$@"; }}; set -o pipefail; {line}'
    root = Path(__file__).parents[2]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (root, root / "tui", root / "reports")))}
    return subprocess.run(
        ["bash", "-c", run], capture_output=True, text=True, timeout=60, check=False, env=env, cwd=cwd
    )


@pytest.mark.parametrize(
    "command",
    [
        "demo",
        "demo --json",
        "demo --nagios",
        "explain",
        "pair --table",
        "completion bash",
        "gather",
        f"report {HEALTHY}",
    ],
)
def test_where_standard_output_is_full_one_line_says_so(command: str) -> None:
    done = shell(f"natprobe {command} > /dev/full")
    assert done.stderr == f"natprobe: standard output cannot be written ({FULL})\n"
    assert done.returncode == 3


def test_a_report_that_a_full_disk_did_not_take_costs_neither_the_text_nor_the_other_report(tmp_path: Path) -> None:
    done = shell("natprobe demo --report html=/dev/full --report json=kept.json", cwd=tmp_path)
    assert done.stderr == f"natprobe: --report: /dev/full cannot be written ({FULL})\n"
    assert done.returncode == 3
    assert done.stdout.startswith("PASS  ")
    assert json.loads((tmp_path / "kept.json").read_text())["verdict"] == "pass"


def test_a_recording_on_a_full_disk_is_refused_before_anything_is_sent() -> None:
    done = shell("natprobe demo --record /dev/full")
    assert done.stderr == f"natprobe: --record: /dev/full cannot be written ({FULL})\n"
    assert (done.returncode, done.stdout) == (2, "")


def test_a_recording_that_finds_the_disk_full_later_ends_alone(tmp_path: Path) -> None:
    done = shell("trap '' XFSZ; ulimit -f 8; natprobe demo --record run.jsonl", cwd=tmp_path)
    assert done.stderr == "natprobe: --record: run.jsonl ends too early (File too large)\n"
    assert done.returncode == 0
    assert done.stdout.startswith("PASS  ")


@pytest.mark.parametrize("form", ["html", "junit", "markdown", "openmetrics", "json", "text"])
def test_a_form_that_cannot_be_written_is_told_in_one_line(form: str) -> None:
    done = shell(f"natprobe report {HEALTHY} --{form} /dev/full")
    assert done.stderr == f"natprobe: --{form}: /dev/full cannot be written ({FULL})\n"
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.parametrize("form", ["junit", "markdown"])
def test_a_difference_that_cannot_be_written_is_told_in_one_line(form: str) -> None:
    done = shell(f"natprobe diff {HEALTHY} {HEALTHY} --{form} /dev/full")
    assert done.stderr == f"natprobe: --{form}: /dev/full cannot be written ({FULL})\n"
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_a_closed_stream_changes_no_verdict(closed: str) -> None:
    done = shell(f"natprobe demo {closed}")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_reader_who_leaves_changes_no_verdict() -> None:
    done = shell("natprobe demo --json | head -c 1")
    assert (done.returncode, done.stdout, done.stderr) == (0, "{", "")


@pytest.mark.parametrize(
    ("system", "number", "said"),
    [
        ("posix", errno.EPIPE, ""),
        ("posix", errno.EINVAL, "Invalid argument"),
        ("posix", errno.ENOSPC, FULL),
        ("nt", errno.EPIPE, ""),
        ("nt", errno.EINVAL, ""),
        ("nt", errno.ENOSPC, FULL),
    ],
)
def test_a_reader_who_left_is_told_from_a_full_disk_by_each_systems_number(
    system: str, number: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Stream(io.StringIO):
        def flush(self) -> None:
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "name", system)
    monkeypatch.setattr("natprobe.cli.streams.lead_nowhere", lambda: None)
    assert wrote(Stream(), "text") is not bool(said)
    assert capsys.readouterr().err == (f"natprobe: standard output cannot be written ({said})\n" if said else "")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437"])
def test_a_stream_that_is_not_utf_8_gets_ascii_with_escapes(encoding: str) -> None:
    environment = f"export PYTHONUTF8=0 PYTHONIOENCODING={encoding};"
    helped = shell(f"{environment} natprobe check --help")
    assert (helped.returncode, helped.stderr) == (0, "")
    assert "NATPROBE_PASSWORD=\\u2026 natprobe check" in helped.stdout
    paired = shell(f"{environment} natprobe init 'https://www.example.org/\N{GREEK SMALL LETTER PI}' -o -")
    assert paired.stdout.isascii()
    told = shell(f"{environment} natprobe credential --secret x --user '\N{SNOWMAN}\N{PILE OF POO}' --json")
    assert told.stdout.isascii()
    assert json.loads(told.stdout)["username"].endswith(":\N{SNOWMAN}\N{PILE OF POO}")


def test_a_fault_of_our_own_has_its_exit_code_and_its_trace(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import natprobe.cli.pair\ndef broken(*_): raise ZeroDivisionError('ours')\nnatprobe.cli.pair.hosts = broken\n"
    )
    done = shell(f"PYTHONPATH={tmp_path}:$PYTHONPATH natprobe pair eim/apdf eim/apdf")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("Traceback")
    assert done.stderr.endswith(
        "ZeroDivisionError: ours\nnatprobe: this is a fault of natprobe itself; please report it with the lines above\n"
    )
