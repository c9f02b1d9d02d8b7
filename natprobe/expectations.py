"""What does the user say that a target should be like? A check goes by it where the network alone cannot tell."""

from typing import Literal

import msgspec

SLOWEST_KBPS, FASTEST_KBPS = 20.0, 5000.0
"""The bounds of a rate that is asked for."""


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
