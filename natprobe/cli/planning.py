"""From the command line, and the deployment file that it names, to the plan of a run: for every command that checks."""

import argparse
from dataclasses import dataclass

import msgspec

from natprobe.cli.deployed import add_deployment_options, deployment, under
from natprobe.cli.options import credential, deadline_s, families, settings
from natprobe.cli.parser import UsageError
from natprobe.credential import Given
from natprobe.deployment import Deployment
from natprobe.model import Command
from natprobe.plan import DEFAULT_DEADLINE_S, Plan, discreet
from natprobe.probe import Settings
from natprobe.probes import SERVER_SCHEMES, all_probes, probes_for
from natprobe.target import Target, TargetError, parse

_CREDENTIAL_OPTIONS = ("user", "password", "password_file", "secret", "secret_file")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asks for, read once."""

    targets: tuple[Target, ...]
    """Those of the command line itself."""
    deployment: Deployment | None
    given: Given | None
    """The credential of the command line or the environment, for `targets`."""
    for_all: bool
    """Whether `given` stands on the command line, and so goes before what the file says."""


def add_target_options(parser: argparse.ArgumentParser) -> None:
    """TARGET …, `-d` and `--only`."""
    parser.add_argument("targets", metavar="TARGET", nargs="*", help="a URI; see below")
    add_deployment_options(parser)


def wanted(args: argparse.Namespace) -> Wanted:
    """What `args` ask for. Raises UsageError."""
    targets, found = parsed(args.targets), deployment(args)
    if not targets and found is None:
        raise UsageError("nothing to check; name a TARGET such as turn:turn.example.org, or -d DEPLOYMENT.toml")
    for_all = any(getattr(args, option) is not None for option in _CREDENTIAL_OPTIONS)
    return Wanted(targets, found, credential(args, () if for_all else targets) if targets or for_all else None, for_all)


def planned(command: Command, args: argparse.Namespace, want: Wanted) -> Plan:
    """The run: the file's targets with what is theirs, then those of the command line. Raises UsageError."""
    base, found = settings(args, want.given), want.deployment or Deployment(entries=())
    base = under(base, found)
    typed = dict(discreet(target, base) for target in want.targets)
    own = {**typed, **found.own(base if want.for_all else _without_credential(base))}
    targets = tuple(dict.fromkeys((*found.targets, *typed)))
    return Plan(
        command=command,
        targets=targets,
        probes=probes_for(frozenset(each.scheme for each in targets)) if command == "check" else all_probes(),
        settings=base,
        deadline_s=deadline_s(args, found.deadline_s if want.deployment else DEFAULT_DEADLINE_S),
        families=found.run.families if families(args) == (4, 6) else families(args),
        own=own,
    )


def parsed(texts: list[str]) -> tuple[Target, ...]:
    """The targets, each once. Raises UsageError for the first that is none, or that no probe knows."""
    file = next((text for text in texts if text.lower().endswith(".toml")), None)
    if file is not None:
        raise UsageError(f"{file} is no URI; did you mean -d {file}?")
    try:
        targets = tuple(dict.fromkeys(parse(text) for text in texts))
    except TargetError as error:
        raise UsageError(str(error)) from None
    if {target.scheme for target in targets} <= SERVER_SCHEMES:
        return targets
    known = frozenset[str]().union(*(probe.schemes for probe in all_probes() if probe.scope == "cell"))
    unknown = next((target for target in targets if target.scheme not in known), None)
    if unknown is not None:
        raise UsageError(f"{unknown}: {unknown.scheme} targets cannot be checked yet; {', '.join(sorted(known))} can")
    return targets


def _without_credential(base: Settings) -> Settings:
    return msgspec.structs.replace(base, credential=None, credential_origin=None, minted=False)
