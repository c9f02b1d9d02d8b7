"""Which addresses does the server answer from? Up to two hosts times two ports, as RFC 5780 section 6 wants them."""

import msgspec

from natprobe.address import Address
from natprobe.wire.plain_values import ChangeRequest


class Grid(msgspec.Struct, frozen=True):
    """The server's addresses of one family: every host answers on both ports."""

    hosts: tuple[str, ...]
    ports: tuple[int, int]

    @property
    def primary(self) -> Address:
        """The address that clients are told."""
        return Address(self.hosts[0], self.ports[0])

    @property
    def addresses(self) -> tuple[Address, ...]:
        """All of them, the primary one first."""
        return tuple(Address(host, port) for host in self.hosts for port in self.ports)

    @property
    def discovers(self) -> bool:
        """Whether NAT behaviour can be discovered with it, which takes two hosts (RFC 5780 section 6)."""
        return len(self.hosts) > 1

    def changed(self, address: Address, change: ChangeRequest) -> Address:
        """The address that differs from `address` as `change` asks; a host stays where there is no other."""
        host = next((h for h in self.hosts if h != address.host), address.host) if change.change_ip else address.host
        port = next((p for p in self.ports if p != address.port), address.port) if change.change_port else address.port
        return Address(host, port)

    def other(self, address: Address) -> Address | None:
        """OTHER-ADDRESS as seen from `address`, or None where nothing can be discovered (RFC 5780 section 7.4)."""
        return self.changed(address, ChangeRequest(change_ip=True, change_port=True)) if self.discovers else None


def grid_of(grids: tuple[Grid, ...], address: Address) -> Grid | None:
    """The grid that `address` belongs to, or None (a TLS listener stands in none)."""
    return next((grid for grid in grids if address in grid.addresses), None)
