"""`natprobe gather`: which ICE candidates would a browser have here, and why is one missing?"""

import argparse
import sys
import time
from functools import partial
from pathlib import Path
from typing import TextIO

from natprobe.catalogue import entry_of
from natprobe.cli.execute import Listener, execute_work
from natprobe.cli.keeping import add_keeping_options, keep_history, keeping
from natprobe.cli.options import add_credential_options, add_run_options, credential, deadline_s, families, settings
from natprobe.cli.output import add_output_options, tell, wanted_files
from natprobe.cli.parser import UsageError
from natprobe.cli.progress import progress_listeners
from natprobe.events import CandidateFound, CandidateMissed, CheckEnded, Event
from natprobe.gathering import Wish, gather
from natprobe.iceservers import IceServers, IceServersError, read
from natprobe.model import Report, Status
from natprobe.plan import Plan
from natprobe.probes import all_probes
from natprobe.target import Target, TargetError, parse

SCHEMES = frozenset({"stun", "stuns", "turn", "turns"})
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
    parser.add_argument("--ice-servers", metavar="FILE", help="take the servers from a JSON file; `-` is stdin")
    parser.add_argument(
        "--policy", choices=("all", "relay"), default="all", help="iceTransportPolicy (default: %(default)s)"
    )
    parser.add_argument(
        "--connect", action="store_true", help="also make a call through each TURN server, relay-only and with all"
    )
    add_credential_options(parser)
    add_run_options(parser)
    add_output_options(parser)
    add_keeping_options(parser)


def run(args: argparse.Namespace) -> int:
    """Gathers from every server at once, and tells one report."""
    wish = wished(args)
    files = wanted_files(args)
    quiet = args.json or args.nagios
    with keeping(args) as keepers:
        listeners: tuple[Listener, ...] = progress_listeners() if quiet else (Trickle(sys.stdout),)
        report = execute_work(partial(gather, wish), (*listeners, *keepers))
    keep_history(report, args)
    if not quiet:
        sys.stdout.write("\n")
    code = tell(report, args, files)
    if not quiet:
        sys.stdout.write(browser_text(report))
    return code


def wished(args: argparse.Namespace) -> Wish:
    """The gathering that the command line describes. Raises UsageError."""
    given = credential(args) if args.uris or args.user else None
    named = tuple((target, given.credential if given else None) for target in _targets(args.uris))
    listed = _ice_servers(args.ice_servers) if args.ice_servers else IceServers()
    asked = dict.fromkeys((*named, *((server.target, server.credential) for server in listed.servers)))
    plan = Plan(
        command="gather",
        targets=tuple(target for target, _ in asked),
        probes=all_probes(),
        settings=settings(args, given),
        deadline_s=deadline_s(args),
        families=families(args),
    )
    return Wish(
        plan,
        tuple(login for _, login in asked),
        args.policy,
        listed.unusable,
        (lint(args.ice_servers, listed),) if args.ice_servers else (),
        args.connect,
    )


def lint(name: str, listed: IceServers) -> CheckEnded:
    """The check that tells what is wrong with the configuration."""
    severities = {entry_of(raised.id).severity for raised in listed.raised}
    status = Status.FAIL if "error" in severities else Status.WARN if "warning" in severities else Status.PASS
    count = len(listed.servers)
    told = f"{count} URIs" if count != 1 else "1 URI"
    faults = f", {len(listed.raised)} remarks" if len(listed.raised) > 1 else ", 1 remark" if listed.raised else ""
    return CheckEnded(
        id="iceconfig.shape",
        target=name,
        status=status,
        summary=f"{told}{faults}",
        started_ms=0.0,
        duration_ms=0.0,
        raised=listed.raised,
    )


class Trickle:
    """A listener that prints each candidate, and each URI that gave none, as it is told."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __call__(self, event: Event) -> None:
        """Prints one line where `event` is about a candidate."""
        match event:
            case CandidateFound():
                self._line(event.candidate.gathered_ms, _found(event))
            case CandidateMissed():
                code = f"{event.error.code} " if event.error.code is not None else ""
                self._line(event.error.at_ms, f"nothing from {event.error.url}: {code}{event.error.text}")
            case _:
                return

    def _line(self, at_ms: float, text: str) -> None:
        clean = "".join(letter if letter.isprintable() else "·" for letter in text)
        self._stream.write(f"{at_ms:8.1f} ms  {clean}\n")
        self._stream.flush()


def browser_text(report: Report) -> str:
    """Where a browser with the same servers would show something else."""
    notes = next((check.evidence.get("browser", ()) for check in report.checks if check.id == "ice.candidates"), ())
    return "".join(f"{'' if index else chr(10)}browser: {note}\n" for index, note in enumerate(notes))


def _found(event: CandidateFound) -> str:
    by = f"  by {event.candidate.relay_protocol}" if event.candidate.relay_protocol else ""
    return f"{event.candidate.candidate}{by}"


def _targets(texts: list[str]) -> tuple[Target, ...]:
    try:
        targets = tuple(dict.fromkeys(parse(text) for text in texts))
    except TargetError as error:
        raise UsageError(str(error)) from None
    unknown = next((target for target in targets if target.scheme not in SCHEMES), None)
    if unknown is not None:
        raise UsageError(f"{unknown}: candidates come from stun:, turn: and turns: servers; name one of these")
    return targets


def _ice_servers(name: str) -> IceServers:
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text("utf-8")
        return read(text, name, time.time())
    except OSError as error:
        raise UsageError(f"--ice-servers: {name} cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise UsageError(f"--ice-servers: {name} is no UTF-8 text") from None
    except IceServersError as error:
        raise UsageError(f"--ice-servers: {name}: {error}") from None
