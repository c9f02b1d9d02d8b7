"""What does a kept report know of its host: how it reaches the Internet, and which relays work for it?"""

from typing import Literal

import msgspec

from natprobe.address import Address
from natprobe.model import Check, NatBehaviour, Report, Status
from natprobe.pairing.gateway import Gateway, gateway
from natprobe.pairing.nat import CLOSED_RELAY, EVERY_NAT, FILTERINGS, MAPPINGS, RELAY, Filtering, Mapping, Nat, read_nat

Family = Literal[4, 6]
_GOOD = frozenset({Status.PASS, Status.WARN})


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """One address family of a host."""

    family: Family
    nats: tuple[Nat, ...]
    """Every NAT that fits what is known: one where all is known; those of the relay rules are never here."""
    udp: bool | None
    """Whether UDP leaves the host's network; None where it is not known."""
    mapped: Address | None = None
    local: Address | None = None
    hairpinning: bool | None = None
    unknown: tuple[str, ...] = ()
    """What is not known, as nouns."""

    def moving(self) -> "Access":
        """The same behind a NAT that uses several public addresses at once."""
        nats = tuple(msgspec.structs.replace(nat, arbitrary=True) for nat in self.nats)
        return msgspec.structs.replace(self, nats=nats)


class Host(msgspec.Struct, frozen=True, kw_only=True):
    """One end of the call."""

    name: str
    machine: str | None = None
    accesses: tuple[Access, ...]
    relay: Nat = RELAY
    """How its relay filters, where there is one."""
    turn: bool | None = None
    """Whether a TURN relay works for it; None where that was not asked."""
    lite: bool = False
    passive_tcp: bool | None = False
    """Whether it offers a passive TCP candidate that can be reached (RFC 6544); None where reaching is not known."""


def from_nat(name: str, nat: Nat | None, *, lite: bool = False, passive_tcp: bool = False) -> Host:
    """A host behind `nat` over both address families; None is one whose network lets no UDP out."""
    nats = (nat,) if nat else ()
    accesses = tuple(Access(family=family, nats=nats, udp=nat is not None) for family in _FAMILIES)
    return Host(name=name, accesses=accesses, lite=lite, passive_tcp=passive_tcp)


def from_report(name: str, report: Report) -> Host:
    """The host that `report` was made on; or the media gateway, where it is a check of one and measured no NAT."""
    known = (report.nat.ipv4, report.nat.ipv6) if report.nat else (None, None)
    accesses = tuple(_access(family, each) for family, each in zip(_FAMILIES, known, strict=True) if each)
    server = gateway(report)
    if server is not None and not accesses and server.ports:
        return _of_gateway(name, server)
    return Host(
        name=name,
        machine=report.vantage.hostname or None,
        accesses=accesses or (_unmeasured(report),),
        relay=_relay(report),
        turn=_turn(report),
        lite=server is not None and server.lite,
        passive_tcp=_passive_tcp(report, accesses),
    )


def _of_gateway(name: str, server: Gateway) -> Host:
    """Not the host on which the report was made, but the media server that it is about."""
    accesses = tuple(
        Access(
            family=address.family,
            nats=nats,
            udp=True,
            mapped=address,
            local=address,
            unknown=("filtering",) if len(nats) > 1 else (),
        )
        for address, nats in server.ports
    )
    return Host(name=name, accesses=accesses, lite=server.lite, passive_tcp=server.passive_tcp)


def _access(family: Family, behaviour: NatBehaviour) -> Access:
    if behaviour.type == "udp-blocked":
        return Access(family=family, nats=(), udp=False, local=behaviour.local)
    mappings, filterings = _mappings(behaviour), _filterings(behaviour)
    measured = behaviour.mapped is not None or len(mappings) == 1
    unknown = (
        *(("mapping",) if len(mappings) > 1 else ()),
        *(("filtering",) if len(filterings) > 1 else ()),
        *(() if measured else ("UDP access",)),
    )
    arbitrary = behaviour.pooling == "arbitrary"
    return Access(
        family=family,
        nats=tuple(Nat(mapping, filtering, arbitrary) for mapping in mappings for filtering in filterings),
        udp=True if measured else None,
        mapped=behaviour.mapped,
        local=behaviour.local,
        hairpinning=behaviour.hairpinning,
        unknown=unknown,
    )


