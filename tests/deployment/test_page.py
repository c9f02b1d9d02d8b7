"""Is what docs/deployment.md tells and shows true?"""

import re
from pathlib import Path

import pytest

from natprobe.cli import main
from natprobe.deployment import keys
from natprobe.deployment.references import NOWHERE
from tests.deployment.texts import deployment

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)
WRONG = """\
targets = ["trun:turn.example.org"]

[defaults]
max_rrt_ms = 100

[[target]]
uri = "turn:turn2.example.org"
user = "natprobe"
password = "x"
"""


def shown(command: str) -> str:
    """What the page shows as the output of `command`."""
    blocks = [block for block in CONSOLE.findall(PAGE) if f"$ {command}\n" in block]
    return re.split(r"^\$ .*\n", blocks[-1].partition(f"$ {command}\n")[2], flags=re.MULTILINE)[0]


def test_every_key_is_listed_with_a_sample_and_its_meaning_and_no_other() -> None:
    rows = [line.removeprefix("| ").removesuffix(" |").split(" | ") for line in PAGE.splitlines() if line[:3] == "| `"]
    tables = (keys.of_targets((), NOWHERE, 2.0), keys.of_list(NOWHERE), keys.of_run(2.0))
    wanted = [(name, each) for table in tables for name, each in table.items()]
    assert [(row[0], row[1], row[-1]) for row in rows] == [
        (f"`{name}`", f"`{each.sample}`", each.meaning) for name, each in wanted
    ]


def test_the_file_that_is_shown_is_read() -> None:
    text = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)[0]
    assert [str(target) for target in deployment(text).targets][-1] == "iceservers:page"


def test_the_report_that_is_shown_is_what_is_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["report", "reports/examples/deployment.json"]) == 0
    assert capsys.readouterr().out == shown("natprobe report reports/examples/deployment.json")


def test_the_mistakes_that_are_shown_are_what_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("deployment.toml").write_text(WRONG)
    assert main(["check", "-d", "deployment.toml"]) == 2
    assert capsys.readouterr().err == shown("natprobe check -d deployment.toml")


def test_what_init_is_shown_to_say_it_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init", "https://www.example.org/", "turn:turn.example.org"]) == 0
    assert capsys.readouterr().out == shown("natprobe init https://www.example.org/ turn:turn.example.org")
