"""The whole table: what becomes of a call between any two kinds of NAT."""

from typing import Any

from natprobe.pairing.host import from_nat
from natprobe.pairing.nat import EVERY_NAT, Nat
from natprobe.pairing.rules import Outcome, outcome
from natprobe.pairing.verdict import judge

Kind = Nat | None
"""A NAT, or None for a network that lets no UDP out."""

KINDS: tuple[Kind, ...] = (*EVERY_NAT, None)
MARKS: dict[Outcome, str] = {"direct": "D", "direct-by-prflx": "D*", "uncertain": "D?", "relay": "R"}
_LEGEND = """\
D   direct
D*  direct, as a peer-reflexive candidate: ICE finds it, hole punching without ICE would not
D?  direct only where address filters hold for a host and not for a mapping: plan a relay
R   a relay is needed
R†  a relay over TCP or TLS for the blocked side, or a passive TCP candidate on the other
R‡  relays over TCP or TLS on both sides

Rows and columns are mapping/filtering (RFC 4787): EIM, ADM, APDM are endpoint-independent, address-dependent, address-
and port-dependent mapping; EIF, ADF, APDF the filtering likewise; none is a host without a NAT.
Behind two NATs the most dependent mapping and the strictest filter count.
"""


def mark(a: Kind, b: Kind) -> str:
    """The table's entry."""
    if a is None or b is None:
        return "R‡" if a is b else "R†"
    return MARKS[outcome(a, b)]


def name(kind: Kind) -> str:
    """The name of a row or column."""
    return "UDP blocked" if kind is None else str(kind)


def table_text() -> str:
    """The table for people, with its legend."""
    mapping_heads = "".join(f"{str(nat).partition('/')[0]:<20}" for nat in EVERY_NAT[::4])
    filter_heads = "".join(f"{str(nat).partition('/')[2]:<5}" for nat in EVERY_NAT)
    rows = [f"{name(a):<12}" + "".join(f"{mark(a, b):<5}" for b in KINDS) for a in KINDS]
    heads = (f"{'':<12}{mapping_heads}UDP", f"{'':<12}{filter_heads}blocked")
    return "\n".join(line.rstrip() for line in (*heads, *rows)) + f"\n\n{_LEGEND}"


def table_json() -> list[dict[str, Any]]:
    """Every unordered pair with its verdict."""
    return [_entry(a, b) for index, a in enumerate(KINDS) for b in KINDS[index:]]


def _entry(a: Kind, b: Kind) -> dict[str, Any]:
    told = judge(from_nat("A", a), from_nat("B", b))
    return {"a": name(a), "b": name(b), "mark": mark(a, b), "direct": told.direct, "path": told.path}
