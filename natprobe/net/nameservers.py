"""Whom does this host ask for names, and which names does it try? Its resolver's configuration, as values."""

import ipaddress

import dns.exception
import dns.name
import dns.resolver
import msgspec

from natprobe.address import Address

DNS_PORT = 53
_MOST_SERVERS = 3  # as the C library (MAXNS in resolv.h)
_MOST_NAMES = 7


class Nameservers(msgspec.Struct, frozen=True, kw_only=True):
    """The nameservers in the order in which they are asked, and how a short name is completed."""

    servers: tuple[Address, ...]
    search: tuple[str, ...] = ()
    ndots: int = 1


def of_this_host() -> Nameservers:
    """What the operating system is configured with; no servers where it says nothing that can be asked by UDP."""
    try:
        resolver = dns.resolver.Resolver(configure=True)
    except (dns.exception.DNSException, OSError, ValueError):
        return Nameservers(servers=())
    literals = [server for server in resolver.nameservers if isinstance(server, str)]
    servers = tuple(Address(canonical, DNS_PORT) for text in literals if (canonical := _literal(text)))
    domains = resolver.search or [resolver.domain]
    search = tuple(domain.to_text() for domain in domains if domain != dns.name.root)
    return Nameservers(servers=servers[:_MOST_SERVERS], search=search, ndots=resolver.ndots or 1)


def names_to_try(name: str, nameservers: Nameservers) -> tuple[dns.name.Name, ...]:
    """The absolute names behind `name`, in the order of resolver(5): a name with `ndots` dots is first tried as it is.

    Raises ValueError where `name` cannot stand in the DNS.
    """
    try:
        absolute = dns.name.from_text(name, dns.name.root)
        if name.endswith("."):
            return (absolute,)
        relative = dns.name.from_text(name, None)
        completed = [_completed(relative, suffix) for suffix in nameservers.search]
    except dns.exception.DNSException as error:
        raise ValueError(f"{name!r} is not a domain name") from error
    fitting = [found for found in completed if found is not None]
    ordered = [absolute, *fitting] if name.count(".") >= nameservers.ndots else [*fitting, absolute]
    return tuple(dict.fromkeys(ordered))[:_MOST_NAMES]


def _completed(relative: dns.name.Name, suffix: str) -> dns.name.Name | None:
    try:
        return relative.concatenate(dns.name.from_text(suffix))
    except dns.name.NameTooLong:
        return None


def _literal(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:  # a DNS over HTTPS address
        return None
