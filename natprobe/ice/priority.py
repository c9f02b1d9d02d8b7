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
_FAMILIES, _PLACES = 2, 8
_SERVERS = _ORDERS // (len(_PROTOCOL_ORDER) * _PLACES)


def priority(kind: CandidateType, local_preference: int) -> int:
    """Section 5.1.2.1's formula, for component 1."""
    return (TYPE_PREFERENCE[kind] << 24) | (local_preference << 8) | (256 - COMPONENT)


def local_preference(rank: int, server: int = 0) -> int:
    """0 to 65535, and unlike for each address of this host (`rank`) and server.

    The address counts most, so that address families take turns as section 5.1.2.2 asks.
    """
    return _preference(rank, min(server, _ORDERS - 1))


def relay_preference(rank: int, place: int, server: int, through: RelayProtocol) -> int:
    """The same for relays: unlike for each family (`rank`), protocol, address of this host (`place`) and server.

    The protocol counts before the address, as in browsers: a relay over TCP holds media up by its retransmissions, from
    whichever address. Servers beyond the eighth come after all others.
    """
    more, server = divmod(server, _SERVERS)
    order = (_PROTOCOL_ORDER.index(through) * _PLACES + min(place, _PLACES - 1)) * _SERVERS + server
    return _preference(rank + _FAMILIES * more, order)


def _preference(rank: int, order: int) -> int:
    return (_RANKS - 1 - min(rank, _RANKS - 1)) * _ORDERS + (_ORDERS - 1 - order)


def foundation(kind: CandidateType, base: str, protocol: str, server: str = "", through: str = "") -> str:
    """The same text for candidates of one type, base address, protocol, and server and way there; 1-10 digits."""
    return str(zlib.crc32(f"{kind}|{base}|{protocol}|{server}|{through}".encode()))
