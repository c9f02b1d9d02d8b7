"""The command line: one small file a command. The composition root, and the only room that knows every other."""

import sys

from natprobe.cli.exits import INTERRUPTED, OURS, WRONG
from natprobe.cli.garbage import leave_what_is_there, look_seldom


def main(argv: list[str] | None = None) -> int:
    """Runs one command; returns its exit code (see `exits`). Called with `argv`, it leaves signals as they were."""
    if argv is None:
        return _process(sys.argv[1:])
    from natprobe.cli.interruption import restored  # noqa: PLC0415

    with restored():
        return _main(argv)


def _process(argv: list[str]) -> int:
    look_seldom()
    try:
        return _main(argv)
    finally:
        leave_what_is_there()


def _main(argv: list[str]) -> int:
    try:
        return _command(argv)
    except KeyboardInterrupt:
        sys.stderr.write("natprobe: interrupted\n")
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return OURS


def _command(argv: list[str]) -> int:
    from natprobe.cli.parser import UsageError, parse  # noqa: PLC0415  keeps this file importable at no cost

    try:
        args = parse(argv)
        code: int = args.run(args)
    except UsageError as error:
        sys.stderr.writelines(f"natprobe: {line}\n" for line in error.lines)
        return WRONG
    return code
