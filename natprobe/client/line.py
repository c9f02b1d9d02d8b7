"""A line to a server: an open endpoint over any of the four transports, and its pump."""

import msgspec

from natprobe.address import Address
from natprobe.client.stun import StunClient
from natprobe.events import Trace, TransportName
from natprobe.net.clock import Clock
from natprobe.net.dtls import open_dtls
from natprobe.net.endpoint import Endpoint
from natprobe.net.handshake import Handshake, Roots
from natprobe.net.tcp import open_tcp
from natprobe.net.tls import open_tls
from natprobe.net.trouble import Trouble
from natprobe.net.udp import open_udp

OPEN_TIMEOUT_S = 2.6
"""Systems send a SYN again after 1 s and after 3 s: a second one has its time, and 3 s would not give a third any."""


class Way(msgspec.Struct, frozen=True):
    """Which server is meant, and how it is spoken to."""

    transport: TransportName
    address: Address
    server_name: str
    """The host as dialled: what its certificate must name."""


class Line(msgspec.Struct, frozen=True):
    """An open endpoint; `handshake` is there over TLS and DTLS."""

    client: StunClient
    handshake: Handshake | None = None


async def open_line(way: Way, clock: Clock, trace: Trace, roots: Roots) -> Line | Trouble:
    """Opens an endpoint as `way` says: one round trip for TCP, two more at the most for TLS and DTLS."""
    match way.transport:
        case "udp":
            return _plain(open_udp(clock, trace, family=way.address.family, remote=way.address), clock)
        case "tcp":
            return _plain(await open_tcp(way.address, clock, trace, timeout_s=OPEN_TIMEOUT_S), clock)
        case "tls" | "dtls":
            secure = open_tls if way.transport == "tls" else open_dtls
            opened = await secure(
                way.address, clock, trace, server_name=way.server_name, roots=roots, timeout_s=OPEN_TIMEOUT_S
            )
            if isinstance(opened, Trouble):
                return opened
            return Line(StunClient(opened.endpoint, clock), opened.handshake)


def _plain(endpoint: Endpoint | Trouble, clock: Clock) -> Line | Trouble:
    return endpoint if isinstance(endpoint, Trouble) else Line(StunClient(endpoint, clock))
