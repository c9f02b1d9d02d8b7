"""The example of CONTRIBUTING.md is run as it stands there."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from natprobe.server import ServerConfig
from natprobe.server.beside import serve_beside

ROOT = Path(__file__).parents[2]
_IN_FOLDER = "import sys, natprobe.probes; natprobe.probes.__path__.append(sys.argv.pop(1))\n"
CHECK = f"{_IN_FOLDER}from natprobe.cli import main; sys.exit(main())"
TEST = f"{_IN_FOLDER}import pytest; sys.exit(pytest.main(['-p', 'no:cacheprovider', *sys.argv[1:]]))"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds the probe of the document; in `tests` beside it, its test."""
    probe, test = re.findall(r"```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.DOTALL)
    directory = tmp_path_factory.mktemp("probes")
    (directory / "stun_software.py").write_text(probe, encoding="utf-8")
    (directory / "tests").mkdir()
    (directory / "tests" / "test_stun_software.py").write_text(test, encoding="utf-8")
    return directory


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )


def test_the_probe_is_found_and_answers_its_question(folder: Path) -> None:
    with serve_beside(ServerConfig(software="natprobe demo")) as server:
        done = run("-c", CHECK, folder, "check", f"stun:{server.address}", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    told = [check for check in report["checks"] if check["id"] == "stun.software"]
    assert [check["summary"] for check in told if check["transport"] == "udp"] == ["the server says natprobe demo"]
    assert "stun-software-disclosed" in {finding["id"] for finding in report["findings"]}


def test_its_test_passes(folder: Path) -> None:
    done = run("-c", TEST, folder, "-q", folder / "tests", "--rootdir", folder, "-c", "/dev/null")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


@pytest.mark.parametrize(
    "tool", [("mypy", "--strict"), ("ruff", "check", "--extend-ignore=INP001"), ("ruff", "format", "--check")]
)
def test_the_example_keeps_the_rules_of_the_house(folder: Path, tool: tuple[str, ...]) -> None:
    config = () if tool[0] == "mypy" else ("--config", ROOT / "pyproject.toml")
    done = run("-m", *tool, *config, folder / "stun_software.py")
    assert done.returncode == 0, done.stdout + done.stderr
