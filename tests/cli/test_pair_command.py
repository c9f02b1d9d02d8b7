"""`natprobe pair`: kept reports and words in, one verdict out."""

import json
from pathlib import Path
from typing import Any

import pytest

from natprobe.cli import main
from natprobe.model import Report
from natprobe_reports import PLAIN, RENDERERS
from tests.pairing.kept import BLOCKED, BROKEN_TURN, WORKING_RELAY, behaviour, kept

EIM, APDM = "endpoint-independent", "address-and-port-dependent"
ADF, APDF = "address-dependent", "address-and-port-dependent"


@pytest.fixture
def keep(tmp_path: Path) -> Any:
    """Keeps a report as `--json` prints it."""

    def write(name: str, report: Report) -> str:
        path = tmp_path / f"{name}.json"
        path.write_text(RENDERERS["json"](report, PLAIN), encoding="utf-8")
        return str(path)

    return write


def pair_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = main(["pair", *arguments, "--json"])
    captured = capsys.readouterr()
    assert captured.err == ""
    told: dict[str, Any] = json.loads(captured.out)
    assert set(told) == {"direct", "path", "reason", "findings"}
    return code, told


def test_a_direct_pair_is_told_and_passes(keep: Any, capsys: pytest.CaptureFixture[str]) -> None:
    code, told = pair_json(capsys, keep("a", kept(behaviour(EIM, ADF))), keep("b", kept(behaviour(APDM, APDF, n=2))))
    assert (code, told["direct"], told["path"], told["findings"]) == (0, True, "prflx", [])


def test_a_needed_relay_is_a_warning_that_strict_counts(keep: Any, capsys: pytest.CaptureFixture[str]) -> None:
    sides = keep("a", kept(behaviour(EIM, APDF))), keep("b", kept(behaviour(APDM, APDF, n=2), checks=WORKING_RELAY))
    code, told = pair_json(capsys, *sides)
    assert (code, told["direct"], told["path"]) == (0, False, "relay")
    assert [(each["id"], each["severity"]) for each in told["findings"]] == [("ice-needs-relay", "warning")]
    assert main(["pair", *sides, "--strict"]) == 1


def test_what_cannot_be_told_is_null_and_exit_code_4(keep: Any, capsys: pytest.CaptureFixture[str]) -> None:
    code, told = pair_json(capsys, keep("a", kept()), keep("b", kept(behaviour(EIM, ADF, n=2))))
    assert (code, told["direct"]) == (4, None)
    assert "can't be told" in told["reason"]


def test_no_path_at_all_fails(keep: Any, capsys: pytest.CaptureFixture[str]) -> None:
    sides = keep("a", kept(BLOCKED, checks=BROKEN_TURN)), keep("b", kept(behaviour(EIM, ADF)))
    code, told = pair_json(capsys, *sides)
    assert (code, told["direct"], told["path"]) == (1, False, "none")


def test_the_text_names_the_files_and_the_reason(keep: Any, capsys: pytest.CaptureFixture[str]) -> None:
    home, office = keep("home", kept(behaviour(EIM, APDF))), keep("office", kept(behaviour(APDM, APDF, n=2)))
    assert main(["pair", home, office]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0].startswith("RELAY  ")
    assert "home lets in only ports that it has sent" in " ".join(out.split())
    assert "(ice-needs-relay)" in out


def test_words_stand_for_nats_and_modifiers_for_a_side(capsys: pytest.CaptureFixture[str]) -> None:
    assert pair_json(capsys, "eim/adf", "symmetric")[1]["direct"] is True
    assert pair_json(capsys, "eim/adf", "symmetric", "--arbitrary-pooling", "b")[1]["direct"] is False
    assert pair_json(capsys, "eim/adf+symmetric", "symmetric")[1]["direct"] is False
    assert pair_json(capsys, "--lite", "a", "none/adf", "none/open")[1]["direct"] is False
    assert pair_json(capsys, "udp-blocked", "none/open", "--passive-tcp", "b")[1]["direct"] is True


def test_the_table_has_every_unordered_pair(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pair", "--table", "--json"]) == 0
    table = json.loads(capsys.readouterr().out)
    assert len(table) == 17 * 18 // 2
    assert main(["pair", "--table"]) == 0
    assert "APDM/APDF   D*   D*   D*   R" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read (No such file or directory)"),
        (b"", "is empty; name a report"),
        (b"{}", 'it has no "schema"'),
        (b'{"schema": "natprobe/report/9"}', "this natprobe reads natprobe/report/1"),
        (b"[" * 100_000, "not a natprobe report"),
        (b"\xff\xfe\x00", "not a natprobe report"),
    ],
)
def test_a_bad_file_is_one_line_and_exit_code_2(
    content: bytes | None, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.json"
    if content is not None:
        path.write_bytes(content)
    assert main(["pair", str(path), "symmetric"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert said in captured.err


@pytest.mark.parametrize(
    "sides", [(), ("symmetric",), ("symmetric", "symmetric", "symmetric"), ("symetric", "eim/eif")]
)
def test_a_wrong_command_line_is_one_line(sides: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pair", *sides]) == 2
    assert capsys.readouterr().err.count("\n") == 1
