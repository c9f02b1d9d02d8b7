"""Which addresses has this host?"""

import ipaddress

from natprobe.address import Address, kind_of

_NOT_USABLE = {"loopback", "link-local", "unspecified", "multicast"}


def local_addresses() -> tuple[Address, ...]:
    """Every address of every interface that can send to other networks, port 0, in the system's order."""
    import ifaddr  # noqa: PLC0415  comes with aioice, and only this question needs it

    found: list[Address] = []
    for adapter in ifaddr.get_adapters():
        for entry in adapter.ips:
            text = entry.ip if isinstance(entry.ip, str) else entry.ip[0]
            host = str(ipaddress.ip_address(text.partition("%")[0]))
            if kind_of(host) not in _NOT_USABLE:
                found.append(Address(host, 0))
    return tuple(dict.fromkeys(found))
