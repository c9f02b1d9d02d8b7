"""docs/watch.md says what is so: every key, the rule of the pace, and pictures that are there and small."""

import subprocess
import sys
from pathlib import Path

from natprobe_tui.keys import KEYS
from natprobe_tui.pace import RULE

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "watch.md").read_text(encoding="utf-8")


def test_the_page_has_every_key() -> None:
    assert [key.keys for key in KEYS if f"| `{key.written}` | {key.help} |" not in PAGE] == []


def test_the_page_has_the_rule_of_the_pace() -> None:
    assert RULE in " ".join(PAGE.split())


def test_every_screenshot_is_there_and_small() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "screenshots"), "--check"]
    assert subprocess.run(command, check=False).returncode == 0
    assert all((ROOT / "docs" / name).exists() for name in ("watch/shut.svg", "watch/packets.svg"))
