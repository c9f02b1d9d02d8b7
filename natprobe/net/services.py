"""Where do the SRV and NAPTR records of a STUN or TURN name lead? Pure: records in, services out.

RFC 8489 section 8 (stun: SRV), RFC 5928 section 3 (turn: NAPTR, then SRV), RFC 7350 (DTLS), RFC 2782 (order).
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

import msgspec

from natprobe.target import Target, TargetError, TransportName, transports
from natprobe.target.host import canonical

MOST_RECORDS = 32

SRV_LABELS: dict[tuple[str, TransportName], str] = {
    ("stun", "udp"): "_stun._udp",
    ("stun", "tcp"): "_stun._tcp",
    ("stuns", "tls"): "_stuns._tcp",
    ("stuns", "dtls"): "_stuns._udp",
    ("turn", "udp"): "_turn._udp",
    ("turn", "tcp"): "_turn._tcp",
    ("turns", "tls"): "_turns._tcp",
    ("turns", "dtls"): "_turns._udp",
}
_KINDS: dict[str, Literal["s", "a", ""]] = {"s": "s", "a": "a", "": ""}
_NAPTR_PROTOCOLS: dict[TransportName, str] = {name: f"turn.{name}" for name in ("udp", "tcp", "tls", "dtls")}


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """One place where a transport of the target is said to be offered. `host` still has to be resolved."""

    host: str
    port: int
    transport: TransportName
    source: Literal["srv", "naptr", "default"]


class Srv(NamedTuple):
    """The data of an SRV record (RFC 2782)."""

    priority: int
    weight: int
    port: int
    target: str


class Naptr(NamedTuple):
    """The data of a NAPTR record (RFC 3403), as S-NAPTR restricts it (RFC 3958): no regular expression."""

    order: int
    preference: int
    flags: str
    service: str
    replacement: str


class Referral(NamedTuple):
    """What a NAPTR record says of one transport: go on with the SRV (`s`), the address (`a`) or the NAPTR of `name`."""

    transport: TransportName
    kind: Literal["s", "a", ""]
    name: str


class SrvAnswer(NamedTuple):
    """What is known of one SRV name: its records; none where there are none; None where nobody could tell."""

    records: tuple[Srv, ...] | None


def needs_discovery(target: Target) -> bool:
    """Whether the URI leaves its port to the DNS: stun and turn without port, with a name (RFC 5928 section 3)."""
    is_name = not target.is_literal and target.host.removesuffix(".").rpartition(".")[2] != "localhost"  # RFC 6761
    return target.form == "ice" and target.port is None and is_name


def srv_name(scheme: str, transport: TransportName, host: str) -> str:
    """The name under which the service of `scheme` over `transport` stands, such as `_turn._udp.example.org`."""
    return f"{SRV_LABELS[scheme, transport]}.{host}"


def uses_naptr(target: Target) -> bool:
    """Whether NAPTR records count: turn without a transport in the URI (RFC 5928 section 3)."""
    return target.scheme in ("turn", "turns") and target.transport is None


def defaults(target: Target, names: tuple[TransportName, ...] | None = None) -> tuple[Service, ...]:
    """The URI's host at the port as written or the scheme's own, for each transport: what browsers use, always."""
    port = target.first_port or 0
    wanted = transports(target) if names is None else names
    return tuple(Service(host=target.host, port=port, transport=name, source="default") for name in wanted)


def from_srv(target: Target, answers: Mapping[TransportName, SrvAnswer]) -> tuple[Service, ...]:
    """The services that SRV records offer, or the defaults where no transport has any record.

    Where one transport has records, another without is not offered; one that nobody could tell of keeps its default.
    """
    if not any(answer.records for answer in answers.values()):
        return defaults(target)
    found: list[Service] = []
    for transport in transports(target):
        records = answers[transport].records if transport in answers else None
        found += defaults(target, (transport,)) if records is None else offered(records, transport, "srv")
    return tuple(found)


def offered(records: tuple[Srv, ...], transport: TransportName, source: Literal["srv", "naptr"]) -> tuple[Service, ...]:
    """The usable records by priority, then by weight, heaviest first: RFC 2782's order without its dice.

    The target "." says that the service is not offered; port 0 and what is no host name are left out as well.
    """
    ordered = sorted(records, key=lambda record: (record.priority, -record.weight, record.target, record.port))
    services: dict[Service, None] = {}
    for record in ordered[:MOST_RECORDS]:
        host = _host(record.target)
        if host and record.port:
            services[Service(host=host, port=record.port, transport=transport, source=source)] = None
    return tuple(services)


def referrals(records: tuple[Naptr, ...], wanted: tuple[TransportName, ...]) -> tuple[Referral, ...]:
    """What NAPTR records say of the wanted transports, best first (RFC 3958 section 2.2: by order, then preference)."""
    ordered = sorted(records, key=lambda record: (record.order, record.preference, record.service, record.replacement))
    found: dict[Referral, None] = {}
    for record in ordered[:MOST_RECORDS]:
        tag, *protocols = record.service.lower().split(":")
        kind = _KINDS.get(record.flags.lower())
        if tag != "relay" or kind is None or not _host(record.replacement):
            continue
        for transport in wanted:
            if _NAPTR_PROTOCOLS[transport] in protocols:
                found[Referral(transport, kind, record.replacement.lower().removesuffix("."))] = None
    return tuple(found)


def _host(name: str) -> str | None:
    """The canonical host name; None for the root and for what no host is called."""
    try:
        return canonical(name.removesuffix("."), name)
    except TargetError:
        return None
