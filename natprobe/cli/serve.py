"""`natprobe serve`: a Prometheus exporter. Which of many targets works is asked by Prometheus, target by target."""

import argparse
import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from natprobe.address import Address, kind_of
from natprobe.cli.exits import PASSED
from natprobe.cli.listen import listen_address
from natprobe.cli.parser import UsageError
from natprobe.credential import CredentialError
from natprobe.exporter.config import Config
from natprobe.exporter.probing import listed, observe, unready
from natprobe.exporter.reading import ConfigError, read_config
from natprobe.exporter.service import Service, to_stderr
from natprobe.listening.http import ListenError, serve_http
from natprobe.listening.message import Bounds
from natprobe.probes import all_probes
from natprobe.textfile import read_text
from natprobe.tomlfile import LONGEST

DEFAULT_LISTEN = "127.0.0.1:9798"
_EPILOG = """\
paths:
  /probe?module=NAME&target=URI    probes one target that the configuration allows
  /metrics  /-/healthy  /-/ready   of the exporter itself

configuration (docs/prometheus.md tells every key):
  [modules.turn]
  targets = ["turn:turn.example.org?transport=udp", "turns:turn.example.org"]
  user = "probe"
  password_file = "turn.password"

examples:
  natprobe serve --config natprobe.toml
  natprobe serve --config natprobe.toml --listen '[::1]:9798' --listen 127.0.0.1:9798
  natprobe serve --config natprobe.toml --check
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of `natprobe serve` to `parser`."""
    parser.epilog = _EPILOG
    parser.add_argument(
        "-c", "--config", metavar="FILE", required=True, help="a TOML file: modules, their targets and credentials"
    )
    parser.add_argument(
        "--listen", metavar="ADDRESS:PORT", action="append", default=[],
        help=f"where to listen; may be given several times (default: {DEFAULT_LISTEN}, so nobody else reaches it)",
    )  # fmt: skip
    parser.add_argument("--check", action="store_true", help="read the configuration and its secrets, and end")


def run(args: argparse.Namespace) -> int:
    """Serves until it is told to stop. Returns the exit code."""
    wanted = tuple(dict.fromkeys(listen_address(text, DEFAULT_LISTEN) for text in args.listen or [DEFAULT_LISTEN]))
    config = configuration(args.config)
    if args.check:
        modules = len(config.modules)
        sys.stdout.write(f"{args.config}: {modules} module{'' if modules == 1 else 's'}, all secrets are there\n")
        return PASSED
    try:
        asyncio.run(_serve(config, wanted))
    except ListenError as error:
        raise UsageError(f"--listen: {error}") from None
    return PASSED


def configuration(name: str) -> Config:
    """The configuration in the file `name`, its secrets looked up once. Raises UsageError."""
    path = Path(name)
    try:
        config = read_config(read_text(path, LONGEST + 1), schemes=_schemes(), folder=path.parent)
    except OSError as error:
        raise UsageError(f"--config: {name} cannot be read ({error.strerror}); name a TOML file") from None
    except UnicodeDecodeError:
        raise UsageError(f"--config: {name} is not UTF-8 text") from None
    except ConfigError as error:
        raise UsageError(f"--config: {name}: {error}") from None
    try:
        config = msgspec.structs.replace(config, modules=tuple(map(listed, config.modules)))
    except CredentialError as error:
        raise UsageError(f"--config: {name}: {error}") from None
    lacking = next((f"module {each.name}: {why}" for each in config.modules if (why := unready(each))), None)
    if lacking:
        raise UsageError(f"--config: {name}: {lacking}")
    return config


def _schemes() -> frozenset[str]:
    return frozenset[str]().union(*(probe.schemes for probe in all_probes() if probe.scope == "cell"))


async def _serve(config: Config, wanted: tuple[Address, ...]) -> None:
    service = Service(config, observe=observe, unready=unready, clock=time.monotonic, say=to_stderr)
    stopped = asyncio.Event()
    _on_signal(stopped.set)
    async with serve_http(wanted, service.answer, Bounds()) as server:
        for address in server.addresses:
            sys.stdout.write(f"serving on http://{address}/\n")
            if kind_of(address.host) != "loopback":
                to_stderr(f"{address} is open to others: whoever reaches it can have the configured targets probed")
        sys.stdout.flush()
        await stopped.wait()
        service.stopping = True
        _on_signal(server.cut)
        to_stderr("stopping when the probes that run have ended; a second signal ends them now")


def _on_signal(act: Callable[[], object]) -> None:
    with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers on its loop
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, act)
