"""Which protocol do these bytes belong to, when several share a port? (RFC 7983 section 7, RFC 9443)"""

from enum import Enum
from typing import Final


class Protocol(Enum):
    """What the first byte of a datagram tells. QUIC is what nobody else claims (RFC 9443)."""

    STUN = "STUN"
    ZRTP = "ZRTP"
    DTLS = "DTLS"
    CHANNEL = "TURN channel"
    RTP = "RTP or RTCP"
    QUIC = "QUIC"
    UNKNOWN = "unknown"


_RANGES: Final = (
    (range(4), Protocol.STUN),
    (range(16, 20), Protocol.ZRTP),
    (range(20, 64), Protocol.DTLS),
    (range(64, 80), Protocol.CHANNEL),
    (range(80, 128), Protocol.QUIC),
    (range(128, 192), Protocol.RTP),
    (range(192, 256), Protocol.QUIC),
)


def demultiplex(data: bytes) -> Protocol:
    """The protocol whose range the first byte is in. Only a hint: whoever reads the rest must still check it."""
    if not data:
        return Protocol.UNKNOWN
    return next((protocol for first_bytes, protocol in _RANGES if data[0] in first_bytes), Protocol.UNKNOWN)
