"""Reads a deployment file from the disk, with the secrets that it names: for the command line and for the exporter."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from natprobe.credential import Place, Secret, secret_at, text_at
from natprobe.deployment import Deployment, Known, read, read_part
from natprobe.probes import all_probes
from natprobe.runner import CLEANUP_S
from natprobe.textfile import read_text
from natprobe.tomlfile import LONGEST, Mistakes

_SHORTEST_S = CLEANUP_S + 1.0
_MOST_TOLD = 40


class DeploymentError(Exception):
    """A deployment file cannot be used: one line for each thing that is wrong. None of them holds a secret."""

    def __init__(self, *lines: str) -> None:
        super().__init__("; ".join(lines))
        self.lines = lines


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
        return read_text(self._folder / name, LONGEST)


def known() -> Known:
    """What this natprobe can check."""
    probes = all_probes()
    schemes = frozenset[str]().union(*(probe.schemes for probe in probes if probe.scope == "cell"))
    return Known(schemes, frozenset(probe.id for probe in probes), _SHORTEST_S)


def read_deployment(name: str, only: Sequence[str] = ()) -> Deployment:
    """What the file `name` describes, its secrets as they are now; of these groups and targets `only`, where given.

    Raises DeploymentError, and AbsentError where there is no such group or target.
    """
    path = Path(name)
    try:
        text, files = read_text(path, LONGEST + 1), Files(path.parent, os.environ)
        found = read_part(text, known(), files, only) if only else read(text, known(), files)
    except OSError as error:
        raise DeploymentError(f"{name} cannot be read ({error.strerror}); name a TOML file") from None
    except UnicodeDecodeError:
        raise DeploymentError(f"{name} is not UTF-8 text") from None
    except Mistakes as mistakes:
        raise DeploymentError(*_told(name, mistakes)) from None
    run = found.run
    if run.ca_file is None:
        return found
    return msgspec.structs.replace(found, run=msgspec.structs.replace(run, ca_file=str(path.parent / run.ca_file)))


def _told(name: str, mistakes: Mistakes) -> list[str]:
    lines = [f"{name}: {mistake}" for mistake in mistakes.found[:_MOST_TOLD]]
    more = len(mistakes.found) - len(lines)
    return [*lines, f"{name}: and {more} more"] if more else lines
