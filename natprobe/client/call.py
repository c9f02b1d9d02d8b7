"""What is known of a call that one or two agents of this host tried to make: values alone, cheap to read."""

from typing import Annotated, Literal

import msgspec

from natprobe.address import Address
from natprobe.ice.priority import RelayProtocol

Policy = Literal["relay", "all"]
Role = Literal["controlling", "controlled"]
"""RFC 8445 section 6.1.1."""
Count = Annotated[int, msgspec.Meta(ge=0, le=2**31)]
Milliseconds = Annotated[float, msgspec.Meta(ge=0, le=1e9)]
"""Both bounded, since a page tells some of them."""


class Pair(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One candidate pair, and how its checks ended."""

    local: Address
    """The base, or the relayed address: what packets are sent from."""
    local_type: str
    remote: Address
    remote_type: str
    state: str
    relay_protocol: RelayProtocol | None = None
    """How this side reaches its relay, where the pair is by one of its own."""
    sent: int = 0
    """Checks that were sent, each repeat counted."""
    answered: int = 0
    """Answers to them that said yes."""
    rtt_ms: float | None = None
    """Of the last answer."""

    @property
    def relayed(self) -> bool:
        """Whether a TURN server carries it, of whichever side."""
        return "relay" in {self.local_type, self.remote_type}


class Checks(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All connectivity checks of this side together (RFC 8445 section 7)."""

    sent: int = 0
    answered: int = 0
    refused: int = 0
    """Answers 401: the other end does not know these credentials."""
    conflicts: int = 0
    """Answers 487: both ends claimed one role (RFC 8445 section 7.2.5.1)."""
    received: int = 0
    """Checks of the other end that bore the right credentials."""
    strange: int = 0
    """Checks that bore wrong ones, and were answered 401."""


class Flow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Numbered parcels in one direction."""

    sent: Count | None = None
    """None where the sender did not tell."""
    arrived: Count | None = None
    """None where the receiver did not tell."""
    jitter_ms: Milliseconds | None = None
    """Interarrival jitter at the receiver (RFC 3550 section 6.4.1)."""

    @property
    def lost(self) -> int | None:
        """How many did not arrive; None where one of the ends did not tell."""
        return None if self.sent is None or self.arrived is None else max(0, self.sent - self.arrived)


class Quality(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What data showed of the selected pair."""

    by: Literal["data", "checks", "data-channel"] = "data"
    """Own parcels over the pair; Binding requests where the other end takes no data of ours; a browser's channel."""
    outward: Flow = Flow()
    """To the other end; for `checks` there and back, since a lost answer looks like a lost request."""
    inward: Flow = Flow()
    """From the other end."""
    rtt_ms: Milliseconds | None = None
    """The median of the round trips."""


class Call(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The evidence of one call, as one agent saw it."""

    policy: Policy
    candidates: tuple[tuple[str, ...], tuple[str, ...]]
    """The types of this end's candidates, and of the other end's."""
    role: Role
    connect_ms: float | None = None
    """From the first check to the nominated pair; None where none was found."""
    waited_ms: float | None = None
    """How long was checked, where none was found."""
    selected: Pair | None = None
    checks: Checks = Checks()
    pairs: tuple[Pair, ...] = ()
    direct_refuted: bool | None = None
    """Where a relay was selected: whether every direct pair stayed unanswered, asked for two seconds more. None where
    that was not asked."""
    names: tuple[str, ...] = ()
    """The other end's .local names that were not resolved here."""
    denied: tuple[str, ...] = ()
    """Peers for which a relay gave no permission, each with the code."""
    quality: Quality | None = None
    trouble: str | None = None

    @property
    def refuted(self) -> tuple[Pair, ...]:
        """The direct pairs that were asked and never answered."""
        return tuple(pair for pair in self.pairs if not pair.relayed and pair.sent and not pair.answered)
