"""Command lines as this system's shells read them; Windows' rules are held on every system."""

import os

import pytest

from natprobe.cli.command_line import quoted, split


@pytest.mark.parametrize(
    ("system", "command", "words"),
    [
        ("posix", "notify --to 'the team' a\\ b", ["notify", "--to", "the team", "a b"]),
        ("posix", "post #ops", ["post", "#ops"]),
        ("nt", r"C:\tools\notify.exe --to ops", [r"C:\tools\notify.exe", "--to", "ops"]),
        ("nt", r'"C:\Program Files\notify.exe" "the team"', [r"C:\Program Files\notify.exe", "the team"]),
        ("nt", "echo it's", ["echo", "it's"]),
    ],
)
def test_a_command_is_split_as_its_system_does(
    system: str, command: str, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "name", system)
    assert split(command) == words


@pytest.mark.parametrize(("system", "command"), [("posix", "notify 'ops"), ("nt", 'notify "ops')])
def test_a_quotation_that_does_not_end_is_no_command(
    system: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "name", system)
    with pytest.raises(ValueError, match="quotation"):
        split(command)


@pytest.mark.parametrize(
    ("system", "word", "shown"),
    [
        ("posix", "calls.toml", "calls.toml"),
        ("posix", "my calls.toml", "'my calls.toml'"),
        ("nt", r"C:\calls.toml", r"C:\calls.toml"),
        ("nt", r"C:\my calls.toml", r'"C:\my calls.toml"'),
    ],
)
def test_a_word_is_quoted_where_a_shell_would_break_it(
    system: str, word: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "name", system)
    assert quoted(word) == shown
