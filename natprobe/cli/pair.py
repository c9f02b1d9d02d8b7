"""`natprobe pair`: will a call between two hosts be direct, by which candidates, or does it need a relay?"""

import argparse
import sys
import textwrap
from pathlib import Path

import msgspec

from natprobe.cli.exits import FAILED, PASSED, UNTOLD
from natprobe.cli.kept import kept_report
from natprobe.cli.parser import UsageError
from natprobe.pairing import Host, NatWordError, Verdict, from_nat, from_report, judge, read_nat
from natprobe.pairing.matrix import table_json, table_text
from natprobe_reports.json import printed

UDP_BLOCKED = "udp-blocked"
_EPILOG = """\
A side is a kept report (of `natprobe nat`, better with `check` or `gather` beside
it; of `natprobe check` of a Janus or SRS, which is the side then, ICE-lite or not),
or a word: MAPPING/FILTERING, such as eim/apdf; a type, such as symmetric;
udp-blocked; or NATs one behind the other, such as eim/adf+apdm/apdf.

examples:
  natprobe pair home.json office.json
  natprobe pair home.json symmetric
  natprobe pair --lite b home.json none/open       B is an ICE-lite media server
  natprobe pair --table                            every kind of NAT with every other

exit codes: 0 direct, or a relay carries it   1 no path (--strict: a relay is needed)
            2 wrong command line   4 could not be told
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of `natprobe pair` to `parser`."""
    parser.epilog = _EPILOG
    parser.add_argument("sides", metavar="REPORT", nargs="*", help="two kept reports, A and B")
    parser.add_argument("--table", action="store_true", help="print the verdict for every pair of NAT kinds")
    parser.add_argument("--lite", choices=("a", "b"), help="this side is an ICE-lite agent (a media server)")
    parser.add_argument("--passive-tcp", choices=("a", "b"), help="this side has an open passive TCP candidate")
    parser.add_argument("--arbitrary-pooling", choices=("a", "b"), help="this side's NAT changes public addresses")
    parser.add_argument("--json", action="store_true", help="print JSON, and nothing else")
    parser.add_argument("--strict", action="store_true", help="a needed relay counts as a failure")


def run(args: argparse.Namespace) -> int:
    """Prints the verdict, or the table. Returns the exit code."""
    if args.table:
        sys.stdout.write(_json(table_json()) if args.json else table_text())
        return PASSED
    if len(args.sides) != 2:
        raise UsageError(f"pair: {len(args.sides)} given, two are needed: natprobe pair A.json B.json, or --table")
    told = judge(*hosts(args))
    sys.stdout.write(_json(msgspec.to_builtins(told)) if args.json else verdict_text(told, args.sides))
    return exit_code(told, strict=args.strict)


def hosts(args: argparse.Namespace) -> tuple[Host, Host]:
    """The two sides as they were named and modified. Raises UsageError."""
    names = _names(*args.sides)
    first, second = (
        _modified(_host(name, text), letter, args) for name, text, letter in zip(names, args.sides, "ab", strict=True)
    )
    return first, second


def exit_code(told: Verdict, *, strict: bool = False) -> int:
    """The contract's exit codes: a relay that is needed is a warning, a call without any path a failure."""
    if told.path == "none":
        return FAILED
    if told.direct is None:
        return UNTOLD
    return FAILED if strict and not told.direct else PASSED


def verdict_text(told: Verdict, sides: list[str]) -> str:
    """The verdict for people."""
    lines = [f"{_WORDS[told.direct]}  {' <-> '.join(sides)}{_by(told)}"]
    lines += textwrap.wrap(told.reason, 80, break_on_hyphens=False)
    for finding in told.findings:
        lines += ["", f"{finding.severity}: {finding.title} ({finding.id})"]
        lines += textwrap.wrap(finding.fix, 78, initial_indent="  fix  ", subsequent_indent="       ")
    return "\n".join(lines) + "\n"


def _by(told: Verdict) -> str:
    if told.direct:
        return f"  by {told.path} candidates"
    return "  no path" if told.path == "none" else "  count on a relay"


def _host(name: str, text: str) -> Host:
    if text == "-" or text.endswith(".json") or _is_there(text):
        return from_report(name, kept_report(text))
    if text == UDP_BLOCKED:
        return from_nat(name, None)
    try:
        return from_nat(name, read_nat(text))
    except NatWordError as error:
        raise UsageError(f"pair: there is no file {text}, and {error}") from None


def _modified(host: Host, letter: str, args: argparse.Namespace) -> Host:
    if args.arbitrary_pooling == letter:
        host = msgspec.structs.replace(host, accesses=tuple(each.moving() for each in host.accesses))
    passive = True if args.passive_tcp == letter else host.passive_tcp
    return msgspec.structs.replace(host, lite=host.lite or args.lite == letter, passive_tcp=passive)


def _names(a: str, b: str) -> tuple[str, str]:
    """What the sentences call the two: their files' names where these differ."""
    stems = tuple(text if not _is_there(text) else Path(text).stem for text in (a, b))
    return (stems[0], stems[1]) if stems[0] != stems[1] and all(stems) else ("A", "B")


def _is_there(name: str) -> bool:
    try:
        return Path(name).exists()
    except OSError:  # a name that is too long for one
        return False


def _json(value: object) -> str:
    return printed(msgspec.json.encode(value))


_WORDS = {True: "DIRECT", False: "RELAY", None: "CAN'T BE TOLD"}
