"""`natprobe explain`: what does a finding mean, what proves it, and which knob mends it?"""

import argparse
import re
import shutil
import sys
import textwrap
from collections.abc import Iterable

import msgspec

from natprobe.catalogue import Catalogue, Entry, UnknownFinding, load

WRONG_COMMAND_LINE = 2
WIDEST = 100
"""Columns of text beyond which lines are tiring to read."""
NARROWEST = 40

_CODE = re.compile(r"`[^`]*`")
_HARD_SPACE = "\N{NO-BREAK SPACE}"


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of `natprobe explain` to `parser`."""
    parser.add_argument("finding", nargs="?", metavar="FINDING-ID", help="a finding's id, or a word to look for")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Prints one finding, those that match a word, or all. Returns the exit code."""
    catalogue = load()
    if args.finding is None:
        return _tell(_listed(catalogue, catalogue), msgspec.to_builtins(tuple(catalogue)), args)
    matches = _asked_for(catalogue, args.finding)
    if not matches:
        sys.stderr.write(f"natprobe explain: {_unknown(catalogue, args.finding)}\n")
        return WRONG_COMMAND_LINE
    if len(matches) == 1:
        return _tell(explained(matches[0], _columns()), msgspec.to_builtins(matches[0]), args)
    return _tell(_listed(catalogue, matches), msgspec.to_builtins(matches), args)


def explained(entry: Entry, columns: int) -> str:
    """Everything that the catalogue says about `entry`, wrapped to `columns`."""
    said = entry.readable()
    parts = (
        ("Symptom", (entry.symptom,)),
        ("Evidence", (said.evidence,)),
        ("Easily mistaken for", entry.look_alikes),
        ("Cause", (said.cause,)),
        ("Fix", (said.fix,)),
        ("References", (", ".join(entry.references),) if entry.references else ()),
    )
    head = f"{entry.id} ({entry.severity})\n{_wrapped(said.title, columns, '')}"
    return "\n\n".join((head, *(_part(name, texts, columns) for name, texts in parts if texts)))


def _asked_for(catalogue: Catalogue, word: str) -> tuple[Entry, ...]:
    return (catalogue.entry(word),) if word in catalogue else catalogue.search(word)


def _unknown(catalogue: Catalogue, word: str) -> str:
    try:
        catalogue.entry(word)
    except UnknownFinding as unknown:
        return str(unknown)
    return ""


def _tell(text: str, value: object, args: argparse.Namespace) -> int:
    if args.json:
        text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    sys.stdout.write(f"{text}\n")
    return 0


def _listed(catalogue: Catalogue, entries: Iterable[Entry]) -> str:
    """The ids and titles of `entries`, section by section."""
    chosen = tuple(entries)
    width = max(len(entry.id) for entry in chosen)
    blocks = (
        "\n".join((section.title, *(f"  {entry.id:{width}}  {entry.readable().title}" for entry in mine)))
        for section in catalogue.sections
        if (mine := [entry for entry in chosen if entry.section == section.name])
    )
    return "\n\n".join(blocks)


def _part(name: str, texts: tuple[str, ...], columns: int) -> str:
    return "\n".join((name, *(_wrapped(text, columns, "  ") for text in texts)))


def _wrapped(text: str, columns: int, indent: str) -> str:
    """`text` in lines of at most `columns`; a piece of code that fits one line is not broken, so it can be copied."""

    def whole(code: re.Match[str]) -> str:
        return code[0].replace(" ", _HARD_SPACE) if len(code[0]) + len(indent) <= columns else code[0]

    lines = textwrap.wrap(
        _CODE.sub(whole, text), columns, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
    )
    return "\n".join(lines).replace(_HARD_SPACE, " ")


def _columns() -> int:
    return max(NARROWEST, min(WIDEST, shutil.get_terminal_size().columns))
