"""Options that several commands share, and what they mean."""

import argparse
import getpass
import os
import re
import shutil
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from natprobe.cli.parser import UsageError
from natprobe.credential import LONGEST_FILE, CredentialError, Given, Options, Secret, load
from natprobe.plan import DEFAULT_DEADLINE_S, Family
from natprobe.probe import Settings
from natprobe.runner import CLEANUP_S
from natprobe.target import Target
from natprobe.textfile import read_text
from natprobe_reports import Style

_RANGE = re.compile(r"([0-9]{1,5})-([0-9]{1,5})")
_WITHOUT_LOGIN = frozenset({"stun", "stuns", "http", "https", "ws", "wss", "tls", "tcp", "udp"})
SHORTEST_TIMEOUT_S = CLEANUP_S + 1.0


def add_credential_options(parser: argparse.ArgumentParser) -> None:
    """`-u`, `-p`, `--secret` and their files."""
    group = parser.add_argument_group(
        "credentials",
        "A password on the command line shows in the process list; NATPROBE_PASSWORD or\n"
        "a file does not. With -u alone the password is asked for.",
    )
    group.add_argument("-u", "--user", metavar="USER", help="TURN user name (or NATPROBE_USER)")
    group.add_argument("-p", "--password", metavar="PASSWORD", type=Secret, help="its password (or NATPROBE_PASSWORD)")
    group.add_argument("--password-file", metavar="FILE", help="a file whose first line is the password")
    group.add_argument(
        "--secret",
        metavar="SECRET",
        type=Secret,
        help="TURN REST shared secret, to mint a credential (or NATPROBE_SECRET)",
    )
    group.add_argument("--secret-file", metavar="FILE", help="a file whose first line is the secret")


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """What is trusted, where names are asked for, and how long the run may take."""
    group = parser.add_argument_group("run")
    group.add_argument(
        "--timeout", metavar="S", type=float,
        help="deadline of the whole run in seconds, kept whatever a server does"
        f" (default: {DEFAULT_DEADLINE_S:g}, and longer where what is asked for takes longer)",
    )  # fmt: skip
    group.add_argument("--insecure", action="store_true", help="go on past a bad certificate; it is still told")
    group.add_argument(
        "--ca-file", metavar="FILE", help="trust the authorities in this PEM file instead of the system's"
    )
    group.add_argument("--resolver", metavar="ADDRESS", action="append", default=[], help="ask this nameserver")
    group.add_argument("--relay-ports", metavar="MIN-MAX", help="the relay's port range as coturn has it, to compare")
    families = group.add_mutually_exclusive_group()
    families.add_argument("-4", dest="families", action="store_const", const=(4,), help="IPv4 only")
    families.add_argument("-6", dest="families", action="store_const", const=(6,), help="IPv6 only")
    parser.set_defaults(families=(4, 6))


def credential(args: argparse.Namespace, targets: Iterable[Target] = ()) -> Given | None:
    """The credential that was given. Raises UsageError.

    Where all of `targets` are known, and none of them has anybody log in, the environment need not make sense.
    """
    options = Options(
        user=args.user,
        password=args.password,
        password_file=args.password_file,
        secret=args.secret,
        secret_file=args.secret_file,
    )
    schemes = {target.scheme for target in targets}
    idle = bool(schemes) and schemes <= _WITHOUT_LOGIN and options == Options()
    prompt = getpass.getpass if sys.stdin.isatty() and sys.stderr.isatty() and not idle else None
    try:
        return load(
            options,
            os.environ,
            read=lambda path: read_text(Path(path), LONGEST_FILE),
            prompt=prompt,
            now_s=time.time(),
        )
    except CredentialError as error:
        if idle:
            return None
        raise UsageError(str(error)) from None


def settings(args: argparse.Namespace, given: Given | None) -> Settings:
    """What a run is to go by. Raises UsageError."""
    from natprobe.net.resolve import parse_nameserver  # noqa: PLC0415

    if args.ca_file is not None:
        check_authorities(args.ca_file, "--ca-file")
    try:
        nameservers = tuple(parse_nameserver(text) for text in args.resolver)
    except ValueError as error:
        raise UsageError(f"--resolver: {error}") from None
    return Settings(
        credential=given.credential if given else None,
        credential_origin=given.origin if given else None,
        minted=given is not None and given.secret is not None,
        insecure=args.insecure,
        ca_file=args.ca_file,
        relay_ports=_port_range(args.relay_ports),
        nameservers=nameservers,
        now_s=time.time(),
    )


def check_authorities(name: str, option: str) -> None:
    """Raises UsageError where `name` is no file of certificates, before anything is sent."""
    from natprobe.net.trust import objection  # noqa: PLC0415

    why = objection(name)
    if why is not None:
        raise UsageError(f"{option}: {name} {why}")


def deadline_s(args: argparse.Namespace, usual_s: float = DEFAULT_DEADLINE_S) -> float:
    """`--timeout`, else `usual_s`. Raises UsageError where it leaves no time to probe."""
    if args.timeout is None:
        return usual_s
    if not SHORTEST_TIMEOUT_S <= args.timeout <= 86400:
        raise UsageError(f"--timeout: {args.timeout:g} s is out of bounds; give {SHORTEST_TIMEOUT_S:g} to 86400")
    return float(args.timeout)


def families(args: argparse.Namespace) -> tuple[Family, ...]:
    """`-4` and `-6`."""
    chosen: tuple[Family, ...] = args.families
    return chosen


def style(verbose: bool, stream: object = sys.stdout) -> Style:  # noqa: FBT001
    """How this terminal, or this pipe, shows text (NO_COLOR, FORCE_COLOR)."""
    terminal = bool(getattr(stream, "isatty", lambda: False)())
    colour = (terminal and not os.environ.get("NO_COLOR")) or bool(os.environ.get("FORCE_COLOR"))
    encoding = (getattr(stream, "encoding", None) or "ascii").lower()
    width = shutil.get_terminal_size().columns if terminal else 80
    return Style(colour=colour, width=width, verbose=verbose, unicode="utf" in encoding)


def _port_range(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    match = _RANGE.fullmatch(text)
    low, high = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 0 < low <= high <= 65535:
        raise UsageError(f"--relay-ports: {text!r} is no range; write it as 49152-65535")
    return low, high
