"""What a browser told of its end of a call: values out of its getStats, bounded, as evidence."""

from typing import Annotated, Literal

import msgspec

from natprobe.client.call import Count, Milliseconds, Quality
from natprobe.ice.priority import RelayProtocol

MOST_PAIRS = 100
Short = Annotated[str, msgspec.Meta(max_length=64)]
Text = Annotated[str, msgspec.Meta(max_length=300)]
Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
IceState = Literal["new", "checking", "connected", "completed", "disconnected", "failed", "closed"]
Connection = Literal["new", "connecting", "connected", "disconnected", "failed", "closed"]


class BrowserCandidate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One end of a pair, as the browser shows it."""

    type: Literal["host", "srflx", "prflx", "relay"]
    protocol: Literal["udp", "tcp"] = "udp"
    host: Short | None = None
    """An address, or a .local name; None where the browser hides it."""
    port: Port | None = None
    relay_protocol: RelayProtocol | None = None


class BrowserPair(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One candidate pair of its check list."""

    local: BrowserCandidate
    remote: BrowserCandidate
    state: Short
    sent: Count = 0
    """Checks that it sent, consent included."""
    answered: Count = 0
    rtt_ms: Milliseconds | None = None
    """Its own measure (currentRoundTripTime)."""

    @property
    def relayed(self) -> bool:
        """Whether a TURN server carries it, of whichever side."""
        return "relay" in {self.local.type, self.remote.type}


class BrowserMiss(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An icecandidateerror event."""

    url: Text
    code: Annotated[int, msgspec.Meta(ge=0, le=999)]
    text: Text = ""


class BrowserEnd(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything that one page told."""

    browser: Text = ""
    """Its user agent."""
    ice: IceState = "new"
    """Its iceConnectionState in the end."""
    connection: Connection = "new"
    """Its connectionState: that of ICE and DTLS together."""
    channel: bool = False
    """Whether its data channel opened."""
    connect_ms: Milliseconds | None = None
    """From the remote description to the connected state of ICE."""
    selected: BrowserPair | None = None
    pairs: Annotated[tuple[BrowserPair, ...], msgspec.Meta(max_length=MOST_PAIRS)] = ()
    candidates: Annotated[tuple[Short, ...], msgspec.Meta(max_length=64)] = ()
    """The types of its own candidates; a host candidate behind a .local name is `mdns`."""
    missed: Annotated[tuple[BrowserMiss, ...], msgspec.Meta(max_length=20)] = ()
    quality: Quality | None = None

    @property
    def connected(self) -> bool:
        """Whether ICE has connected."""
        return self.ice in {"connected", "completed"}

    @property
    def refuted(self) -> tuple[BrowserPair, ...]:
        """The direct pairs that were asked and never answered."""
        return tuple(pair for pair in self.pairs if not pair.relayed and pair.sent and not pair.answered)
