"""Tells a trace of every message that an endpoint carries, and of a flood no more than shows that it is one."""

from typing import Literal

from natprobe.address import Address
from natprobe.events import Packet, Trace, TransportName

MOST_BYTES = 8 << 20
MOST_MESSAGES = 10_000
"""So much of what one endpoint receives is told: several times what the heaviest check asks for."""


class Teller:
    """One endpoint's voice. What comes in beyond its bounds is handled as ever, and told to nobody."""

    def __init__(self, trace: Trace, transport: TransportName, local: Address) -> None:
        self._trace = trace
        self._transport = transport
        self._local = local
        self._bytes = self._messages = 0

    def __call__(self, direction: Literal["sent", "received"], data: bytes, remote: Address, at_ms: float) -> None:
        """Tells of one message."""
        if direction == "received":
            self._bytes += len(data)
            self._messages += 1
            if self._bytes > MOST_BYTES or self._messages > MOST_MESSAGES:
                return
        packet = Packet(
            at_ms=at_ms, transport=self._transport, direction=direction, local=self._local, remote=remote, data=data
        )
        self._trace(packet)
