"""What does the server want done? The closed list of effects that its core tells its shell."""

from typing import Literal

import msgspec

from natprobe.address import Address

Transport = Literal["udp", "tcp", "tls"]
STREAMS: frozenset[Transport] = frozenset({"tcp", "tls"})


class FiveTuple(msgspec.Struct, frozen=True):
    """Who speaks to which of the server's addresses, over what: the name of an allocation (RFC 8656 section 2)."""

    transport: Transport
    client: Address
    server: Address


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """Send `data` from `source` to `to`; over a stream, to the connection of `five_tuple`."""

    data: bytes
    five_tuple: FiveTuple
    source: Address
    to: Address
    delay_s: float = 0.0

    def __repr__(self) -> str:
        return f"Reply({len(self.data)} bytes, {self.five_tuple.transport} {self.source} to {self.to})"


class HangUp(msgspec.Struct, frozen=True):
    """Close the connection of this 5-tuple."""

    five_tuple: FiveTuple


class OpenRelay(msgspec.Struct, frozen=True, kw_only=True):
    """Open a UDP socket on `host`; answered by `ServerCore.relay_opened` or `relay_failed`."""

    relay: int
    host: str
    even: bool = False
    """Whether its port must be even (RFC 8656 section 18.7)."""


class CloseRelay(msgspec.Struct, frozen=True):
    """Close this relay's socket."""

    relay: int


class RelayOut(msgspec.Struct, frozen=True, kw_only=True):
    """Send `data` to `peer` from the relayed transport address; with `detour`, from another port of its host."""

    relay: int
    peer: Address
    data: bytes
    detour: bool = False

    def __repr__(self) -> str:
        return f"RelayOut(relay {self.relay}, {len(self.data)} bytes to {self.peer})"


Effect = Reply | HangUp | OpenRelay | CloseRelay | RelayOut
Effects = tuple[Effect, ...]
