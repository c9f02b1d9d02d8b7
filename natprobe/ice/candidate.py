"""From what was gathered to candidates: host, server-reflexive and relayed (RFC 8445 section 5.1.1)."""

import msgspec

from natprobe.address import Address
from natprobe.ice.line import to_line
from natprobe.ice.priority import RelayProtocol, foundation, local_preference, priority, relay_preference
from natprobe.model import Candidate


class Base(msgspec.Struct, frozen=True):
    """A socket of this host, and the place of its address among the host's addresses, 0 for the best."""

    address: Address
    rank: int


class Reflexive(msgspec.Struct, frozen=True, kw_only=True):
    """What a server said about a base."""

    mapped: Address
    base: Base
    server: Address
    server_order: int
    url: str


class Relayed(msgspec.Struct, frozen=True, kw_only=True):
    """What a TURN server allocated."""

    relayed: Address
    mapped: Address | None
    """This host as the server sees it over the line to it: the related address (RFC 8839 section 5.1)."""
    through: RelayProtocol
    server: Address
    server_order: int
    url: str
    base: Address | None = None
    """The address of this host that asked (port 0), where several do; None where routing alone chooses."""
    place: int = 0
    """The place of that address among those that ask this server, 0 for the one that routing picks."""


def host(base: Base, gathered_ms: float) -> Candidate:
    """The base itself."""
    return _with_line(
        Candidate(
            candidate="",
            type="host",
            protocol="udp",
            address=base.address,
            priority=priority("host", local_preference(base.rank)),
            gathered_ms=gathered_ms,
        ),
        foundation("host", base.address.host, "udp"),
    )


def reflexive(found: Reflexive, gathered_ms: float) -> Candidate:
    """The base as a server sees it; the base is the related address."""
    return _with_line(
        Candidate(
            candidate="",
            type="srflx",
            protocol="udp",
            address=found.mapped,
            related=found.base.address,
            priority=priority("srflx", local_preference(found.base.rank, found.server_order)),
            url=found.url,
            gathered_ms=gathered_ms,
        ),
        foundation("srflx", found.base.address.host, "udp", found.server.host),
    )


def relayed(found: Relayed, gathered_ms: float) -> Candidate:
    """A relayed candidate is its own base; its transport is UDP whatever carries it to the server."""
    return _with_line(
        Candidate(
            candidate="",
            type="relay",
            protocol="udp",
            address=found.relayed,
            related=found.mapped,
            priority=priority("relay", _relay_preference(found)),
            url=found.url,
            relay_protocol=found.through,
            base=found.base,
            gathered_ms=gathered_ms,
        ),
        foundation("relay", found.relayed.host, "udp", found.server.host, found.through),
    )


def _relay_preference(found: Relayed) -> int:
    rank = 0 if found.relayed.family == 4 else 1
    return relay_preference(rank, found.place, found.server_order, found.through)


def _with_line(candidate: Candidate, name: str) -> Candidate:
    return msgspec.structs.replace(candidate, candidate=to_line(candidate, name))
