"""What was said about a name: evidence, and the one decision that it needs. Loads nothing of the DNS."""

from typing import Literal

import msgspec

from natprobe.address import Address

MOST_ADDRESSES = 32
QType = Literal["A", "AAAA"]
ServiceType = Literal["SRV", "NAPTR"]
Outcome = Literal["answered", "nxdomain", "nodata", "servfail", "refused", "timeout", "malformed", "unreachable"]
"""How a question to the DNS ended. `refused` is RCODE 5; `unreachable` an ICMP error, a closed port or no route."""


class DnsAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the nameservers answered to one question."""

    qtype: QType
    question: str
    """The absolute name that was asked for, a search domain included."""
    outcome: Outcome
    addresses: tuple[str, ...] = ()
    canonical_name: str | None = None
    """The end of a CNAME chain; None where there is no alias."""
    ttl_s: int | None = None
    server: Address | None = None
    asked: int = 0
    """How many queries were sent: a time-out after one is weaker than after four."""
    duration_ms: float


class SystemAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What getaddrinfo answered: the addresses in its order, which is the one that applications use (RFC 6724)."""

    outcome: Literal["answered", "failed", "timeout"]
    addresses: tuple[str, ...] = ()
    error: str | None = None
    duration_ms: float


class ServiceAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the nameservers answered to one SRV or NAPTR question."""

    qtype: ServiceType
    question: str
    outcome: Outcome
    records: tuple[str, ...] = ()
    """As a zone file writes them."""
    ttl_s: int | None = None
    server: Address | None = None
    asked: int = 0
    duration_ms: float


class Resolution(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything that was said about a name."""

    name: str
    answers: tuple[DnsAnswer, ...] = ()
    """One for A and one for AAAA; empty where there is no nameserver to ask, and for localhost (RFC 6761)."""
    system: SystemAnswer | None = None
    """None where it was not asked: a literal, or nameservers of the user's choice."""
    addresses: tuple[str, ...] = ()
    """What the system says first, in its order; then what only the DNS says."""
    source: Literal["literal", "dns", "hosts"]
    """`hosts` where the system knows addresses and the DNS none."""


def merged(name: str, answers: tuple[DnsAnswer, ...], system: SystemAnswer | None) -> Resolution:
    """One resolution out of what each side said."""
    from_dns = [address for answer in answers for address in answer.addresses]
    from_system = system.addresses if system else ()
    addresses = tuple(dict.fromkeys((*from_system, *from_dns)))[:MOST_ADDRESSES]
    source: Literal["dns", "hosts"] = "hosts" if from_system and not from_dns else "dns"
    return Resolution(name=name, answers=answers, system=system, addresses=addresses, source=source)
