"""`natprobe report`: a kept report in other forms, and the schema."""

import io
import json
from pathlib import Path

import jsonschema
import pytest

from natprobe.cli import main

EXAMPLES = Path(__file__).parents[2] / "reports" / "examples"
HEALTHY = str(EXAMPLES / "healthy.json")


def test_without_a_form_it_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", HEALTHY]) == 0
    assert capsys.readouterr().out.startswith("PASS")


def test_every_form_goes_to_its_file_and_stdout_stays_empty(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    junit, markdown, text = (tmp_path / name for name in ("run.xml", "run.md", "run.txt"))
    code = main(["report", HEALTHY, "--junit", str(junit), "--markdown", str(markdown), "--text", str(text)])
    assert (code, capsys.readouterr().out) == (0, "")
    assert junit.read_text().startswith("<?xml")
    assert "PASS" in markdown.read_text()
    assert text.read_text().startswith("PASS")


def test_a_report_survives_its_own_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", HEALTHY, "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(Path(HEALTHY).read_text())


def test_it_reads_stdin(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(Path(HEALTHY).read_bytes())))
    assert main(["report", "-", "--text", "-"]) == 0
    assert capsys.readouterr().out.startswith("PASS")


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_the_schema_holds_for_every_example(example: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    jsonschema.validate(json.loads(example.read_text()), schema)


@pytest.mark.parametrize(
    "arguments",
    [(), ("missing.json",), (HEALTHY, "--junit", "/nowhere/run.xml"), (HEALTHY, "--pdf", "run.pdf"), (__file__,)],
)
def test_a_wrong_command_line_is_one_line(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", *arguments]) == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err.count("\n")) == ("", 1)


def test_reports_of_several_hosts_become_one_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "calls.html"
    other = tmp_path / "healthy.json"
    other.write_bytes(Path(HEALTHY).read_bytes())
    assert main(["report", HEALTHY, str(EXAMPLES / "behind-a-nat.json"), str(other), "--html", str(page)]) == 0
    assert capsys.readouterr().out == ""
    text = page.read_text()
    assert all(name in text for name in ("healthy (1)", "behind-a-nat", "healthy (3)", "3 hosts, 3 pairs"))


@pytest.mark.parametrize("form", [(), ("--text", "-"), ("--html", "-", "--text", "-")])
def test_several_reports_have_no_other_form(form: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", HEALTHY, HEALTHY, *form]) == 2
    assert "give --html FILE and nothing else" in capsys.readouterr().err
