"""Where a report goes: text for a person, `--json`, `--nagios`, and any number of files. The one place that prints."""

import argparse
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Literal, TextIO

from natprobe.cli.exits import OURS, exit_code, strict_exit_code
from natprobe.cli.options import style
from natprobe.cli.parser import UsageError
from natprobe.cli.streams import wrote
from natprobe.model import Report
from natprobe_reports import PLAIN, RENDERERS

FILE_FORMATS = ("json", "junit", "html", "markdown", "text", "openmetrics")


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """`--json`, `--report`, `--nagios`, `--strict`, `-v`."""
    group = parser.add_argument_group("output")
    form = group.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print the report as JSON, and nothing else")
    form.add_argument("--nagios", action="store_true", help="print one plugin line and exit as monitoring plugins do")
    group.add_argument(
        "--report", metavar="FORMAT=FILE", action="append", default=[],
        help=f"write the report to a file as well; may be given several times ({', '.join(formats())})",
    )  # fmt: skip
    group.add_argument("-v", "--verbose", action="store_true", help="show infos and every sentence")
    group.add_argument("--strict", action="store_true", help="a warning counts as a failure")


def formats() -> tuple[str, ...]:
    """The formats that `--report` knows."""
    return tuple(name for name in FILE_FORMATS if name in RENDERERS)


def wanted_files(args: argparse.Namespace) -> tuple[tuple[str, Path], ...]:
    """The files that `--report` names, each made sure to be writable. Raises UsageError."""
    return tuple(_wanted(text) for text in args.report)


def _wanted(text: str) -> tuple[str, Path]:
    form, equals, name = text.partition("=")
    if not equals or form not in formats() or not name:
        raise UsageError(f"--report: {text!r} is not FORMAT=FILE; formats are {', '.join(formats())}")
    path = Path(name)
    writable(path, "--report")
    return form, path


def writable(path: Path, option: str) -> None:
    """Raises UsageError where `path` cannot be written, before anything is sent."""
    try:
        with path.open("ab"):
            pass
    except OSError as error:
        raise UsageError(f"{option}: {path} cannot be written ({error.strerror})") from None


@contextlib.contextmanager
def recording(name: str | None) -> Iterator[IO[bytes] | None]:
    """The file of `--record`, opened. Raises UsageError."""
    if name is None:
        yield None
        return
    try:
        file = Path(name).open("wb")  # noqa: SIM115
    except OSError as error:
        raise UsageError(f"--record: {name} cannot be written ({error.strerror})") from None
    try:
        yield file
    finally:
        with contextlib.suppress(OSError):  # what a full disk did not take stays with the file, and is tried again
            file.close()


def tell(
    report: Report, args: argparse.Namespace, files: tuple[tuple[str, Path], ...], stream: TextIO | None = None
) -> int:
    """Prints `report` (text: on `stream`), writes `files`, and returns the exit code."""
    kept = [_kept(path, RENDERERS[form](report, PLAIN)) for form, path in files]
    if args.nagios:
        return _nagios(report)
    form, out = ("json", sys.stdout) if args.json else ("text", stream or sys.stdout)
    told = wrote(out, RENDERERS[form](report, style(args.verbose, out)))
    if not (told and all(kept)):
        return OURS
    return strict_exit_code(report) if args.strict else exit_code(report)


def _kept(path: Path, text: str) -> bool:
    """Writes a report's file. False where that went wrong, which is told: the others are still wanted."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        sys.stderr.write(f"natprobe: --report: {path} cannot be written ({error.strerror})\n")
        return False
    return True


def write_file(path: Path, text: str, option: str, mode: Literal["a", "w"] = "w") -> None:
    """Writes, or adds, `text` to `path`. Raises UsageError."""
    try:
        with path.open(mode, encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"{option}: {path} cannot be written ({error.strerror})") from None


def _nagios(report: Report) -> int:
    from natprobe_reports.nagios import exit_status  # noqa: PLC0415

    sys.stdout.write(RENDERERS["nagios"](report, PLAIN))
    return int(exit_status(report))
