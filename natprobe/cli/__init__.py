"""The command line: one small file a command. The composition root, and the only room that knows every other."""

import sys

from natprobe.cli.exits import INTERRUPTED, OURS, WRONG
from natprobe.cli.garbage import leave_what_is_there, look_seldom
from natprobe.cli.streams import is_full, is_left, lead_nowhere, open_what_is_closed, speak_ascii


def main(argv: list[str] | None = None) -> int:
    """Runs one command; returns its exit code (see `exits`). Called with `argv`, it leaves signals as they were."""
    if argv is None:
        return _process(sys.argv[1:])
    from natprobe.cli.interruption import restored  # noqa: PLC0415

    with restored():
        return _main(argv)


def _process(argv: list[str]) -> int:
    open_what_is_closed()
    speak_ascii()
    look_seldom()
    try:
        return _written(argv)
    finally:
        leave_what_is_there()


def _written(argv: list[str]) -> int:
    """The command with the last of its output; where that finds no room, or no reader, there is one line at most."""
    try:
        code = _main(argv)
        sys.stdout.flush()
    except Exception as error:
        if is_left(error):
            lead_nowhere()
        elif is_full(error):
            sys.stderr.write(f"natprobe: standard output cannot be written ({error.strerror})\n")
            lead_nowhere()
        else:
            _confess()
        return OURS
    return code


def _printable(line: str) -> str:
    """A file's name may hold what a terminal takes for a command."""
    return "".join(letter if letter.isprintable() else "·" for letter in line)


def _confess() -> None:
    """Tells of a fault of our own, with its trace: a script sees by the exit code that no check has failed."""
    import traceback  # noqa: PLC0415

    traceback.print_exc()
    sys.stderr.write("natprobe: this is a fault of natprobe itself; please report it with the lines above\n")


def _main(argv: list[str]) -> int:
    try:
        return _command(argv)
    except KeyboardInterrupt:
        sys.stderr.write("natprobe: interrupted\n")
        return INTERRUPTED


def _command(argv: list[str]) -> int:
    from natprobe.cli.parser import UsageError, parse  # noqa: PLC0415  keeps this file importable at no cost

    try:
        args = parse(argv)
        code: int = args.run(args)
    except UsageError as error:
        sys.stderr.writelines(f"natprobe: {_printable(line)}\n" for line in error.lines)
        return WRONG
    return code
