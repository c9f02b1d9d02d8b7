"""Which addresses has this host, and on which links?"""

import ipaddress

from natprobe.address import Address, kind_of

_NOT_USABLE = {"loopback", "link-local", "unspecified", "multicast"}


def local_addresses() -> tuple[Address, ...]:
    """Every address of every interface that can send to other networks, port 0, in the system's order."""
    return tuple(links())


def links() -> dict[Address, str]:
    """The same, each with its link: the interface's name, and the network that the address belongs to."""
    import ifaddr  # noqa: PLC0415  comes with aioice, and only this question needs it

    found: dict[Address, str] = {}
    for adapter in ifaddr.get_adapters():
        for entry in adapter.ips:
            text = entry.ip if isinstance(entry.ip, str) else entry.ip[0]
            host = str(ipaddress.ip_address(text.partition("%")[0]))
            if kind_of(host) not in _NOT_USABLE:
                network = ipaddress.ip_network(f"{host}/{entry.network_prefix}", strict=False)
                found.setdefault(Address(host, 0), f"{adapter.name} {network}")
    return found
