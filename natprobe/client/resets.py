"""Who resets the connections to a port: the host, or something before it?

A reset of the host itself has crossed as many routers as what accepts connections on its other ports. Where it has
crossed fewer, a firewall or a gateway on the way sent it, or the host whose containers hold those other ports.
"""

import msgspec

from natprobe.address import Address
from natprobe.client.control import NEIGHBOURS
from natprobe.client.hold import Hold
from natprobe.net.raw import Segment, answers

_INITIALS = (32, 64, 128, 255)
"""With which hop limits systems send."""


class ResetOrigin(msgspec.Struct, frozen=True, kw_only=True):
    """How many routers the reset of a port has crossed, and how many the answer of a port that is open."""

    hops: int
    open_port: int
    open_hops: int

    @property
    def nearer(self) -> int:
        """By how many routers the reset's sender is nearer."""
        return self.open_hops - self.hops


async def reset_origin(hold: Hold, address: Address) -> ResetOrigin | None:
    """None where it cannot be told: no privilege, no scapy, no reset, or no open port to compare with."""
    others = tuple(Address(address.host, port) for port in NEIGHBOURS if port != address.port)
    heard = await answers((address, *others), hold.clock)
    reset = heard.get(address)
    accepted = {other.port: _hops(heard[other].ttl) for other in others if _is(heard.get(other), "accepted")}
    if reset is None or not _is(reset, "reset") or len(set(accepted.values())) != 1:
        return None
    port, hops = next(iter(accepted.items()))
    return ResetOrigin(hops=_hops(reset.ttl), open_port=port, open_hops=hops)


def _is(segment: Segment | None, kind: str) -> bool:
    return segment is not None and segment.kind == kind


def _hops(ttl: int) -> int:
    return next(initial for initial in _INITIALS if ttl <= initial) - ttl
