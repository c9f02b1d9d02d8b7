"""Which command is meant? The parser knows every command by name, and loads only the one that was named."""

import argparse
import importlib
from typing import NoReturn

from natprobe import __version__

COMMANDS = {
    "check": "check TURN and STUN servers: the main job",
    "demo": "check an embedded server on loopback: needs no network",
    "credential": "mint a time-limited TURN credential, or examine one",
    "explain": "what a finding means, what proves it, and how to mend it",
    "replay": "a recording, as text or as any report",
    "report": "turn a kept report into another form",
}

_EPILOG = """\
examples:
  natprobe check turn:turn.example.org -u alice       asks for the password
  natprobe check turns:turn.example.org --secret-file /etc/turn.secret
  natprobe check stun:stun.example.org --json > report.json
  natprobe explain relay-port-range-blocked

exit codes:
  0 passed   1 failed   2 wrong command line   3 natprobe itself failed
  4 could not be told   130 interrupted
"""


class UsageError(Exception):
    """The command line, or a file that it names, is wrong. The message is one line: what, where, what to do."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see `{self.prog} --help`)")


def parse(argv: list[str]) -> argparse.Namespace:
    """The arguments of one command, with its `run` function. Raises UsageError."""
    name = next((word for word in argv if not word.startswith("-")), None)
    parser = _Parser(
        prog="natprobe",
        description="Says which part of a WebRTC deployment is broken, and proves it.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"natprobe {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=_Parser)
    for command, summary in COMMANDS.items():
        _add(commands, command, summary, named=command == name)
    return parser.parse_args(argv)


def _add(commands: "argparse._SubParsersAction[_Parser]", command: str, summary: str, *, named: bool) -> None:
    sub = commands.add_parser(
        command,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    if named:
        module = importlib.import_module(f"natprobe.cli.{command}")
        module.configure(sub)
        sub.set_defaults(run=module.run)
