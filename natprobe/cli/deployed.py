"""`-d DEPLOYMENT.toml`: reads the file and its secrets, and puts them under what the command line says."""

import argparse
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from natprobe.cli.options import SHORTEST_TIMEOUT_S, check_authorities
from natprobe.cli.parser import UsageError
from natprobe.credential import Place, Secret, secret_at, text_at
from natprobe.deployment import Deployment, Known, read
from natprobe.probe import Settings
from natprobe.probes import all_probes
from natprobe.tomlfile import LONGEST, Mistakes

MOST_TOLD = 40


class Files:
    """Looks up secrets in the environment, and in files beside the deployment file."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._folder = folder
        self._environ = environ

    def secret(self, place: Place) -> Secret:
        """See Lookup."""
        return secret_at(place, self._read, self._environ)

    def text(self, place: Place) -> Secret:
        """See Lookup."""
        return Secret(text_at(place, self._read, self._environ))

    def _read(self, name: str) -> str:
        with (self._folder / name).open(encoding="utf-8") as file:
            return file.read(LONGEST)


def add_deployment_options(parser: argparse.ArgumentParser) -> None:
    """`-d` and `--only`."""
    group = parser.add_argument_group("deployment")
    group.add_argument(
        "-d", "--deployment", metavar="DEPLOYMENT.toml",
        help="check what this file lists as well; the command line's options go before the file's",
    )  # fmt: skip
    group.add_argument(
        "--only", metavar="NAME", action="append", default=[],
        help="of the file only this group or target; may be given several times",
    )  # fmt: skip


def deployment(args: argparse.Namespace) -> Deployment | None:
    """What `-d` names, as far as `--only` asks for it. Raises UsageError with a line for each mistake."""
    if args.deployment is None:
        if args.only:
            raise UsageError("--only: it picks from a deployment file; name that with -d")
        return None
    whole = _read(args.deployment)
    if not args.only:
        return whole
    try:
        return whole.only(args.only)
    except LookupError as error:
        here = ", ".join((*whole.groups, *map(str, whole.targets)))
        raise UsageError(f"--only: {args.deployment} has no {error}; there are {here}") from None


def known() -> Known:
    """What this natprobe can check."""
    probes = all_probes()
    schemes = frozenset[str]().union(*(probe.schemes for probe in probes if probe.scope == "cell"))
    return Known(schemes, frozenset(probe.id for probe in probes), SHORTEST_TIMEOUT_S)


def under(settings: Settings, found: Deployment) -> Settings:
    """`settings` of the command line, with what only the file says about the run. Raises UsageError."""
    run = found.run
    ca_file = settings.ca_file or run.ca_file
    if settings.ca_file is None and run.ca_file is not None:
        check_authorities(run.ca_file, "run.ca_file")
    nameservers = settings.nameservers or run.resolvers
    return msgspec.structs.replace(settings, ca_file=ca_file, nameservers=nameservers)


def _read(name: str) -> Deployment:
    path = Path(name)
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(LONGEST + 1)
        found = read(text, known(), Files(path.parent, os.environ))
    except OSError as error:
        raise UsageError(f"-d: {name} cannot be read ({error.strerror}); name a TOML file") from None
    except UnicodeDecodeError:
        raise UsageError(f"-d: {name} is not UTF-8 text") from None
    except Mistakes as mistakes:
        raise UsageError(*_told(name, mistakes)) from None
    run = found.run
    if run.ca_file is None:
        return found
    return msgspec.structs.replace(found, run=msgspec.structs.replace(run, ca_file=str(path.parent / run.ca_file)))


def _told(name: str, mistakes: Mistakes) -> list[str]:
    lines = [f"{name}: {mistake}" for mistake in mistakes.found[:MOST_TOLD]]
    more = len(mistakes.found) - len(lines)
    return [*lines, f"{name}: and {more} more"] if more else lines
