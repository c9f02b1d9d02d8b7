"""`natprobe diff`: its exit codes, its forms, and one line for a wrong file."""

import io
import json
from pathlib import Path

import jsonschema
import pytest

from natprobe.cli import main

EXAMPLES = Path(__file__).parents[2] / "reports" / "examples"
HEALTHY, CLOSED, UNKNOWN = (
    str(EXAMPLES / f"{name}.json") for name in ("healthy", "relay-range-closed", "inconclusive")
)


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        ((HEALTHY, CLOSED), 1, "BROKE"),
        ((CLOSED, HEALTHY), 0, "MENDED"),
        ((HEALTHY, HEALTHY), 0, "SAME"),
        ((HEALTHY, UNKNOWN), 0, "SAME"),
        ((HEALTHY, UNKNOWN, "--strict"), 1, "SAME"),
    ],
)
def test_the_exit_code_is_1_where_something_broke(
    arguments: tuple[str, ...], code: int, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diff", *arguments]) == code
    assert capsys.readouterr().out.startswith(word)


def test_json_is_all_that_is_printed_and_keeps_to_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", HEALTHY, CLOSED, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert main(["diff", "--schema"]) == 0
    jsonschema.validate(told, json.loads(capsys.readouterr().out))
    assert [change["id"] for change in told["broke"]] == ["turn.relay-in", "turn.reach"]


def test_files_are_written_beside_the_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    junit, summary = tmp_path / "diff.xml", tmp_path / "summary.md"
    summary.write_text("# An earlier step\n")
    assert main(["diff", HEALTHY, CLOSED, "--junit", str(junit), "--markdown", str(summary)]) == 1
    assert junit.read_text().startswith("<?xml")
    assert summary.read_text().startswith("# An earlier step\n## BROKE: ")
    assert capsys.readouterr().out.startswith("BROKE")


def test_markdown_alone_on_stdout_takes_the_texts_place(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", HEALTHY, CLOSED, "--markdown", "-"]) == 1
    assert capsys.readouterr().out.startswith("## BROKE")


def test_under_github_actions_markdown_comes_with_annotations(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    main(["diff", HEALTHY, CLOSED, "--markdown", "-"])
    assert capsys.readouterr().err.startswith("::error title=turn.relay-in broke::")


def test_one_side_can_be_stdin(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(Path(HEALTHY).read_bytes())))
    assert main(["diff", "-", CLOSED]) == 1
    assert capsys.readouterr().out.startswith("BROKE")


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        (HEALTHY,),
        (HEALTHY, "missing.json"),
        (__file__, HEALTHY),
        ("-", "-"),
        (HEALTHY, CLOSED, HEALTHY),
        (HEALTHY, CLOSED, "--json", "--junit", "-"),
        (HEALTHY, CLOSED, "--junit", "/nowhere/diff.xml"),
    ],
)
def test_a_wrong_command_line_is_one_line(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", *arguments]) == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err.count("\n")) == ("", 1)
