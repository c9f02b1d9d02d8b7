"""Which candidate is preferred (RFC 8445 section 5.1.2), and which ones may be checked as one (section 5.1.1.3)?"""

import zlib
from typing import Literal

CandidateType = Literal["host", "srflx", "prflx", "relay"]
RelayProtocol = Literal["udp", "tcp", "tls", "dtls"]

COMPONENT = 1
"""RTP and RTCP share one component since browsers multiplex them (RFC 8834 section 4.5)."""
TYPE_PREFERENCE: dict[CandidateType, int] = {"host": 126, "prflx": 110, "srflx": 100, "relay": 0}
_PROTOCOL_ORDER: tuple[RelayProtocol, ...] = ("udp", "dtls", "tcp", "tls")
_RANKS, _ORDERS = 256, 256
_SERVERS = _ORDERS // len(_PROTOCOL_ORDER)


def priority(kind: CandidateType, local_preference: int) -> int:
    """Section 5.1.2.1's formula, for component 1."""
    return (TYPE_PREFERENCE[kind] << 24) | (local_preference << 8) | (256 - COMPONENT)


def local_preference(rank: int, server: int = 0, through: RelayProtocol = "udp") -> int:
    """0 to 65535, and unlike for each address of this host (`rank`), server and protocol towards it.

    The address counts most, so that address families take turns as section 5.1.2.2 asks; then a relay over UDP comes
    before one over TCP, whose retransmissions hold media up.
    """
    order = _PROTOCOL_ORDER.index(through) * _SERVERS + min(server, _SERVERS - 1)
    return (_RANKS - 1 - min(rank, _RANKS - 1)) * _ORDERS + (_ORDERS - 1 - order)


def foundation(kind: CandidateType, base: str, protocol: str, server: str = "", through: str = "") -> str:
    """The same text for candidates of one type, base address, protocol, and server and way there; 1-10 digits."""
    return str(zlib.crc32(f"{kind}|{base}|{protocol}|{server}|{through}".encode()))
