"""Every command, with its options, is completed; by a real bash too."""

import subprocess
from pathlib import Path

import pytest

from natprobe.cli import main
from natprobe.cli.completion import SHELLS, script
from natprobe.cli.parser import COMMANDS


@pytest.fixture(scope="module")
def bash_script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("completion") / "natprobe.bash"
    path.write_text(script("bash"), encoding="utf-8")
    return path


def completions(bash_script: Path, *words: str) -> set[str]:
    """What bash offers for the last of `words`."""
    program = """
        source "$1"; shift
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
        completer=$(complete -p natprobe | sed 's/.*-F \\([^ ]*\\).*/\\1/')
        "$completer"; printf '%s\\n' "${COMPREPLY[@]}"
    """
    command = ["bash", "--norc", "-c", program, "bash", str(bash_script), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30, cwd=bash_script.parent)
    assert done.stderr == ""
    return set(done.stdout.split())


def test_bash_completes_the_commands(bash_script: Path) -> None:
    assert completions(bash_script, "natprobe", "") >= set(COMMANDS)
    assert completions(bash_script, "natprobe", "expl") == {"explain"}


def test_bash_completes_the_options_of_a_command(bash_script: Path) -> None:
    assert completions(bash_script, "natprobe", "check", "--pass") == {"--password", "--password-file"}


def test_bash_completes_a_file_where_an_option_takes_one(bash_script: Path) -> None:
    (bash_script.parent / "roots.pem").touch()
    assert "roots.pem" in completions(bash_script, "natprobe", "check", "--ca-file", "roo")


@pytest.mark.parametrize("shell", SHELLS)
def test_each_script_holds_every_command(shell: str) -> None:
    text = script(shell)
    assert all(command in text for command in COMMANDS)
    assert "ca-file" in text


def test_the_command_prints_the_script(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "fish"]) == 0
    assert capsys.readouterr().out == script("fish")


def test_an_unknown_shell_is_a_wrong_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "cmd"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
