"""`natprobe completion`: a script that lets a shell complete natprobe's commands, options and files."""

import argparse
import sys

import shtab

from natprobe.cli.parser import whole_parser

SHELLS = ("bash", "zsh", "fish")
_EPILOG = """\
examples:
  natprobe completion bash > ~/.local/share/bash-completion/completions/natprobe
  natprobe completion zsh > ~/.zfunc/_natprobe         where ~/.zfunc is in $fpath
  natprobe completion fish > ~/.config/fish/completions/natprobe.fish
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of `natprobe completion` to `parser`."""
    parser.epilog = _EPILOG
    parser.add_argument("shell", choices=SHELLS, help="the shell that is to complete")


def run(args: argparse.Namespace) -> int:
    """Prints the script. It holds every command as it is now: print it anew after an update."""
    sys.stdout.write(script(args.shell))
    return 0


def script(shell: str) -> str:
    """The completion script for one of `SHELLS`."""
    parser = whole_parser()
    _complete_files(parser)
    return f"{shtab.complete(parser, shell).rstrip()}\n"


def _complete_files(parser: argparse.ArgumentParser) -> None:
    """Marks each argument whose metavar is a file's, so that no command has to know of completion."""
    for action in parser._actions:  # noqa: SLF001 - shtab reads them too; argparse has no other list
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for command in action.choices.values():
                _complete_files(command)
        elif _names_file(action.metavar):
            action.complete = shtab.FILE  # type: ignore[attr-defined]


def _names_file(metavar: str | tuple[str, ...] | None) -> bool:
    return isinstance(metavar, str) and (metavar == "FILE" or metavar.endswith((".json", ".jsonl", ".toml")))
