"""From the TOML text to the configuration: every mistake at once, each with its line and its reason."""

import difflib
import re
import tomllib
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from natprobe.exporter import fields
from natprobe.exporter.config import Allowance, Config, Limits, Module, Reference
from natprobe.exporter.fields import Reader, Unfit
from natprobe.exporter.lines import Path, line_of
from natprobe.runner import CLEANUP_S
from natprobe.target.errors import shown

LONGEST_CONFIG = 200_000
SHORTEST_DEADLINE_S = CLEANUP_S + 1.0
_TOLD = 8
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_SYNTAX = re.compile(r"(.*) \(at line (\d+), column \d+\)")
_REFERENCES = tuple(Reference(kind, place, "") for kind in ("password", "secret") for place in ("file", "env"))


class ConfigError(ValueError):
    """The configuration is wrong. The message is one line: each mistake with its line and its reason."""


class _Reading:
    """One text on its way to a configuration."""

    def __init__(self, schemes: frozenset[str], folder: PurePath) -> None:
        self.mistakes: list[tuple[Path, str]] = []
        self._module_keys = fields.of_module(schemes, SHORTEST_DEADLINE_S)
        self._allow_keys = fields.of_allowance(schemes)
        self._folder = folder

    def config(self, value: dict[str, Any]) -> Config:
        """The configuration, as far as it can be read; what cannot is in `mistakes`."""
        self._only(value, ("limits", "modules"), ())
        limits = self._table(value.get("limits", {}), fields.LIMITS, ("limits",))
        modules = value.get("modules")
        if not isinstance(modules, dict) or not modules:
            self.mistakes.append((("modules",), "no module; write one as [modules.NAME]"))
            modules = {}
        return Config(
            modules=tuple(self._module(name, module) for name, module in modules.items()), limits=Limits(**limits)
        )

    def _module(self, name: str, value: Any) -> Module:
        path = ("modules", name)
        if not _NAME.fullmatch(name):
            self.mistakes.append((path, "a module's name holds letters, digits, _ . and -, 64 at most"))
        given = value if isinstance(value, dict) else {}
        read = self._table(value, self._module_keys, path, also=("allow",))
        if "targets" not in given and "allow" not in given:
            self.mistakes.append((path, "nothing may be probed with it; give targets, or [[…allow]]"))
        if "ca_file" in read:
            read["ca_file"] = str(self._folder / read["ca_file"])
        allow = self._allowances(given.get("allow", []), (*path, "allow"))
        return Module(name=name, allow=allow, reference=self._reference(read, path), **read)

    def _reference(self, read: dict[str, Any], path: Path) -> Reference | None:
        """Takes the references out of `read`, which keeps the rest."""
        keys = {f"{each.kind}_{each.place}": each for each in _REFERENCES}
        named = {key: read.pop(key) for key in keys if key in read}
        if len(named) > 1:
            self.mistakes.append(((*path, list(named)[1]), f"{' and '.join(named)} exclude each other"))
        if not named:
            if "user" in read:
                self.mistakes.append(((*path, "user"), "a user without a password or secret; give password_file"))
            return None
        key, name = next(iter(named.items()))
        if keys[key].kind == "password" and "user" not in read:
            self.mistakes.append(((*path, key), "a password without a user name; give user"))
        place = keys[key].place
        return Reference(keys[key].kind, place, str(self._folder / name) if place == "file" else name)

    def _allowances(self, value: Any, path: Path) -> tuple[Allowance, ...]:
        if not isinstance(value, list):
            self.mistakes.append((path, "give it as [[…allow]] with schemes and hosts"))
            return ()
        return tuple(self._allowance(item, (*path, index)) for index, item in enumerate(value))

    def _allowance(self, value: Any, path: Path) -> Allowance:
        read = self._table(value, self._allow_keys, path)
        for key in ("schemes", "hosts"):
            if isinstance(value, dict) and key not in value:
                self.mistakes.append((path, f"no {key}; all targets of the world are too many"))
        hosts = read.get("hosts", ())
        texts = [host for host in hosts if isinstance(host, str)]
        return Allowance(
            schemes=frozenset(read.get("schemes", ())),
            names=frozenset(text for text in texts if not text.startswith(".")),
            suffixes=tuple(text for text in texts if text.startswith(".")),
            networks=tuple(host for host in hosts if not isinstance(host, str)),
            ports=frozenset(read.get("ports", ())),
        )

    def _table(
        self, value: Any, readers: Mapping[str, Reader], path: Path, also: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        """What stands under the keys of `readers`; `also` may stand there, and is read by somebody else."""
        if not isinstance(value, dict):
            self.mistakes.append((path, f"write it as a table, [{'.'.join(map(str, path))}]"))
            return {}
        self._only(value, (*readers, *also), path)
        read: dict[str, Any] = {}
        for key in readers.keys() & value.keys():
            read |= self._one(key, value[key], readers[key], path)
        return read

    def _one(self, key: str, value: Any, reader: Reader, path: Path) -> dict[str, Any]:
        try:
            return {key: reader(value)}
        except Unfit as unfit:
            self.mistakes.append(((*path, key) if unfit.index is None else (*path, key, unfit.index), str(unfit)))
            return {}

    def _only(self, value: dict[str, Any], known: tuple[str, ...], path: Path) -> None:
        for key in value.keys() - set(known):
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
            self.mistakes.append(((*path, key), f"there is no such key; {hint}"))


def read_config(text: str, *, schemes: frozenset[str], folder: PurePath) -> Config:
    """The configuration that `text` holds; file names in it are relative to `folder`, `schemes` can be probed.

    Raises ConfigError with one line, which holds no secret.
    """
    if len(text) > LONGEST_CONFIG:
        raise ConfigError(f"longer than {LONGEST_CONFIG} characters: no configuration is")
    try:
        value = tomllib.loads(text)
    except ValueError as error:
        raise ConfigError(_syntax(str(error))) from None
    except RecursionError:
        raise ConfigError("nested too deeply: no configuration is") from None
    reading = _Reading(schemes, folder)
    config = reading.config(value)
    if reading.mistakes:
        raise ConfigError(_told(text, reading.mistakes))
    return config


def _syntax(message: str) -> str:
    match = _SYNTAX.fullmatch(message)
    return f"line {match[2]}: no TOML: {match[1]}" if match else f"no TOML: {message}"


def _told(text: str, mistakes: list[tuple[Path, str]]) -> str:
    placed = sorted((line_of(text, path), shown(_dotted(path)), reason) for path, reason in mistakes[:_TOLD])
    told = "; ".join(f"line {line}: {name}: {reason}" for line, name, reason in placed)
    more = len(mistakes) - len(placed)
    return f"{told}; and {more} more" if more else told


def _dotted(path: Path) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
