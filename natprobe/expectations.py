"""What does the user say that a target should be like? A check goes by it where the network alone cannot tell."""

from typing import Literal

import msgspec

SLOWEST_KBPS, FASTEST_KBPS = 20.0, 5000.0
"""The bounds of a rate that is asked for."""
FEWEST_SAMPLES, MOST_SAMPLES = 2, 16
"""The bounds of how many relayed ports are asked for."""
SAMPLES_AT_ONCE = 4
"""As many further allocations are held at a time: gentle to a server, and to the quota of its user."""
_ROUND_S = 3.0


class Expectations(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The expectations that a deployment file, or an option, states about one target."""

    closed: bool = False
    """The ports shall not be reachable from here."""
    max_rtt_ms: float | None = None
    """The longest round trip that is good enough."""
    min_cert_days: int = 30
    """With fewer days left a certificate is told as ending soon."""
    min_rate_kbps: float | None = None
    """What a relay shall carry each way, in kbit/s. None leaves that untested, since it is a load."""
    relay_samples: int | None = None
    """How many further relayed ports a stranger shall write to. None leaves that untested: each takes an allocation."""
    page: str | None = None
    """The web page that uses the target: its scheme decides about mixed content, its origin is what browsers send."""
    cors_credentials: bool = False
    """The page fetches with cookies (`credentials: "include"`)."""
    method: Literal["GET", "POST"] | None = None
    """How clients ask an endpoint; None where that is not known."""
    subprotocol: str | None = None
    """The WebSocket sub-protocol that clients ask for (RFC 6455 section 1.9)."""
    namespace: str | None = None
    """The Socket.IO namespace that clients connect to."""
    idle_s: float | None = None
    """A silence in seconds that a WebSocket shall survive; None leaves that untested, since it takes as long."""


def sampling_s(samples: int | None) -> float:
    """How long it takes to look at so many relayed ports, all of them silent, in seconds."""
    return -(-(samples or 0) // SAMPLES_AT_ONCE) * _ROUND_S
