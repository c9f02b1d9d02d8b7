"""What does one side's NAT do? RFC 4787 sections 4.1 and 5, as small values with the words that name them."""

import itertools
import re
from typing import Literal, get_args

import msgspec

Mapping = Literal["none", "endpoint-independent", "address-dependent", "address-and-port-dependent"]
Filtering = Literal["open", "endpoint-independent", "address-dependent", "address-and-port-dependent"]

MAPPINGS: tuple[Mapping, ...] = get_args(Mapping)
"""From the most helpful to the most dependent; "none" is a host without a NAT."""
FILTERINGS: tuple[Filtering, ...] = get_args(Filtering)
"""From the most helpful to the strictest; "open" needs no earlier packet outwards, endpoint-independent needs one."""
FIXED: frozenset[Mapping] = frozenset({"none", "endpoint-independent"})
PERMISSIVE: frozenset[Filtering] = frozenset({"open", "endpoint-independent"})

SHORT: dict[str, str] = {"none": "none", "open": "open"}
MAPPING_WORDS: dict[str, Mapping] = dict(zip(("none", "eim", "adm", "apdm"), MAPPINGS, strict=True))
FILTERING_WORDS: dict[str, Filtering] = dict(zip(("open", "eif", "adf", "apdf"), FILTERINGS, strict=True))
TYPES: dict[str, str] = {
    "open-internet": "none/open",
    "symmetric-udp-firewall": "none/apdf",
    "full-cone": "eim/eif",
    "restricted-cone": "eim/adf",
    "port-restricted-cone": "eim/apdf",
    "symmetric": "apdm/apdf",
}
"""The words of RFC 3489 section 5."""


class Nat(msgspec.Struct, frozen=True):
    """One NAT, or none, as hole punching meets it."""

    mapping: Mapping
    filtering: Filtering
    arbitrary: bool = False
    """Whether new mappings may come from another public address (RFC 4787 section 4.1, REQ-2)."""

    @property
    def fixed(self) -> bool:
        """Whether every peer sees the same port, so that the one a STUN server saw is good for all."""
        return self.mapping in FIXED

    def __str__(self) -> str:
        mapping = next(word for word, name in MAPPING_WORDS.items() if name == self.mapping)
        filtering = next(word for word, name in FILTERING_WORDS.items() if name == self.filtering)
        return "/".join(word if word in SHORT else word.upper() for word in (mapping, filtering))


RELAY = Nat("none", "address-dependent")
"""A TURN relay is one itself: permissions are for an IP address (RFC 8656 section 9)."""
CLOSED_RELAY = Nat("none", "address-and-port-dependent")
"""A relay behind a stateful firewall that lets nothing in unasked."""
EVERY_NAT: tuple[Nat, ...] = tuple(itertools.starmap(Nat, itertools.product(MAPPINGS, FILTERINGS)))


class NatWordError(ValueError):
    """A word that names no NAT; the text says what may stand there."""


def compound(first: Nat, *behind: Nat) -> Nat:
    """What NATs one behind the other do together: the most dependent mapping, the strictest filter."""
    chain = (first, *behind)
    return Nat(
        max((nat.mapping for nat in chain), key=MAPPINGS.index),
        max((nat.filtering for nat in chain), key=FILTERINGS.index),
        any(nat.arbitrary for nat in chain),
    )


def read_nat(text: str) -> Nat:
    """The NAT that `text` names: `eim/apdf`, `symmetric`, or a chain of them, `eim/adf+apdm/apdf`.

    Raises NatWordError.
    """
    first, *behind = (_one(word) for word in text.split("+"))
    return compound(first, *behind)


def _one(word: str) -> Nat:
    spelt = TYPES.get(word.lower(), word.lower())
    match = re.fullmatch(r"([a-z]+)/([a-z]+)", spelt)
    if match is None or match[1] not in MAPPING_WORDS or match[2] not in FILTERING_WORDS:
        raise NatWordError(
            f"{word[:40]!r} names no NAT; write MAPPING/FILTERING ({'|'.join(MAPPING_WORDS)} / "
            f"{'|'.join(FILTERING_WORDS)}), such as eim/apdf, or one of {', '.join(TYPES)}"
        )
    return Nat(MAPPING_WORDS[match[1]], FILTERING_WORDS[match[2]])
