"""Does a direct pair form between two NATs? The closed form of what full ICE (RFC 8445) does with them.

Both agents trickle and check every remote candidate; an unknown source becomes a peer-reflexive candidate (section
7.3.1.3) and triggers a check back (7.3.1.4); an answer from another address than the one asked fails the pair
(7.2.5.2.1). The rules were compared with a simulation of all pairs and with real browsers.
"""

from typing import Literal

from natprobe.pairing.nat import PERMISSIVE, Nat

Outcome = Literal["direct", "direct-by-prflx", "uncertain", "relay"]
"""`uncertain`: direct only where the NATs keep address filters for an internal endpoint, not for a mapping."""

_APDF = "address-and-port-dependent"
_ADF = "address-dependent"


def outcome(a: Nat, b: Nat) -> Outcome:
    """What full ICE on both sides reaches over UDP. Symmetric in its arguments."""
    if a.fixed and b.fixed:
        return "direct"  # each side's own check opens its filter towards the other's candidate (RFC 5128 section 3.3)
    if moves_address(a, b) or moves_address(b, a):
        return "relay"
    if a.fixed or b.fixed:
        return _one_dependent(a if a.fixed else b)
    return _both_dependent(a, b)


def outcome_with_lite(lite: Nat, other: Nat) -> Outcome:
    """The same where `lite` is an ICE-lite agent, which never sends first, so opens nothing (RFC 8445 section 2.5)."""
    if not lite.fixed or lite.filtering not in PERMISSIVE:
        return "relay"
    return "direct" if other.fixed else "direct-by-prflx"


def _one_dependent(fixed: Nat) -> Outcome:
    # The dependent side checks from a port that nobody was told. A filter by port never learns it; one by address
    # admits it, since the fixed side has sent to the same address. The dependent side's own filter has sent there.
    return "relay" if fixed.filtering == _APDF else "direct-by-prflx"


def _both_dependent(a: Nat, b: Nat) -> Outcome:
    if a.mapping == b.mapping == "address-and-port-dependent":
        return "relay"  # every new destination port makes a new mapping: no pair ever becomes symmetric
    filters = {a.filtering, b.filtering}
    if _APDF in filters:
        return "relay"
    # Towards one address an address-dependent mapping is one port; a single packet that is let in reveals it.
    return "uncertain" if filters == {_ADF} else "direct-by-prflx"


def moves_address(mover: Nat, filterer: Nat) -> bool:
    """Whether new mappings of `mover` may leave from an address that `filterer` has never sent to."""
    return mover.arbitrary and not mover.fixed and filterer.filtering == _ADF
