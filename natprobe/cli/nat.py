"""`natprobe nat`: what kind of NAT stands in front of this host, and what does it mean for calls?"""

import argparse
import os
from typing import Any

import msgspec

from natprobe.address import Address, is_literal
from natprobe.cli.keeping import add_keeping_options
from natprobe.cli.options import add_credential_options, add_run_options, credential, deadline_s, families, settings
from natprobe.cli.output import add_output_options
from natprobe.cli.parser import UsageError
from natprobe.cli.run_planned import run_planned
from natprobe.data import ServersError, stun_servers
from natprobe.plan import DEFAULT_DEADLINE_S, Plan
from natprobe.probe import Probe
from natprobe.probes import probes_about
from natprobe.target import Target, TargetError, parse

SERVERS_VARIABLE = "NATPROBE_STUN_SERVERS"
DEFAULT_CAP_S = 180.0
LONGEST_LIFETIME_S = 600.0
_SCHEMES = frozenset({"stun", "turn"})
_OPTIONAL = {
    "hairpin": "nat.hairpinning",
    "lifetime": "nat.lifetime",
    "fragments": "nat.fragments",
    "tcp": "nat.tcp-mapping",
    "classic": "nat.classic",
}
_EPILOG = f"""\
servers:
  stun:host[:port]   turn:host[:port], a relay as the stranger of the filtering
  test where no server offers RFC 5780; it takes -u and a password.
  One server with RFC 5780 tells everything. Two plain ones tell whether the
  mapping depends on the destination. Without any, a list of public servers is
  asked (--servers FILE or {SERVERS_VARIABLE} names another list).

examples:
  natprobe nat
  natprobe nat stun:stun.example.org --hairpin --lifetime
  natprobe nat stun:192.0.2.10 turn:turn.example.org -u alice --password-file pw
  natprobe nat -4 --json stun:stun.example.org
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of `natprobe nat` to `parser`."""
    parser.epilog = _EPILOG
    parser.add_argument("servers", metavar="STUN-URI", nargs="*", help="a stun: or turn: URI; see below")
    group = parser.add_argument_group("tests")
    group.add_argument(
        "--hairpin", action="store_true", help="write to the own mapped address (some firewalls take it for an attack)"
    )
    group.add_argument(
        "--lifetime", metavar="S", type=float, nargs="?", const=DEFAULT_CAP_S,
        help="find out when an idle binding is forgotten, up to S seconds (default: %(const)g; takes as long)",
    )  # fmt: skip
    group.add_argument("--fragments", action="store_true", help="have large answers sent (PADDING), in fragments")
    group.add_argument("--tcp", action="store_true", help="compare what several servers see of one TCP port")
    group.add_argument(
        "--classic", action="store_true", help="RFC 3489's classification beside ours, by pystun3 (extra `classic`)"
    )
    group.add_argument("--servers", dest="list", metavar="FILE", help="a TOML file: servers to ask where none is named")
    group.add_argument(
        "--interface", metavar="ADDRESS", action="append", default=[],
        help="send from this local address; may be given several times, `all` stands for every one",
    )  # fmt: skip
    add_credential_options(parser)
    add_run_options(parser)
    add_output_options(parser)
    add_keeping_options(parser)


def run(args: argparse.Namespace) -> int:
    """Looks at this host through every server at once, and tells one report."""
    return run_planned(planned(args), args)


def planned(args: argparse.Namespace) -> Plan:
    """The run that the command line describes. Raises UsageError."""
    cap_s = _cap_s(args)
    targets = _named(args.servers) or _public(args.list)
    given = credential(args, targets)
    return Plan(
        command="nat",
        targets=targets,
        probes=tuple(_wanted(args)),
        settings=msgspec.structs.replace(settings(args, given), lifetime_cap_s=cap_s or DEFAULT_CAP_S),
        deadline_s=_deadline_s(args, cap_s),
        families=families(args),
        aim="host",
        unnamed=not args.servers,
        sources=_sources(args.interface),
    )


def _named(texts: list[str]) -> tuple[Target, ...]:
    try:
        targets = tuple(dict.fromkeys(parse(text) for text in texts))
    except TargetError as error:
        raise UsageError(str(error)) from None
    unfit = next((each for each in targets if each.scheme not in _SCHEMES or each.transport == "tcp"), None)
    if unfit is not None:
        raise UsageError(f"{unfit}: a NAT shows over UDP; name stun: or turn: servers")
    return targets


def _public(path: str | None) -> tuple[Target, ...]:
    try:
        return stun_servers(path or os.environ.get(SERVERS_VARIABLE) or None)
    except ServersError as error:
        raise UsageError(str(error)) from None


def _wanted(args: argparse.Namespace) -> list[Probe[Any]]:
    left_out = {probe for option, probe in _OPTIONAL.items() if not getattr(args, option)}
    return [probe for probe in probes_about("dns", "nat") if probe.id not in left_out]


def plain_nat_probes() -> tuple[Probe[Any], ...]:
    """The probes of a NAT without those that have to be asked for."""
    return tuple(probe for probe in probes_about("dns", "nat") if probe.id not in _OPTIONAL.values())


def _cap_s(args: argparse.Namespace) -> float | None:
    if args.lifetime is not None and not 1 <= args.lifetime <= LONGEST_LIFETIME_S:
        raise UsageError(f"--lifetime: {args.lifetime:g} s is out of bounds; give 1 to {LONGEST_LIFETIME_S:g}")
    return None if args.lifetime is None else float(args.lifetime)


def _deadline_s(args: argparse.Namespace, cap_s: float | None) -> float:
    """`--timeout`; where it was left alone, long enough for `--lifetime`."""
    return deadline_s(args, DEFAULT_DEADLINE_S + (cap_s or 0.0))


def _sources(texts: list[str]) -> tuple[Address, ...]:
    from natprobe.net.interfaces import local_addresses  # noqa: PLC0415

    wrong = next((text for text in texts if text != "all" and not is_literal(text)), None)
    if wrong is not None:
        raise UsageError(f"--interface: {wrong!r} is no address of this host; name one, or `all`")
    named = tuple(Address(text, 0) for text in texts if text != "all")
    return tuple(dict.fromkeys((*named, *(local_addresses() if "all" in texts else ()))))
