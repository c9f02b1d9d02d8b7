"""From the TOML text to the configuration: every mistake at once, each with its line and its reason."""

import re
from pathlib import PurePath
from typing import Any

from natprobe.exporter import fields
from natprobe.exporter.config import Allowance, Config, Limits, Module, Reference
from natprobe.runner import CLEANUP_S
from natprobe.tomlfile import Mistake, Mistakes, Path, Tables, parsed

SHORTEST_DEADLINE_S = CLEANUP_S + 1.0
_TOLD = 8
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_REFERENCES = tuple(Reference(kind, place, "") for kind in ("password", "secret") for place in ("file", "env"))
_OF_DEPLOYMENTS = {"targets", "allow", "user", "relay_ports", *(f"{each.kind}_{each.place}" for each in _REFERENCES)}
"""What a deployment file says for each of its targets."""


class ConfigError(ValueError):
    """The configuration is wrong. The message is one line: each mistake with its line and its reason."""


class _Reading:
    """One text on its way to a configuration."""

    def __init__(self, schemes: frozenset[str], folder: PurePath) -> None:
        self.tables = Tables()
        self._module_keys = fields.of_module(schemes, SHORTEST_DEADLINE_S)
        self._allow_keys = fields.of_allowance(schemes)
        self._folder = folder

    def config(self, value: dict[str, Any]) -> Config:
        """The configuration, as far as it can be read; what cannot is in `tables`."""
        self.tables.only(value, ("limits", "modules"), ())
        limits = self.tables.table(value.get("limits", {}), fields.LIMITS, ("limits",))
        modules = value.get("modules")
        if not isinstance(modules, dict) or not modules:
            self.tables.mistake(("modules",), "no module; write one as [modules.NAME]")
            modules = {}
        return Config(
            modules=tuple(self._module(name, module) for name, module in modules.items()), limits=Limits(**limits)
        )

    def _module(self, name: str, value: Any) -> Module:
        path = ("modules", name)
        if not _NAME.fullmatch(name):
            self.tables.mistake(path, "a module's name holds letters, digits, _ . and -, 64 at most")
        given = value if isinstance(value, dict) else {}
        read = self.tables.table(value, self._module_keys, path, also=("allow",))
        if not given.keys() & {"targets", "allow", "deployment"}:
            self.tables.mistake(path, "nothing may be probed with it; give targets, [[…allow]], or a deployment file")
        for key in given.keys() & _OF_DEPLOYMENTS if "deployment" in given else ():
            self.tables.mistake((*path, key), "with a deployment file this is what that file says; leave it out")
        for key in read.keys() & {"ca_file", "deployment"}:
            read[key] = str(self._folder / read[key])
        allow = self._allowances(given.get("allow", []), (*path, "allow"))
        return Module(name=name, allow=allow, reference=self._reference(read, path), **read)

    def _reference(self, read: dict[str, Any], path: Path) -> Reference | None:
        """Takes the references out of `read`, which keeps the rest."""
        keys = {f"{each.kind}_{each.place}": each for each in _REFERENCES}
        named = {key: read.pop(key) for key in keys if key in read}
        if len(named) > 1:
            self.tables.mistake((*path, list(named)[1]), f"{' and '.join(named)} exclude each other")
        if not named:
            if "user" in read:
                self.tables.mistake((*path, "user"), "a user without a password or secret; give password_file")
            return None
        key, name = next(iter(named.items()))
        if keys[key].kind == "password" and "user" not in read:
            self.tables.mistake((*path, key), "a password without a user name; give user")
        place = keys[key].place
        return Reference(keys[key].kind, place, str(self._folder / name) if place == "file" else name)

    def _allowances(self, value: Any, path: Path) -> tuple[Allowance, ...]:
        if not isinstance(value, list):
            self.tables.mistake(path, "give it as [[…allow]] with schemes and hosts")
            return ()
        return tuple(self._allowance(item, (*path, index)) for index, item in enumerate(value))

    def _allowance(self, value: Any, path: Path) -> Allowance:
        read = self.tables.table(value, self._allow_keys, path)
        for key in ("schemes", "hosts"):
            if isinstance(value, dict) and key not in value:
                self.tables.mistake(path, f"no {key}; all targets of the world are too many")
        hosts = read.get("hosts", ())
        texts = [host for host in hosts if isinstance(host, str)]
        return Allowance(
            schemes=frozenset(read.get("schemes", ())),
            names=frozenset(text for text in texts if not text.startswith(".")),
            suffixes=tuple(text for text in texts if text.startswith(".")),
            networks=tuple(host for host in hosts if not isinstance(host, str)),
            ports=frozenset(read.get("ports", ())),
        )


def read_config(text: str, *, schemes: frozenset[str], folder: PurePath) -> Config:
    """The configuration that `text` holds; file names in it are relative to `folder`, `schemes` can be probed.

    Raises ConfigError with one line, which holds no secret.
    """
    try:
        value = parsed(text)
    except Mistakes as error:
        raise ConfigError(str(error)) from None
    reading = _Reading(schemes, folder)
    config = reading.config(value)
    if mistakes := reading.tables.found(text):
        raise ConfigError(_told(mistakes))
    return config


def _told(mistakes: tuple[Mistake, ...]) -> str:
    told = "; ".join(map(str, mistakes[:_TOLD]))
    more = len(mistakes) - _TOLD
    return f"{told}; and {more} more" if more > 0 else told