def _mappings(behaviour: NatBehaviour) -> tuple[Mapping, ...]:
    typed = read_nat(behaviour.type).mapping if behaviour.type in _CONES else None
    named = tuple(each for each in MAPPINGS if each == behaviour.mapping)
    named = named or tuple(each for each in MAPPINGS if each == typed)
    if named or behaviour.local is None or behaviour.mapped is None:
        return named or MAPPINGS
    return MAPPINGS[:1] if behaviour.local.host == behaviour.mapped.host else MAPPINGS[1:]


def _filterings(behaviour: NatBehaviour) -> tuple[Filtering, ...]:
    typed = read_nat(behaviour.type).filtering if behaviour.type in _CONES else None
    named = tuple(each for each in FILTERINGS if each == behaviour.filtering)
    return named or tuple(each for each in FILTERINGS if each == typed) or FILTERINGS[1:]


def _unmeasured(report: Report) -> Access:
    """Without a `nat` block; candidates may still show that UDP works."""
    seen = next((each for each in report.candidates if each.type == "srflx" and each.protocol == "udp"), None)
    unknown = ("mapping", "filtering", *(() if seen else ("UDP access",)))
    family: Family = seen.address.family if seen else 4
    mapped, local = (seen.address, seen.related) if seen else (None, None)
    return Access(
        family=family, nats=EVERY_NAT, udp=True if seen else None, mapped=mapped, local=local, unknown=unknown
    )


def _turn(report: Report) -> bool | None:
    if any(each.type == "relay" for each in report.candidates) or any(
        _works(report, each) for each in _allocated(report)
    ):
        return True
    asked = [check for check in report.checks if check.id in {"turn.reach", "turn.allocate"}]
    refused = any(error.url.startswith("turn") for error in report.candidate_errors)
    if any(check.status is Status.FAIL for check in asked) or refused:
        return False
    return False if _allocated(report) else None


def _relay(report: Report) -> Nat:
    working = [check for check in _allocated(report) if _works(report, check)]
    closed = [check for check in working if _beside(report, check, "turn.relay-in") is Status.FAIL]
    return CLOSED_RELAY if working and len(closed) == len(working) else RELAY


def _allocated(report: Report) -> tuple[Check, ...]:
    return tuple(check for check in report.checks if check.id == "turn.allocate" and check.status in _GOOD)


def _works(report: Report, allocated: Check) -> bool:
    return _beside(report, allocated, "turn.relay-out") is not Status.FAIL


def _beside(report: Report, check: Check, other: str) -> Status | None:
    """How the check `other` of the same cell ended."""
    place = (check.target, check.address, check.transport)
    found = (
        each for each in report.checks if each.id == other and (each.target, each.address, each.transport) == place
    )
    return next((each.status for each in found), None)


def _passive_tcp(report: Report, accesses: tuple[Access, ...]) -> bool | None:
    offered = [each.address for each in report.candidates if each.protocol == "tcp" and _is_passive(each.candidate)]
    public = [address for address in offered if address.kind == "public"]
    if not public:
        return False
    return True if any(_lets_all_in(each) for each in accesses) else None


def _lets_all_in(access: Access) -> bool:
    return bool(access.nats) and all(nat.fixed and nat.filtering in FILTERINGS[:2] for nat in access.nats)


def _is_passive(candidate: str) -> bool:
    words = candidate.split()
    return "tcptype" in words[:-1] and words[words.index("tcptype") + 1] == "passive"


_CONES = frozenset({"full-cone", "restricted-cone", "port-restricted-cone", "symmetric-udp-firewall"})
"""The types of RFC 3489 that name both the mapping and the filtering."""
_FAMILIES: tuple[Family, Family] = (4, 6)
