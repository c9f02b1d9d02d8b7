"""What the probes of one side of this host hold in common: one socket that every server looks at."""

from collections.abc import Iterable

import msgspec

from natprobe.address import Address
from natprobe.client.sounding import Inquiry, Sounder, Sounding, plain
from natprobe.wire.behaviour import ReachVerdict

SHORTEST_WAIT_S = 0.15
_ROUND_TRIPS = 3.0


class Offer(msgspec.Struct, frozen=True):
    """A server that says it has another address and another port (RFC 5780 section 7.4)."""

    primary: Address
    other: Address

    @property
    def other_host(self) -> Address:
        """The other address, the same port."""
        return Address(self.other.host, self.primary.port)

    @property
    def other_port(self) -> Address:
        """The same address, the other port."""
        return Address(self.primary.host, self.other.port)


class Reached(msgspec.Struct, frozen=True):
    """How this side of the host gets on with UDP."""

    verdict: ReachVerdict
    local: Address


class Port(msgspec.Struct, frozen=True):
    """One socket of ours, and where a server saw it."""

    local: Address
    mapped: Address


class Alternates(msgspec.Struct, frozen=True):
    """The other addresses of the server that offered them, to be asked from the socket of the survey."""

    host: Inquiry
    both: Inquiry
    port: Inquiry

    @property
    def everyone(self) -> tuple[Inquiry, Inquiry, Inquiry]:
        """All three."""
        return self.host, self.both, self.port


class Survey(msgspec.Struct, frozen=True):
    """The socket that every server looks at, and what is going on over it."""

    sounder: Sounder
    servers: tuple[Inquiry, ...]
    """One ordinary Binding for each server (RFC 5780 section 4.3, test I)."""
    offer: Offer | None = None
    alternates: Alternates | None = None
    ports: list[Port] = msgspec.field(default_factory=list)
    """Sockets on fresh ports, as a server saw them: how the NAT chooses its ports and addresses."""

    @property
    def answered(self) -> tuple[Inquiry, ...]:
        """The servers that have answered, the nearest first."""
        heard = [inquiry for inquiry in self.servers if inquiry.heard.is_set()]
        return tuple(sorted(heard, key=lambda inquiry: inquiry.sounding().slowest_ms))

    @property
    def hosts(self) -> frozenset[str]:
        """The addresses that its socket was seen at, by all that have answered."""
        asked = (*self.servers, *(self.alternates.everyone if self.alternates else ()))
        echoes = (echo for inquiry in asked for echo in inquiry.sounding().echoes)
        return frozenset(echo.mapped.host for echo in echoes if echo.mapped is not None)

    @property
    def wait_s(self) -> float:
        """How long an answer may still be on its way, by the slowest one that was seen."""
        alternates = self.alternates.everyone if self.alternates else ()
        return longest_way_s(inquiry.sounding() for inquiry in (*self.servers, *alternates))


def longest_way_s(soundings: Iterable[Sounding]) -> float:
    """How long to wait for the answer to the last send, going by the slowest answer of `soundings`."""
    return max(SHORTEST_WAIT_S, _ROUND_TRIPS * max((each.slowest_ms for each in soundings), default=0.0) / 1000)


def offer_of(sounding: Sounding) -> Offer | None:
    """The offer that a server made, if it can be one: another address *and* another port of the same family.

    Servers with one address are known to offer that same address again, which would prove anything.
    """
    others = (echo.other for echo in sounding.echoes if echo.code is None)
    other = next((address for address in others if address is not None), None)
    if other is None or other.family != sounding.to.family:
        return None
    if other.host == sounding.to.host or other.port in {0, sounding.to.port}:
        return None
    return Offer(sounding.to, other)


def alternates_of(sounder: Sounder, offer: Offer) -> Alternates:
    """The three questions to the other addresses of `offer` (RFC 5780 section 4.3, tests II and III, and one more)."""
    return Alternates(
        host=sounder.ask(plain(offer.other_host, "Binding to the other address")),
        both=sounder.ask(plain(offer.other, "Binding to the other address and port")),
        port=sounder.ask(plain(offer.other_port, "Binding to the other port")),
    )
