"""How much of an answer is taken, however much comes."""

import msgspec


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of one exchange. An answer that goes past them is told as such; it costs no more than they say."""

    head_bytes: int = 65_536
    """Of one header block, interim answers (1xx) counted each for itself."""
    fields: int = 100
    interim: int = 8
    """How many 1xx answers may come before the final one (RFC 9110 section 15.2)."""
    body_bytes: int = 262_144
    """Of the body, before and after its content coding is undone."""
    connect_s: float = 3.0
    """For the handshakes of TCP and TLS together."""
    total_s: float = 8.0
    """For everything, from the first packet to the last byte."""
