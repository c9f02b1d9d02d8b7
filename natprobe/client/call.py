"""What is known of a call that two agents of this host tried to make: values alone, so that reading them is cheap."""

import itertools
from typing import Literal

import msgspec

from natprobe.address import Address
from natprobe.events import TransportName
from natprobe.net.trust import Trust
from natprobe.wire.session import Login

Policy = Literal["relay", "all"]


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """The TURN server that both agents use, which serves STUN over UDP as well."""

    address: Address
    host: str
    """The host as dialled, which its certificate must name."""
    transport: TransportName
    login: Login | None
    trust: Trust | None = None
    """For TLS: whom to trust."""


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """One candidate pair of the controlling agent, and how its checks ended."""

    local: Address
    local_type: str
    remote: Address
    remote_type: str
    state: str


class Quality(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Parcels to the other agent and back again."""

    sent: int
    arrived: int
    """At the other agent."""
    returned: int
    rtt_ms: float | None = None
    """The median."""
    jitter_ms: float | None = None
    """Interarrival jitter of what returned (RFC 3550 section 6.4.1)."""


class Call(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The evidence of one call."""

    policy: Policy
    candidates: tuple[tuple[str, ...], tuple[str, ...]]
    """The types of each agent's candidates."""
    connect_ms: float | None = None
    """From the first check to the nominated pair on both sides; None where none was found."""
    selected: Pair | None = None
    pairs: tuple[Pair, ...] = ()
    quality: Quality | None = None
    trouble: str | None = None


def jitter_ms(trips: list[float]) -> float | None:
    """RFC 3550 section 6.4.1's estimator over transit times in the order of sending; None for fewer than two."""
    if len(trips) < 2:
        return None
    jitter = 0.0
    for earlier, later in itertools.pairwise(trips):
        jitter += (abs(later - earlier) - jitter) / 16
    return round(jitter, 3)
