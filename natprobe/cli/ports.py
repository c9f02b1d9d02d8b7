"""`natprobe ports`: which ports of a host are open, closed or filtered, as they are seen from here?"""

import argparse
import re
from collections.abc import Iterator

import msgspec

from natprobe.cli.keeping import add_keeping_options
from natprobe.cli.options import add_run_options, deadline_s, families, settings
from natprobe.cli.output import add_output_options
from natprobe.cli.parser import UsageError
from natprobe.cli.run_planned import run_planned
from natprobe.client.ports import MOST_PORTS, longest_s
from natprobe.expectations import Expectations
from natprobe.plan import DEFAULT_DEADLINE_S, Plan
from natprobe.probes import probes_about
from natprobe.target import Target, TargetError, parse

PROTOCOLS = ("tcp", "udp")
_PIECE = re.compile(r"(?P<ports>[0-9]+(?:-[0-9]+)?)(?:/(?P<protocol>[a-z]+))?")
_EPILOG = f"""\
ports:
  PORT or FIRST-LAST, with /tcp (the default) or /udp behind it, and commas
  between them. Of more than {MOST_PORTS} ports of a protocol an even choice is asked
  that holds both ends of each range; --whole asks every one.

examples:
  natprobe ports turn.example.org 3478/udp,443,60000-60100/udp
  natprobe ports www.example.org 80,443,6379,5766
  natprobe ports 203.0.113.10 6379,5766,7088 --closed       shall not be reachable
  natprobe ports 2001:db8::10 3478,3478/udp --json
  natprobe ports turn.example.org 49152-65535/udp --whole

An open TCP port is asked who listens there, by its first words or a question that
changes nothing. A silent UDP port is open or filtered: nobody can tell which.
Ask only hosts that are yours to ask.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of `natprobe ports` to `parser`."""
    parser.epilog = _EPILOG
    parser.add_argument("host", metavar="HOST", help="a name or an address")
    parser.add_argument("ports", metavar="PORTS", nargs="+", help="ports and ranges; see below")
    group = parser.add_argument_group("ports")
    group.add_argument("--closed", action="store_true", help="expect every one of them to be closed from here")
    group.add_argument(
        "--whole", action="store_true", help=f"ask every port, also where there are more than {MOST_PORTS}"
    )
    add_run_options(parser)
    add_output_options(parser)
    add_keeping_options(parser)


def run(args: argparse.Namespace) -> int:
    """Asks every port, and tells one report."""
    return run_planned(planned(args), args)


def planned(args: argparse.Namespace) -> Plan:
    """The run that the command line describes. Raises UsageError."""
    targets = tuple(_targets(args.host, args.ports))
    return Plan(
        command="ports",
        targets=targets,
        probes=probes_about("dns", "port"),
        settings=msgspec.structs.replace(
            settings(args, None), expect=Expectations(closed=args.closed), every_port=args.whole
        ),
        deadline_s=_deadline_s(args, targets),
        families=families(args),
    )


def _targets(host: str, texts: list[str]) -> Iterator[Target]:
    """One target a protocol."""
    if "/" in host or "@" in host:
        raise UsageError("HOST is a name or an address, and no URI; `natprobe check URI` takes those")
    pieces = [_piece(piece) for text in texts for piece in text.split(",")]
    for protocol in PROTOCOLS:
        ports = ",".join(text for text, named in pieces if named == protocol)
        if ports:
            yield _target(f"{protocol}:{_bracketed(host)}:{ports}")


def _piece(text: str) -> tuple[str, str]:
    found = _PIECE.fullmatch(text.lower())
    if found is None:
        raise UsageError(f"{text!r} names no port; write 443, 3478/udp or 60000-60100/udp, with commas between them")
    protocol = found["protocol"] or "tcp"
    if protocol not in PROTOCOLS:
        raise UsageError(f"{text!r}: {protocol} has no ports that can be asked; write /tcp or /udp")
    return found["ports"], protocol


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _target(uri: str) -> Target:
    try:
        return parse(uri)
    except TargetError as error:
        raise UsageError(str(error)) from None


def _deadline_s(args: argparse.Namespace, targets: tuple[Target, ...]) -> float:
    """`--timeout`; where it was left alone, long enough for ports that are all silent."""
    return deadline_s(args, DEFAULT_DEADLINE_S + max(longest_s(each.ports, every=args.whole) for each in targets))
