"""Standard input and output as they were handed to the process: closed, on a full disk, or with nobody behind them."""

import errno
import os
import sys
from typing import TextIO, TypeGuard

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


def open_what_is_closed() -> None:
    """Opens the null device where a shell closed a stream (`>&-`), so that no socket gets its number."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)  # noqa: FBT003
    os.close(number)
    sys.stdin = sys.stdin or open(0, encoding="utf-8")  # noqa: SIM115
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8")  # noqa: SIM115


def lead_nowhere() -> None:
    """Drops what standard output has not taken: Python would try once more at its end, and complain."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


def is_full(error: Exception) -> TypeGuard[OSError]:
    """Whether a stream that was open already could take no more: an error of a named file has its own sentence."""
    return isinstance(error, OSError) and error.errno in _FULL and error.filename is None


def wrote(stream: TextIO, text: str) -> bool:
    """Writes `text`. False where there was no room for it, which is told; a reader who left had read enough."""
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        lead_nowhere()
    except OSError as error:
        sys.stderr.write(f"natprobe: standard output cannot be written ({error.strerror})\n")
        lead_nowhere()
        return False
    return True
