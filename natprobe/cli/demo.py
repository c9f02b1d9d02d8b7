"""`natprobe demo`: what does a check look like? An embedded server on loopback, sound or broken, checked at once."""

import argparse
import asyncio
import contextlib
import json
import secrets
import signal
import sys
import time

from natprobe.cli.execute import execute
from natprobe.cli.exits import PASSED
from natprobe.cli.keeping import add_keeping_options, keep_history, keeping
from natprobe.cli.output import add_output_options, tell, wanted_files
from natprobe.cli.parser import UsageError
from natprobe.cli.progress import progress_listeners
from natprobe.credential import Credential, Secret
from natprobe.plan import Plan
from natprobe.probe import Settings
from natprobe.probes import all_probes
from natprobe.server import FAULTS, Server, ServerConfig, ServerError, serve
from natprobe.server.beside import serve_beside
from natprobe.target import parse

USER = "demo"
_EPILOG = """\
examples:
  natprobe demo                              everything works
  natprobe demo --fault relay-ports-closed   what a closed port range looks like
  natprobe demo --list-faults                what else can be broken
  natprobe demo --serve --port 3478          keep serving, for other clients
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of `natprobe demo` to `parser`."""
    parser.epilog = _EPILOG
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--list-faults", action="store_true", help="say what can be broken")
    what.add_argument("--serve", action="store_true", help="keep serving until Ctrl-C, and check nothing")
    parser.add_argument("--fault", metavar="NAME", action="append", default=[], help="break the server; repeatable")
    parser.add_argument("--port", metavar="N", type=int, default=0, help="listen on this port (default: a free one)")
    add_output_options(parser)
    add_keeping_options(parser)


def run(args: argparse.Namespace) -> int:
    """Lists the faults, serves, or checks. Returns the exit code."""
    if args.list_faults:
        sys.stdout.write(_faults(as_json=args.json))
        return PASSED
    credential = Credential(USER, Secret(secrets.token_urlsafe(12)))
    config = _config(args, credential)
    try:
        return _serve(config, credential, as_json=args.json) if args.serve else _check(config, credential, args)
    except ServerError as error:
        raise UsageError(f"demo: {error}") from None


def _config(args: argparse.Namespace, credential: Credential) -> ServerConfig:
    unknown = next((name for name in args.fault if name not in FAULTS), None)
    if unknown is not None:
        raise UsageError(f"--fault: there is no {unknown!r}; see `natprobe demo --list-faults`")
    if not 0 <= args.port <= 65535:
        raise UsageError(f"--port: {args.port} is no port; give 0 to 65535")
    faults = tuple(fault for name in args.fault for fault in FAULTS[name].faults)
    return ServerConfig(users=(credential,), port=args.port, faults=faults)


def _faults(*, as_json: bool) -> str:
    if as_json:
        return json.dumps({name: fault.sentence for name, fault in FAULTS.items()}, indent=2) + "\n"
    width = max(map(len, FAULTS))
    return "".join(f"{name:{width}}  {fault.sentence}\n" for name, fault in FAULTS.items())


def _check(config: ServerConfig, credential: Credential, args: argparse.Namespace) -> int:
    files = wanted_files(args)
    with keeping(args) as keepers, serve_beside(config) as server:
        report = execute(_plan(server, credential), (*progress_listeners(), *keepers))
    keep_history(report, args)
    return tell(report, args, files)


def _plan(server: Server, credential: Credential) -> Plan:
    """What `natprobe check turn:127.0.0.1:PORT -u demo -p …` would do."""
    return Plan(
        command="demo",
        targets=(parse(f"turn:{server.address}"),),
        probes=all_probes(),
        settings=Settings(credential=credential, credential_origin="natprobe demo", now_s=time.time()),
    )


def _serve(config: ServerConfig, credential: Credential, *, as_json: bool) -> int:
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve_until_stopped(config, credential, as_json=as_json))
    return PASSED


async def _serve_until_stopped(config: ServerConfig, credential: Credential, *, as_json: bool) -> None:
    stopped = asyncio.Event()
    with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers on its loop
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with serve(config) as server:
        sys.stdout.write(_invitation(server, credential, as_json=as_json))
        sys.stdout.flush()
        await stopped.wait()


def _invitation(server: Server, credential: Credential, *, as_json: bool) -> str:
    """How to use the server. The one place where the password is shown: it is this command's answer."""
    user, password = credential.username, credential.password.reveal()
    if as_json:
        told = {"uris": server.uris, "username": user, "credential": password, "limits": server.limits}
        return json.dumps(told) + "\n"
    limits = "".join(f"Note: {limit}.\n" for limit in server.limits)
    uris = "".join(f"  {uri}\n" for uri in server.uris)
    return f"Serving on loopback until Ctrl-C:\n{uris}User: {user}\nPassword: {password}\n{limits}"
