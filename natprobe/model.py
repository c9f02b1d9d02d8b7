"""What was found: the report of contract.md, as frozen values."""

from enum import StrEnum
from typing import Any, Literal

import msgspec

from natprobe.address import Address

SCHEMA = "natprobe/report/1"

Severity = Literal["error", "warning", "info"]
Command = Literal["check", "nat", "gather", "pair", "ports", "watch", "demo", "connect"]


class Status(StrEnum):
    """How one check ended. `rank` orders them from best to worst; their text is never compared."""

    PASS = "pass"  # noqa: S105
    SKIP = "skip"
    WARN = "warn"
    INCONCLUSIVE = "inconclusive"
    FAIL = "fail"
    ERROR = "error"

    @property
    def rank(self) -> int:
        """0 for the best; a worse status has a higher rank."""
        return _RANKS[self]


_RANKS = {status: rank for rank, status in enumerate(Status)}


class Verdict(StrEnum):
    """How the whole run ended."""

    PASS = "pass"  # noqa: S105
    WARN = "warn"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


# gc=False: no circle can hold one, and a dashboard keeps many thousands.
class Check(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One result: one question (`id`, probe.step) put to one address of one target."""

    id: str
    target: str
    asked: str | None = None
    """The target as the user wrote it, where `target` is one cell of it (a transport, an address).

    One that an answer named says so: `turn:turn.example.org from iceconfig+https://www.example.org/ice`.
    """
    group: str | None = None
    """What a deployment file says that the target belongs to."""
    address: Address | None = None
    transport: str | None = None
    """udp, tcp, tls or dtls, where the check went over one."""
    status: Status
    summary: str
    started_ms: float
    duration_ms: float
    evidence: dict[str, Any] = {}
    findings: tuple[str, ...] = ()
    facts: dict[str, dict[str, str]] = {}
    """Per finding id, the facts that fill the catalogue's sentences."""


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One entry of the catalogue that the evidence of this run supports, in sentences for the operator."""

    id: str
    severity: Severity
    target: str | None = None
    check: str | None = None
    address: Address | None = None
    title: str
    cause: str
    fix: str
    evidence: str


class Vantage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where the run took place."""

    hostname: str
    platform: str
    addresses: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    """What this platform or privilege cannot observe, one sentence each."""


class NatBehaviour(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The NAT in front of one address family of this host (RFC 4787 terms, RFC 3489's word in `type`)."""

    type: str
    mapping: str
    filtering: str
    local: Address | None = None
    mapped: Address | None = None
    port_preservation: bool | None = None
    hairpinning: bool | None = None
    pooling: str | None = None
    binding_lifetime_s: float | None = None
    method: str | None = None
    confidence: float | None = None


class Nat(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """NAT behaviour of each address family; None where it was not asked for."""

    ipv4: NatBehaviour | None = None
    ipv6: NatBehaviour | None = None


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """An ICE candidate (RFC 8445, RFC 8839)."""

    candidate: str
    type: Literal["host", "srflx", "prflx", "relay"]
    protocol: Literal["udp", "tcp"]
    address: Address
    related: Address | None = None
    priority: int
    url: str | None = None
    relay_protocol: Literal["udp", "tcp", "tls", "dtls"] | None = None
    base: Address | None = None
    """Of a relay: the address of this host (port 0) that asked for it, where several addresses asked."""
    gathered_ms: float


class CandidateError(msgspec.Struct, frozen=True, kw_only=True):
    """Why a server gave no candidate: the real cause, where a browser says 701."""

    url: str
    code: int | None = None
    text: str
    base: Address | None = None
    """The address of this host (port 0) that got none, where several addresses asked."""
    at_ms: float


class Report(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything that one run found. Durations are milliseconds, `started` is RFC 3339 UTC."""

    schema: str = msgspec.field(default=SCHEMA)
    natprobe: str
    command: Command
    started: str
    duration_ms: float
    deadline_ms: float | None = None
    interrupted: bool = False
    verdict: Verdict
    vantage: Vantage
    checks: tuple[Check, ...] = msgspec.field(default=())
    findings: tuple[Finding, ...] = msgspec.field(default=())
    nat: Nat | None = None
    candidates: tuple[Candidate, ...] = ()
    candidate_errors: tuple[CandidateError, ...] = ()
