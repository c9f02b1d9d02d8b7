"""The command line: one small file a command. The composition root, and the only room that knows every other."""

import gc
import sys

from natprobe.cli.exits import INTERRUPTED, OURS, WRONG


def main(argv: list[str] | None = None) -> int:
    """Runs one command; returns its exit code (see `exits`). Called with `argv`, it leaves signals as they were."""
    if argv is None:
        return _process(sys.argv[1:])
    from natprobe.cli.interruption import restored  # noqa: PLC0415

    with restored():
        return _main(argv)


def _process(argv: list[str]) -> int:
    """A process of its own lives briefly, and what it has imported lives as long: no use in looking through that for

    garbage again and again, nor at the end, where the system takes everything back. It is a fifth of a check's start.
    """
    gc.set_threshold(_OBJECTS)
    try:
        return _main(argv)
    finally:
        gc.freeze()


_OBJECTS = 30_000
"""So many new objects, some 3 MiB of them, before they are looked through; Python's own number is 700."""


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
