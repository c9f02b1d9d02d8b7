"""One file a probe; the folder finds them. Importing this package alone loads none of them."""

import importlib
import pkgutil
from functools import cache
from typing import Any

import msgspec

from natprobe.probe import Probe

SERVER_SCHEMES = frozenset({"stun", "stuns", "turn", "turns"})
SERVER_SUBJECTS = ("dns", "stun", "tls", "turn")
"""How the ids begin of all that such a server is asked; a test holds it."""


@cache
def all_probes() -> tuple[Probe[Any], ...]:
    """Every probe of this folder, by id."""
    return _loaded("")


@cache
def probes_about(*subjects: str) -> tuple[Probe[Any], ...]:
    """The probes whose ids begin with one of `subjects` ("nat"), by id. No other file is loaded: each bears its id."""
    return _loaded(*(f"{subject}_" for subject in subjects))


def probes_for(schemes: frozenset[str]) -> tuple[Probe[Any], ...]:
    """The probes that a check of targets with these schemes can need, and perhaps more.

    Where all are STUN and TURN servers only those are loaded: the others take a sixth of such a check's start.
    """
    return probes_about(*SERVER_SUBJECTS) if schemes <= SERVER_SCHEMES else all_probes()


def _loaded(*prefixes: str) -> tuple[Probe[Any], ...]:
    names = (module.name for module in pkgutil.iter_modules(__path__) if module.name.startswith(prefixes))
    found = [importlib.import_module(f"{__name__}.{name}").PROBE for name in names]
    return tuple(sorted(found, key=lambda probe: probe.id))


def evidence_types() -> dict[str, type[msgspec.Struct]]:
    """The type of evidence that each check id carries, for the report's JSON Schema."""
    return {probe.id: probe.evidence for probe in all_probes()}
