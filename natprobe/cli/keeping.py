"""What a run leaves behind: a recording, a capture, a report in a history: for every command that runs."""

import argparse
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

from natprobe.cli.execute import Listener
from natprobe.cli.history import DEFAULT_KEPT, keep, prepare
from natprobe.cli.output import recording
from natprobe.cli.parser import UsageError
from natprobe.cli.tape import taping
from natprobe.model import Report


def add_keeping_options(parser: argparse.ArgumentParser) -> None:
    """`--record`, `--pcap` and `--history`."""
    group = parser.add_argument_group("to keep")
    group.add_argument("--record", metavar="FILE", help="keep the events as JSON Lines, for `natprobe replay`")
    add_pcap_option(group)
    group.add_argument(
        "--pcap-raw", action="store_true", help="leave nonces and integrity values in it (not for strangers)"
    )
    group.add_argument("--history", metavar="DIR", help="keep the report in DIR, for `natprobe report --trend DIR`")
    group.add_argument(
        "--history-keep", metavar="N", type=int, default=DEFAULT_KEPT,
        help="keep the newest N reports there (default: %(default)s)",
    )  # fmt: skip


def add_pcap_option(group: "argparse._ActionsContainer") -> None:
    """`--pcap`."""
    group.add_argument(
        "--pcap", metavar="FILE", help="write what was sent and received, for Wireshark (extra `capture`)"
    )


@contextlib.contextmanager
def keeping(args: argparse.Namespace) -> Iterator[tuple[Listener, ...]]:
    """The listeners that keep a run, as long as it goes on. Raises UsageError before anything is sent."""
    if args.pcap_raw and args.pcap is None:
        raise UsageError("--pcap-raw: it says how --pcap FILE is written; name that file")
    if args.history is not None:
        prepare(Path(args.history), args.history_keep)
    with (
        recording(args.record) as file,
        taping(file, args.record) as tape,
        capturing(args.pcap, raw=args.pcap_raw) as captures,
    ):
        yield (tape, *captures)


@contextlib.contextmanager
def capturing(name: str | None, *, raw: bool = False) -> Iterator[tuple[Listener, ...]]:
    """The listener that writes `--pcap` when the run has ended. Raises UsageError."""
    if name is None:
        yield ()
        return
    from natprobe.capture import Capture, CaptureError  # noqa: PLC0415  nobody else shall load scapy

    try:
        capture = Capture(Path(name), raw=raw)
    except CaptureError as error:
        raise UsageError(f"--pcap: {error}") from None
    try:
        yield (capture,)
    finally:
        try:
            capture.write()
        except CaptureError as error:
            sys.stderr.write(f"natprobe: --pcap: {error}\n")


def keep_history(report: Report, args: argparse.Namespace) -> None:
    """Keeps `report` where `--history` asks for it. A full disk is told, and loses nothing but that."""
    if args.history is None:
        return
    try:
        keep(report, Path(args.history), args.history_keep)
    except OSError as error:
        sys.stderr.write(f"natprobe: --history: {args.history} did not take the report ({error.strerror})\n")
