"""TLS over TCP, whatever the certificate: the handshake is evidence, and the caller decides whether to go on."""

import contextlib
import importlib

from natprobe.address import Address
from natprobe.data.libwebrtc import libwebrtc_roots
from natprobe.events import Trace
from natprobe.net.clock import Clock
from natprobe.net.endpoint import Carrier
from natprobe.net.handshake import COMMON, Handshake, Kind, Offer, Roots, Secured
from natprobe.net.messages import MessageEndpoint
from natprobe.net.tcp import TcpStream, open_stream
from natprobe.net.trouble import Reason, Trouble
from natprobe.net.udp import UdpEndpoint
from natprobe.wire.framing import StreamFramer


def preload(roots: Roots) -> None:
    """Loads OpenSSL and all roots now (some 150 ms), so that the first handshake delays nobody's measurement."""
    importlib.import_module("natprobe.net.channel")
    libwebrtc_roots()
    with contextlib.suppress(ValueError):  # told by the handshake that needs it
        roots.context("tls")
        roots.context("dtls")


async def open_tls(
    remote: Address, clock: Clock, trace: Trace, *, server_name: str, roots: Roots, timeout_s: float
) -> Secured | Trouble:
    """Connects to `remote` and speaks TLS 1.2 or later; the endpoint carries STUN messages and ChannelData.

    `timeout_s` covers the TCP and the TLS handshake together. `server_name` is the host that was dialled.
    """
    opened = await open_tls_stream(remote, clock, server_name=server_name, roots=roots, timeout_s=timeout_s)
    if isinstance(opened, Trouble):
        return opened
    stream, handshake = opened
    endpoint = MessageEndpoint(stream, clock, trace, transport="tls", remote=remote, framer=StreamFramer())
    return Secured(endpoint=endpoint, handshake=handshake)


async def open_tls_stream(
    remote: Address,
    clock: Clock,
    *,
    server_name: str,
    roots: Roots,
    timeout_s: float,
    alpn: tuple[str, ...] = (),
    offer: Offer | None = None,
) -> tuple[Carrier, Handshake] | Trouble:
    """The same for raw bytes: each Datagram that the carrier receives is a piece of the decrypted stream.

    `offer` is for a ClientHello that is no common client's, in place of `alpn`.
    """
    started = clock.now()
    stream = await open_stream(remote, clock, timeout_s=timeout_s)
    if isinstance(stream, Trouble):
        return stream
    left_s = max(0.0, timeout_s - (clock.now() - started))
    offered = offer or Offer(alpn=alpn)
    return await secure(
        stream, "tls", remote, clock, server_name=server_name, roots=roots, timeout_s=left_s, offer=offered
    )


async def secure(
    carrier: TcpStream | UdpEndpoint,
    kind: Kind,
    remote: Address,
    clock: Clock,
    *,
    server_name: str,
    roots: Roots,
    timeout_s: float,
    offer: Offer = COMMON,
) -> tuple[Carrier, Handshake] | Trouble:
    """Makes the handshake on an open carrier, which is closed where that comes to nothing."""
    # OpenSSL takes its memory only where TLS is spoken.
    from natprobe.net.channel import SecureChannel  # noqa: PLC0415
    from natprobe.net.session import Session  # noqa: PLC0415

    outcome: Handshake | Trouble | None = None
    try:
        channel = SecureChannel(carrier, Session(kind, server_name, roots, offer), remote, clock)
        outcome = await channel.handshake(timeout_s=timeout_s)
    except ValueError as error:
        outcome = Trouble(reason=Reason.LOCAL, detail=str(error), at_ms=clock.now_ms())
    finally:
        if not isinstance(outcome, Handshake):
            await carrier.close()
    return outcome if isinstance(outcome, Trouble) else (channel, outcome)
