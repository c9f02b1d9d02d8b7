"""Files as nobody means them: endless, nested without end, with a byte order mark, with an impossible name."""

import io
import json
from pathlib import Path

import pytest

from natprobe.cli import main

URI = "turn:203.0.113.10"
LONG = "x" * 300


def refused(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    """The one line by which `natprobe ARGV` refuses."""
    assert main(list(argv)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err.removeprefix("natprobe: ").strip()


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (("check", URI, "-u", "a", "--password-file", "/dev/zero"), "--password-file /dev/zero holds a control"),
        (("check", URI, "--secret-file", "/dev/zero"), "--secret-file /dev/zero holds a control"),
        (("check", "-d", "/dev/zero"), "/dev/zero: line 1: longer than"),
        (("nat", "--servers", "/dev/zero"), "/dev/zero: "),
        (("gather", "--ice-servers", "/dev/zero"), "--ice-servers: /dev/zero: longer than"),
        (("connect", "--ice-servers", "/dev/zero"), "--ice-servers: /dev/zero: longer than"),
        (("replay", "/dev/zero"), "/dev/zero: line 1 is no recording's header"),
        (("report", "/dev/zero"), "/dev/zero: longer than"),
    ],
)
def test_an_endless_file_is_not_read_to_its_end(
    argv: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused(capsys, *argv).startswith(told)


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        (("replay",), '{"a":' * 5000 + "1" + "}" * 5000),
        (("nat", "--servers"), "a = " + "[" * 5000 + "]" * 5000),
        (("report",), '{"a":' * 5000 + "1" + "}" * 5000),
        (("gather", "--ice-servers"), "[" * 5000 + "]" * 5000),
    ],
)
def test_what_is_nested_without_end_is_refused(
    argv: tuple[str, ...], text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "deep"
    file.write_text(text)
    assert str(file) in refused(capsys, *argv, str(file))


@pytest.mark.parametrize("argv", [("pair", LONG, "eim/adf"), ("report", "--trend", LONG), ("check", "-d", LONG)])
def test_a_name_that_is_too_long_for_a_file_is_told(argv: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(list(argv)) == 2
    assert LONG in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (("report", "-"), "standard input: not a natprobe report: JSON is malformed: invalid character (byte 0)"),
        (("gather", "--ice-servers", "-"), "--ice-servers: - is no UTF-8 text"),
    ],
)
def test_bytes_that_are_no_text_are_refused_on_standard_input(
    argv: tuple[str, ...], line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff\x00\x96" * 100)))
    assert refused(capsys, *argv) == line


def test_an_empty_report_is_called_empty(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = tmp_path / "empty.json"
    empty.touch()
    assert refused(capsys, "report", str(empty)) == f"{empty} is empty; name a report that --json printed"


def test_a_file_s_name_commands_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, "report", "\x1b[2Jx\udcff\n.json").startswith("·[2Jx··.json cannot be read")


@pytest.mark.parametrize(
    "argv",
    [
        ("nat", "--servers", ""),
        ("gather", "--ice-servers", ""),
        ("connect", "--ice-servers", ""),
        ("check", "-d", ""),
        ("check", URI, "--ca-file", ""),
        ("check", URI, "--record", ""),
        ("check", URI, "--history", ""),
        ("check", URI, "--resolver", ""),
        ("watch", URI, "--on-change", ""),
    ],
)
def test_an_option_without_a_value_is_not_taken_for_one_that_was_left_out(
    argv: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    line = refused(capsys, *argv)
    assert argv[-2] in line
    assert "its value is empty; was a variable not set?" in line


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    servers, deployment = tmp_path / "ice.json", tmp_path / "deployment.toml"
    servers.write_text(json.dumps([{"urls": "gopher:x"}]), encoding="utf-8-sig")
    deployment.write_text('targets = ["gopher:x"]', encoding="utf-8-sig")
    assert main(["gather", "--ice-servers", str(servers), "--json", "-4", "--timeout", "3"]) != 2
    assert "gopher" in capsys.readouterr().out
    assert "line 1: targets[0]" in refused(capsys, "check", "-d", str(deployment))
