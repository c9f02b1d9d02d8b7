"""`natprobe gather`: which ICE candidates would a browser have here, and why is one missing?"""

import argparse
import sys
import textwrap
from functools import partial
from typing import TextIO

import msgspec

from natprobe.cli.execute import Listener, execute_work
from natprobe.cli.exits import OURS
from natprobe.cli.ice_options import add_ice_options, wished
from natprobe.cli.keeping import add_keeping_options, keep_history, keeping
from natprobe.cli.options import add_credential_options, add_run_options
from natprobe.cli.output import add_output_options, tell, wanted_files
from natprobe.cli.progress import progress_listeners
from natprobe.cli.streams import wrote
from natprobe.events import CandidateFound, CandidateMissed, Event
from natprobe.gathering import gather
from natprobe.model import Report

_EPILOG = """\
Each candidate is printed as it is found, with its time. Without a URI the host
candidates alone are. --ice-servers takes what new RTCPeerConnection() takes, as
JSON: an array, or {"iceServers": [...]}; what a browser would refuse is told.

examples:
  natprobe gather stun:stun.example.org
  natprobe gather turn:turn.example.org turns:turn.example.org -u alice
  natprobe gather --ice-servers ice.json --policy relay
  natprobe gather --ice-servers ice.json --json > home.json
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of `natprobe gather` to `parser`."""
    parser.epilog = _EPILOG
    parser.add_argument("uris", metavar="URI", nargs="*", help="stun:, turn: or turns:")
    add_ice_options(parser)
    parser.add_argument(
        "--connect", action="store_true", help="also make a call through each TURN server, relay-only and with all"
    )
    add_credential_options(parser)
    add_run_options(parser)
    add_output_options(parser)
    add_keeping_options(parser)


def run(args: argparse.Namespace) -> int:
    """Gathers from every server at once, and tells one report."""
    wish = msgspec.structs.replace(wished(args, args.uris, "gather"), connect=args.connect)
    files = wanted_files(args)
    quiet = args.json or args.nagios
    trickle = Trickle(sys.stdout)
    with keeping(args) as keepers:
        listeners: tuple[Listener, ...] = progress_listeners() if quiet else (trickle,)
        report = execute_work(partial(gather, wish), (*listeners, *keepers))
    keep_history(report, args)
    if not quiet:
        sys.stdout.write("\n")
    code = tell(report, args, files)
    if not quiet:
        sys.stdout.write(browser_text(report))
    return code if trickle.heard else OURS


class Trickle:
    """A listener that prints each candidate, and each URI that gave none, as it is told."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.heard = True
        """Whether the stream has taken all so far."""

    def __call__(self, event: Event) -> None:
        """Prints one line where `event` is about a candidate."""
        match event:
            case CandidateFound():
                self._line(event.candidate.gathered_ms, _found(event))
            case CandidateMissed():
                code = f"{event.error.code} " if event.error.code is not None else ""
                base = f" for {event.error.base.host}" if event.error.base else ""
                self._line(event.error.at_ms, f"nothing from {event.error.url}{base}: {code}{event.error.text}")
            case _:
                return

    def _line(self, at_ms: float, text: str) -> None:
        clean = "".join(letter if letter.isprintable() else "·" for letter in text)
        if self.heard:
            self.heard = wrote(self._stream, f"{at_ms:8.1f} ms  {clean}\n")


def browser_text(report: Report) -> str:
    """Where a browser with the same servers would show something else."""
    notes = next((check.evidence.get("browser", ()) for check in report.checks if check.id == "ice.candidates"), ())
    told = (textwrap.fill(f"browser: {note}", 80, subsequent_indent=" " * 9, break_on_hyphens=False) for note in notes)
    return "".join(f"\n{text}\n" for text in told)


def _found(event: CandidateFound) -> str:
    by = f"  by {event.candidate.relay_protocol}" if event.candidate.relay_protocol else ""
    base = f" for {event.candidate.base.host}" if event.candidate.base else ""
    return f"{event.candidate.candidate}{by}{base}"
