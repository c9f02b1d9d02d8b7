"""What the pages about kept runs show is what natprobe prints."""

import re
from pathlib import Path

import pytest

from natprobe.cli import main
from natprobe.cli.history import DEFAULT_KEPT

ROOT = Path(__file__).parents[1]
SHOWN = re.compile(r"^    \$ natprobe (diff .*)\n((?:    .*\n|\n)*)", re.MULTILINE)


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def test_the_difference_that_is_shown_is_what_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    shown = SHOWN.search(page("diff.md"))
    assert shown
    assert main(shown[1].split()) == 1
    assert re.sub("^    ", "", shown[2], flags=re.MULTILINE).strip() == capsys.readouterr().out.strip()


@pytest.mark.parametrize(
    ("name", "option"),
    [("diff.md", "--strict"), ("history.md", "--history-keep"), ("pcap.md", "--pcap-raw"), ("history.md", "--trend")],
)
def test_the_options_that_are_named_exist(name: str, option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert option in page(name)
    for command in ("diff", "check", "report"):
        with pytest.raises(SystemExit):
            main([command, "--help"])
    assert option in capsys.readouterr().out


def test_the_default_of_the_history_is_told() -> None:
    assert f"The newest {DEFAULT_KEPT} reports are kept" in page("history.md")
