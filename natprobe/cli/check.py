"""`natprobe check`: does this server work for real calls, and if not, which stage is broken?"""

import argparse

import msgspec

from natprobe.cli.execute import execute
from natprobe.cli.keeping import add_keeping_options, keep_history, keeping
from natprobe.cli.options import add_credential_options, add_run_options, credential, deadline_s, families, settings
from natprobe.cli.output import add_output_options, tell, wanted_files
from natprobe.cli.parser import UsageError
from natprobe.cli.progress import progress_listeners
from natprobe.expectations import FASTEST_KBPS, SLOWEST_KBPS, Expectations
from natprobe.plan import Plan
from natprobe.probe import Settings
from natprobe.probes import all_probes
from natprobe.target import Target, TargetError, parse

_EPILOG = """\
targets:
  turn:host[:port][?transport=udp|tcp]    turns:host[:port][?transport=tcp|udp]
  stun:host[:port]                        stuns:host[:port]
  Without ?transport every transport is tried: what is dead beside a live one
  was not offered, which is a warning at most. IPv6 literals stand in brackets.

examples:
  natprobe check turn:turn.example.org -u alice --password-file pw
  natprobe check turns:turn.example.org:443?transport=tcp --secret-file secret
  natprobe check turn:[2001:db8::10]:3478 -u alice --report junit=turn.xml
  NATPROBE_PASSWORD=… natprobe check turn:203.0.113.10 -u alice --json
  natprobe check turn:turn.example.org -u alice --rate 1000      a load: 1 Mbit/s
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of `natprobe check` to `parser`."""
    parser.epilog = _EPILOG
    parser.add_argument("targets", metavar="TARGET", nargs="+", help="a URI; see below")
    add_credential_options(parser)
    add_run_options(parser)
    group = parser.add_argument_group("load")
    group.add_argument(
        "--rate", metavar="KBPS", type=float,
        help="send that many kbit/s through each relay, both ways for 3 s, and tell loss, delay and jitter",
    )  # fmt: skip
    add_output_options(parser)
    add_keeping_options(parser)


def run(args: argparse.Namespace) -> int:
    """Checks every target at once, and tells one report."""
    plan = Plan(
        command="check",
        targets=parsed(args.targets),
        probes=all_probes(),
        settings=_settings(args),
        deadline_s=deadline_s(args),
        families=families(args),
    )
    files = wanted_files(args)
    with keeping(args) as keepers:
        report = execute(plan, (*progress_listeners(), *keepers))
    keep_history(report, args)
    return tell(report, args, files)


def _settings(args: argparse.Namespace) -> Settings:
    if args.rate is not None and not SLOWEST_KBPS <= args.rate <= FASTEST_KBPS:
        raise UsageError(f"--rate: {args.rate:g} kbit/s is out of bounds; give {SLOWEST_KBPS:g} to {FASTEST_KBPS:g}")
    return msgspec.structs.replace(settings(args, credential(args)), expect=Expectations(min_rate_kbps=args.rate))


def parsed(texts: list[str]) -> tuple[Target, ...]:
    """The targets, each once. Raises UsageError for the first that is none, or that no probe knows."""
    try:
        targets = tuple(dict.fromkeys(parse(text) for text in texts))
    except TargetError as error:
        raise UsageError(str(error)) from None
    known = frozenset[str]().union(*(probe.schemes for probe in all_probes() if probe.scope == "cell"))
    unknown = next((target for target in targets if target.scheme not in known), None)
    if unknown is not None:
        raise UsageError(f"{unknown}: {unknown.scheme} targets cannot be checked yet; {', '.join(sorted(known))} can")
    return targets
