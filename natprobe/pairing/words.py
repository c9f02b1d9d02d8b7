"""Why does a pair connect, or not? One clause for each rule, in the names of the two hosts."""

from collections.abc import Iterable

from natprobe.pairing.nat import Nat
from natprobe.pairing.rules import Outcome, moves_address

NamedNat = tuple[str, Nat, bool]
"""A host's name, its NAT, and whether it is an ICE-lite agent."""

MAPS = {
    "none": "has no NAT",
    "endpoint-independent": "keeps one port for every destination",
    "address-dependent": "uses a new port for each address",
    "address-and-port-dependent": "uses a new port for each destination",
}
FILTERS = {
    "open": "lets everybody in",
    "endpoint-independent": "lets everybody in",
    "address-dependent": "lets in addresses that it has sent to",
    "address-and-port-dependent": "lets in only ports that it has sent to",
}


def because(found: Outcome, a: NamedNat, b: NamedNat) -> str:
    """The clause for `found`; the same whichever host stands first."""
    lite = next((each for each in sorted((a, b), key=_name) if each[2]), None)
    if lite is not None:
        return _because_lite(found, lite)
    fixed = [each for each in (a, b) if each[1].fixed]
    if found == "direct":
        return _because_direct(*sorted((a, b), key=_name))
    moving = next((each for each in ((a, b), (b, a)) if moves_address(each[0][1], each[1][1])), None)
    if moving is not None:
        (mover, _, _), (filterer, _, _) = moving
        return (
            f"the NAT of {mover} uses several public addresses at once, so that its checks come from one that "
            f"{filterer} has never sent to, and {filterer} lets nobody else in"
        )
    if len(fixed) == 1:
        other = b if fixed[0] is a else a
        return _because_one_dependent(found, fixed[0], other)
    return _because_both_dependent(found, *sorted((a, b), key=_name))


def unknown_words(hosts: Iterable[tuple[str, tuple[str, ...]]]) -> str:
    """What is not known of each host, as one noun phrase."""
    return " and ".join(f"the {_listed(unknown)} of {name}" for name, unknown in sorted(hosts) if unknown)


def _because_direct(a: NamedNat, b: NamedNat) -> str:
    if a[1].mapping == b[1].mapping == "none":
        return f"neither {a[0]} nor {b[0]} stands behind a NAT, and each side's checks open its own filter"
    clash = ""
    if str(a[1]) == str(b[1]) == "EIM/APDF":
        clash = "; where a router is Linux, an early check may spoil an attempt, and trying again mends it"
    return f"every peer sees the same port of {a[0]} and of {b[0]}, and each side's checks open its own filter{clash}"


def _because_lite(found: Outcome, lite: NamedNat) -> str:
    if found == "relay":
        return (
            f"{lite[0]} is an ICE-lite agent, which never sends first: it needs one public port and no filter, "
            f"but it {MAPS[lite[1].mapping]} and {FILTERS[lite[1].filtering]}"
        )
    return f"{lite[0]} is an ICE-lite agent whose port is open to everybody, so the other side's checks reach it"


def _because_one_dependent(found: Outcome, fixed: NamedNat, other: NamedNat) -> str:
    checks = f"{other[0]} {MAPS[other[1].mapping]}, so its checks come from a port that nobody was told"
    if found == "relay":
        return f"{checks}, and {fixed[0]} lets in only ports that it has sent to"
    return f"{checks}; {fixed[0]} {FILTERS[fixed[1].filtering]}, and answers it as a peer-reflexive candidate"


def _because_both_dependent(found: Outcome, a: NamedNat, b: NamedNat) -> str:
    if a[1].mapping == b[1].mapping == "address-and-port-dependent":
        return f"{a[0]} and {b[0]} both use a new port for each destination, so no two ports ever fit each other"
    both = f"{a[0]} {MAPS[a[1].mapping]} and {b[0]} {MAPS[b[1].mapping]}"
    if found == "relay":
        strict = next(each for each in (a, b) if each[1].filtering == "address-and-port-dependent")
        return f"{both}, and {strict[0]} lets in only ports that it has sent to"
    if found == "uncertain":
        return f"{both}, and both filter by address: direct only where the filters hold for a host, not for a mapping"
    return f"{both}, and one packet that is let in reveals the port, as a peer-reflexive candidate"


def _name(each: NamedNat) -> str:
    return each[0]


def _listed(words: tuple[str, ...]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
