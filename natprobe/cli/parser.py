"""Which command is meant? The parser knows every command by name, and loads only the one that was named."""

import argparse
import difflib
import importlib
import re
from collections.abc import Collection
from typing import Any, NoReturn

from natprobe import __version__

COMMANDS = {
    "check": "check servers, or a whole deployment: the main job",
    "init": "write a first deployment file, by asking or from URIs",
    "nat": "this host's NAT: mapping, filtering, and what they mean for calls",
    "ports": "which ports of a host are open, closed or filtered from here",
    "watch": "the terminal dashboard: what turned green, what broke, and why",
    "serve": "a Prometheus exporter with a /probe endpoint for many targets",
    "demo": "check an embedded server on loopback: needs no network",
    "gather": "trickle: each ICE candidate as it is found, and why one is missing",
    "connect": "a call between two machines for real: which path, and how good",
    "pair": "will a call between two hosts be direct, and how",
    "credential": "mint a time-limited TURN credential, or examine one",
    "explain": "what a finding means, what proves it, and how to mend it",
    "replay": "a recording, as text or as any report",
    "report": "turn a kept report into another form",
    "diff": "what broke and what was mended between two kept reports",
    "completion": "a completion script for bash, zsh or fish",
}

_TYPES = re.compile(r"invalid (float|int) value: (.*)", re.DOTALL)
_WORDS = {"float": "number", "int": "whole number"}
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
    """The command line, or a file that it names, is wrong. One line each thing: what, where, what to do."""

    def __init__(self, *lines: str) -> None:
        super().__init__("; ".join(lines))
        self.lines = lines


class _Parser(argparse.ArgumentParser):
    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """An option with an empty value is a mistake (`--servers "$UNSET"`), not an option that was left out."""
        namespace, rest = super().parse_known_args(args, namespace)
        for action in self._actions:
            value = getattr(namespace, action.dest, None)
            if action.option_strings and value != action.default and value in ("", [""]):
                self.error(f"argument {'/'.join(action.option_strings)}: its value is empty; was a variable not set?")
        return namespace, rest

    def error(self, message: str) -> NoReturn:
        message = _TYPES.sub(lambda match: f"{match[2]} is no {_WORDS[match[1]]}", message)
        raise UsageError(f"{message} (see `{self.prog} --help`)")


def parse(argv: list[str]) -> argparse.Namespace:
    """The arguments of one command, with its `run` function. Raises UsageError."""
    named = next((word for word in argv if not word.startswith("-")), "")
    if named and named not in COMMANDS:
        raise UsageError(_no_such(named))
    return _build({named}).parse_args(argv)


def whole_parser() -> argparse.ArgumentParser:
    """The parser with the options of every command."""
    return _build(COMMANDS)


def _build(loaded: Collection[str]) -> argparse.ArgumentParser:
    """A parser that knows the options of the commands in `loaded`, and of the others their names."""
    parser = _Parser(
        prog="natprobe",
        description="Says which part of a WebRTC deployment is broken, and proves it.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"natprobe {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=_Parser)
    for command, summary in COMMANDS.items():
        sub = _add(commands, command, summary)
        if command in loaded:
            module = importlib.import_module(f"natprobe.cli.{command}")
            module.configure(sub)
            sub.set_defaults(run=module.run)
    return parser


def _no_such(name: str) -> str:
    if ":" in name:
        return f"{name} is no command; did you mean `natprobe check {name}`?"
    near = difflib.get_close_matches(name, COMMANDS, n=1)
    hint = f"did you mean {near[0]}?" if near else "see `natprobe --help`"
    return f"there is no command {name!r}; {hint}"


def _add(commands: "argparse._SubParsersAction[_Parser]", command: str, summary: str) -> _Parser:
    return commands.add_parser(
        command,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
