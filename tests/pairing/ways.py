"""From the words of `natprobe pair` to emulated ways out."""

from typing import Any

from natprobe.pairing import read_nat
from tests.lab.behaviour import Behaviour, Path

BLOCKED = "udp-blocked"
SAMPLE = ("none/open", "none/APDF", "EIM/EIF", "EIM/ADF", "EIM/APDF", "ADM/ADF", "APDM/APDF", BLOCKED)
"""The kinds that networks have."""


def way(word: str, **knobs: Any) -> Path:
    """The way out that `word` names, over IPv4 alone."""
    if word == BLOCKED:
        return Path(ipv4=(Behaviour(udp="dropped"),))
    nat = read_nat(word)
    return Path(ipv4=(Behaviour(mapping=nat.mapping, filtering=nat.filtering, **knobs),))
