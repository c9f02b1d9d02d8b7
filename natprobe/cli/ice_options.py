"""Which servers candidates are gathered from, for every command that gathers."""

import argparse
import sys
import time
from pathlib import Path

import msgspec

from natprobe.cli.options import credential, deadline_s, families, settings
from natprobe.cli.parser import UsageError
from natprobe.events import CheckEnded
from natprobe.gathering import Wish
from natprobe.iceservers import LARGEST, IceServers, IceServersError, read
from natprobe.model import Command
from natprobe.plan import Plan
from natprobe.probes import all_probes, iceservers_shape
from natprobe.target import Target, TargetError, parse
from natprobe.textfile import read_text
from natprobe.web.handed import described

SCHEMES = frozenset({"stun", "stuns", "turn", "turns"})


def add_ice_options(parser: argparse.ArgumentParser) -> None:
    """`--ice-servers` and `--policy`."""
    parser.add_argument("--ice-servers", metavar="FILE", help="take the servers from a JSON file; `-` is stdin")
    parser.add_argument(
        "--policy", choices=("all", "relay"), default="all", help="iceTransportPolicy (default: %(default)s)"
    )


def wished(args: argparse.Namespace, uris: list[str], command: Command) -> Wish:
    """The gathering from `uris` and the servers of --ice-servers, each with its credential. Raises UsageError."""
    targets = _targets(uris)
    given = credential(args, targets) if uris or args.user else None
    named = tuple((target, given.credential if given else None) for target in targets)
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
    """What `natprobe check -d` would say of the list, as the same check."""
    servers = tuple(described(server, time.time()) for server in listed.servers)
    evidence = iceservers_shape.Evidence(name=name, servers=servers, unusable=listed.unusable, raised=listed.raised)
    judgement = iceservers_shape.judge(evidence)
    return CheckEnded(
        id=iceservers_shape.PROBE.id,
        target=name,
        status=judgement.status,
        summary=judgement.summary,
        started_ms=0.0,
        duration_ms=0.0,
        evidence=msgspec.to_builtins(evidence),
        raised=judgement.raised,
    )


def _targets(texts: list[str]) -> tuple[Target, ...]:
    file = next((text for text in texts if text.lower().endswith(".json")), None)
    if file is not None:
        raise UsageError(f"{file} is no URI; did you mean --ice-servers {file}?")
    try:
        targets = tuple(dict.fromkeys(parse(text) for text in texts))
    except TargetError as error:
        raise UsageError(str(error)) from None
    unknown = next((target for target in targets if target.scheme not in SCHEMES), None)
    if unknown is not None:
        raise UsageError(f"{unknown}: candidates come from stun:, turn: and turns: servers; name one of these")
    return targets


def _text(name: str) -> str:
    if name != "-":
        return read_text(Path(name), LARGEST + 1)
    return sys.stdin.buffer.read(4 * LARGEST).decode("utf-8-sig")


def _ice_servers(name: str) -> IceServers:
    try:
        return read(_text(name), name, time.time())
    except OSError as error:
        raise UsageError(f"--ice-servers: {name} cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise UsageError(f"--ice-servers: {name} is no UTF-8 text") from None
    except IceServersError as error:
        raise UsageError(f"--ice-servers: {name}: {error}") from None
