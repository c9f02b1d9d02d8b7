"""What every transport looks like to the rest of natprobe: whole messages in, whole messages or trouble out."""

from typing import Protocol

import msgspec

from natprobe.address import Address
from natprobe.events import Packet, TransportName
from natprobe.net.trouble import Trouble


class Datagram(msgspec.Struct, frozen=True):
    """One message that arrived."""

    data: bytes
    source: Address
    at: float
    """When it arrived, in seconds since the run's start."""


class Endpoint(Protocol):
    """A socket of ours that carries messages. Nothing that the network does raises an exception here."""

    @property
    def transport(self) -> TransportName:
        """What carries the messages."""

    @property
    def local(self) -> Address:
        """Where we send from."""

    @property
    def remote(self) -> Address | None:
        """Where messages go by default; None on a UDP endpoint that was opened without one."""

    def send(self, data: bytes, to: Address | None = None) -> None:
        """Sends one message at once. Never blocks; trouble comes out of receive(). `to` has a meaning on UDP only."""

    async def receive(self) -> Datagram | Trouble:
        """The next message or trouble. After a final trouble (closed, reset …) it is returned again and again.

        Sets no time limit and is safe to cancel: nothing that arrived is lost. For one reader at a time.
        """

    async def close(self) -> None:
        """Releases the socket within 100 ms. A second call does nothing."""


class Carrier(Endpoint, Protocol):
    """An Endpoint below TLS, DTLS or framing: what it carries are chunks, and it can say that it has ended."""

    @property
    def ended(self) -> Trouble | None:
        """The final trouble, where the end has come; what arrived before may still wait in receive()."""


def ignore(_packet: Packet) -> None:
    """A trace that keeps nothing, for the layers below TLS and DTLS."""
