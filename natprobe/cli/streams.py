"""Standard input and output as they were handed to the process: closed, on a full disk, or with nobody behind them."""

import codecs
import errno
import io
import os
import sys
from typing import TextIO, TypeGuard

_ESCAPED = "natprobe.escaped"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


def open_what_is_closed() -> None:
    """Opens the null device where a shell closed a stream (`>&-`), so that no socket gets its number."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)  # noqa: FBT003
    os.close(number)
    sys.stdin = sys.stdin or open(0, encoding="utf-8")  # noqa: SIM115
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8")  # noqa: SIM115


def speak_ascii() -> None:
    """Where a stream is not UTF-8, has it take ASCII, and the rest as `\\u00fc`: JSON stays JSON."""
    codecs.register_error(_ESCAPED, _escaped)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and not stream.encoding.lower().startswith("utf"):
            stream.reconfigure(encoding="ascii", errors=_ESCAPED)


def _escaped(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2)), error.end


def lead_nowhere() -> None:
    """Drops what standard output has not taken: Python would try once more at its end, and complain."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


def is_full(error: Exception) -> TypeGuard[OSError]:
    """Whether a stream that was open already could take no more: an error of a named file has its own sentence."""
    return isinstance(error, OSError) and error.errno in _FULL and error.filename is None


def is_left(error: Exception) -> bool:
    """Whether nobody reads the stream any more. Windows' C library calls that an invalid argument."""
    if os.name != "nt" or not isinstance(error, OSError):
        return isinstance(error, BrokenPipeError)
    of_windows_own, of_a_file = getattr(error, "winerror", None), error.filename
    return error.errno in {errno.EPIPE, errno.EINVAL} and not (of_windows_own or of_a_file)


def wrote(stream: TextIO, text: str) -> bool:
    """Writes `text`. False where there was no room for it, which is told; a reader who left had read enough."""
    try:
        stream.write(text)
        stream.flush()
    except OSError as error:
        lead_nowhere()
        if is_left(error):
            return True
        sys.stderr.write(f"natprobe: standard output cannot be written ({error.strerror})\n")
        return False
    return True
