"""What is this transport address, and who can reach it?"""

import ipaddress
from typing import Literal

import msgspec

AddressKind = Literal["public", "private", "cgnat", "loopback", "link-local", "multicast", "unspecified"]
NOT_BY_HEARSAY: frozenset[AddressKind] = frozenset({"loopback", "link-local", "unspecified", "multicast"})
"""Where nothing is sent because a server's answer says so: this host itself, and whoever stands next to it."""
IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def _networks(*prefixes: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(prefix) for prefix in prefixes)


_KINDS: tuple[tuple[AddressKind, tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]], ...] = (
    ("unspecified", _networks("0.0.0.0/8", "::/128")),
    ("loopback", _networks("127.0.0.0/8", "::1/128")),
    ("link-local", _networks("169.254.0.0/16", "fe80::/10")),
    ("multicast", _networks("224.0.0.0/4", "ff00::/8")),
    ("cgnat", _networks("100.64.0.0/10")),  # RFC 6598
    ("private", _networks("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")),  # RFC 1918, RFC 4193
)


# gc=False: no circle can hold one, and a dashboard keeps many thousands.
class Address(msgspec.Struct, frozen=True, order=True, gc=False):
    """A transport address: an IP literal and a port. `host` holds the canonical literal without brackets or zone."""

    host: str
    port: int

    @property
    def ip(self) -> IPAddress:
        """The parsed literal. Raises ValueError where `host` is a name."""
        return ipaddress.ip_address(self.host)

    @property
    def family(self) -> Literal[4, 6]:
        """4 or 6."""
        return 6 if ":" in self.host else 4

    @property
    def kind(self) -> AddressKind:
        """Who can reach this address; see `kind_of`."""
        return kind_of(self.host)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if self.family == 6 else f"{self.host}:{self.port}"


def kind_of(host: str) -> AddressKind:
    """Who can reach the IP literal `host`. Documentation ranges are public here: labs use them as the Internet."""
    ip = ipaddress.ip_address(host)
    if ip.version == 6 and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return next((kind for kind, networks in _KINDS if any(ip in net for net in networks)), "public")


def same_network(one: str, other: str) -> bool:
    """Whether two IP literals look like neighbours, as networks are commonly cut: one /24, or one /64 over IPv6."""
    return _link(one) == _link(other)


def _link(host: str) -> bytes:
    packed = ipaddress.ip_address(host).packed
    return packed[:3] if len(packed) == 4 else packed[:8]


def is_literal(host: str) -> bool:
    """Whether `host` is an IP literal (and so needs no resolver)."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
