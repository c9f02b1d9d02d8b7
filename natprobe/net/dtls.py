"""DTLS over UDP (RFC 6347, and RFC 7350 for STUN and TURN), whatever the certificate."""

from natprobe.address import Address
from natprobe.events import Trace
from natprobe.net.clock import Clock
from natprobe.net.endpoint import ignore
from natprobe.net.handshake import Roots, Secured
from natprobe.net.messages import MessageEndpoint
from natprobe.net.tls import secure
from natprobe.net.trouble import Trouble
from natprobe.net.udp import open_udp


async def open_dtls(
    remote: Address, clock: Clock, trace: Trace, *, server_name: str, roots: Roots, timeout_s: float
) -> Secured | Trouble:
    """Speaks DTLS 1.2 with `remote`; each datagram is a message. `server_name` is the host that was dialled."""
    carrier = open_udp(clock, ignore, family=remote.family, remote=remote)
    if isinstance(carrier, Trouble):
        return carrier
    opened = await secure(carrier, "dtls", remote, clock, server_name=server_name, roots=roots, timeout_s=timeout_s)
    if isinstance(opened, Trouble):
        return opened
    channel, handshake = opened
    endpoint = MessageEndpoint(channel, clock, trace, transport="dtls", remote=remote, framer=None)
    return Secured(endpoint=endpoint, handshake=handshake)
