"""Which servers candidates are gathered from, for every command that gathers."""

import argparse
import sys
import time
from pathlib import Path

from natprobe.catalogue import entry_of
from natprobe.cli.options import credential, deadline_s, families, settings
from natprobe.cli.parser import UsageError
from natprobe.events import CheckEnded
from natprobe.gathering import Wish
from natprobe.iceservers import IceServers, IceServersError, read
from natprobe.model import Command, Status
from natprobe.plan import Plan
from natprobe.probes import all_probes
from natprobe.target import Target, TargetError, parse

SCHEMES = frozenset({"stun", "stuns", "turn", "turns"})


def add_ice_options(parser: argparse.ArgumentParser) -> None:
    """`--ice-servers` and `--policy`."""
    parser.add_argument("--ice-servers", metavar="FILE", help="take the servers from a JSON file; `-` is stdin")
    parser.add_argument(
        "--policy", choices=("all", "relay"), default="all", help="iceTransportPolicy (default: %(default)s)"
    )


def wished(args: argparse.Namespace, uris: list[str], command: Command) -> Wish:
    """The gathering from `uris` and the servers of --ice-servers, each with its credential. Raises UsageError."""
    given = credential(args) if uris or args.user else None
    named = tuple((target, given.credential if given else None) for target in _targets(uris))
    listed = _ice_servers(args.ice_servers) if args.ice_servers else IceServers()
    asked = dict.fromkeys((*named, *((server.target, server.credential) for server in listed.servers)))
    plan = Plan(
        command=command,
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
