"""What is happening: the events of a run, in the order in which they are told."""

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from natprobe.address import Address
from natprobe.model import Candidate, CandidateError, Command, Nat, Status, Vantage

TransportName = Literal["udp", "tcp", "tls", "dtls"]


class RunStarted(msgspec.Struct, frozen=True, kw_only=True, tag="run-started"):
    """The first event of every run."""

    natprobe: str
    command: Command
    started: str
    deadline_ms: float
    vantage: Vantage
    targets: tuple[str, ...]


class Raised(msgspec.Struct, frozen=True, kw_only=True):
    """A finding that a judge raises: its id in the catalogue and the facts that fill the catalogue's sentences."""

    id: str
    facts: dict[str, str] = {}


class CheckPlanned(msgspec.Struct, frozen=True, kw_only=True, tag="check-planned"):
    """A check will be made: what a progress display counts."""

    at_ms: float
    id: str
    title: str
    target: str
    asked: str | None = None
    group: str | None = None
    address: Address | None = None
    transport: TransportName | None = None


class CheckStarted(msgspec.Struct, frozen=True, kw_only=True, tag="check-started"):
    """A check's needs are met and it has begun."""

    at_ms: float
    id: str
    target: str
    address: Address | None = None
    transport: TransportName | None = None


class CheckAdvanced(msgspec.Struct, frozen=True, kw_only=True, tag="check-advanced"):
    """A check that takes long is still at work: for a progress display alone, nothing is judged by it."""

    at_ms: float
    id: str
    target: str
    address: Address | None = None
    transport: TransportName | None = None
    done: float
    total: float
    unit: str
    """What is counted, in the plural: ports, seconds."""


class CheckEnded(msgspec.Struct, frozen=True, kw_only=True, tag="check-ended"):
    """A check was judged on its own evidence."""

    id: str
    target: str
    asked: str | None = None
    group: str | None = None
    address: Address | None = None
    transport: TransportName | None = None
    status: Status
    summary: str
    started_ms: float
    duration_ms: float
    evidence: dict[str, Any] = {}
    raised: tuple[Raised, ...] = ()


# gc=False: no circle can hold one, and a dashboard keeps many thousands.
class Packet(msgspec.Struct, frozen=True, kw_only=True, tag="packet", gc=False):
    """One message that crossed a socket of ours, above TLS and DTLS; `data` is redacted before it is kept."""

    at_ms: float
    transport: TransportName
    direction: Literal["sent", "received"]
    local: Address
    remote: Address
    data: bytes


class NatClassified(msgspec.Struct, frozen=True, kw_only=True, tag="nat-classified"):
    """This host's NAT is known as far as it can be."""

    at_ms: float
    nat: Nat


class CandidateFound(msgspec.Struct, frozen=True, kw_only=True, tag="candidate"):
    """An ICE candidate was gathered."""

    candidate: Candidate


class CandidateMissed(msgspec.Struct, frozen=True, kw_only=True, tag="candidate-error"):
    """A server gave no candidate."""

    error: CandidateError


class RunEnded(msgspec.Struct, frozen=True, kw_only=True, tag="run-ended"):
    """The last event of every run, an interrupted one included."""

    at_ms: float
    interrupted: bool = False


Event = (
    RunStarted
    | CheckPlanned
    | CheckStarted
    | CheckAdvanced
    | CheckEnded
    | Packet
    | NatClassified
    | CandidateFound
    | CandidateMissed
    | RunEnded
)
Emit = Callable[[Event], None]
Trace = Callable[[Packet], None]
