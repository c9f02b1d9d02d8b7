"""What is different between two runs? Frozen values, schema natprobe/diff/1; every field is always written."""

from typing import Literal

import msgspec

from natprobe.address import Address
from natprobe.model import Command, Finding, Status, Verdict

SCHEMA = "natprobe/diff/1"

Measure = Literal["round trip", "duration"]


class RunSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two runs."""

    natprobe: str
    command: Command
    started: str
    duration_ms: float
    hostname: str
    verdict: Verdict
    interrupted: bool
    checks: int


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One check whose result is not what it was, or that only one of the runs made."""

    id: str
    target: str
    asked: str | None
    transport: str | None
    address: Address | None
    """Where the check looked in the new run; for a check that is gone, in the old one."""
    old_address: Address | None
    """Where it looked in the old run, if that was another address of the same family."""
    was: Status | None
    """None where the old run did not make this check here."""
    now: Status | None
    """None where the new run did not make it."""
    was_summary: str | None
    now_summary: str | None
    findings: tuple[Finding, ...]
    """What the new run's findings say about it."""


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """Times of one cell, or of one check, that moved further than the noise rule allows."""

    target: str
    asked: str | None
    transport: str | None
    address: Address | None
    check: str | None
    """The check whose duration it is; None for the round trips of a whole cell."""
    measure: Measure
    was_ms: float
    """The median of the old run's samples."""
    now_ms: float
    was_samples: int
    now_samples: int
    proven: bool
    """Whether it lies beyond the spread of enough samples; where not, it is said of these two runs only."""


class CertificateChange(msgspec.Struct, frozen=True, kw_only=True):
    """The certificate at one place: the same one nearer to its end, or another one."""

    what: Literal["nearer", "renewed", "replaced"]
    """renewed: another certificate, which ends later; replaced: another one, which does not."""
    name: str
    """The host that was dialled."""
    subject: str
    """Of the certificate of the served chain that ends first in the new run."""
    places: tuple[str, ...]
    """Transport and address of each place that shows it."""
    not_after: str
    was_not_after: str
    days_left: int
    """At the start of the new run; negative where it has ended."""
    was_days_left: int
    """At the start of the old run."""


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """Something about this host that is another: its NAT, its candidates."""

    what: str
    was: str
    now: str


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """What the new run found that the old one did not, and the other way round."""

    schema: str = SCHEMA
    old: RunSummary
    new: RunSummary
    notes: tuple[str, ...] = ()
    """Why the two runs compare badly, a sentence each."""
    noise_rule: str
    """When a time is called slower or faster."""
    broke: tuple[Change, ...] = ()
    """Worked, and does not now, or is no longer offered: the exit code is 1."""
    mended: tuple[Change, ...] = ()
    """Failed, or was not offered, and works now."""
    still_broken: tuple[Change, ...] = ()
    surfaced: tuple[Change, ...] = ()
    """Fails now, and the old run did not tell whether it worked, or did not ask."""
    untold: tuple[Change, ...] = ()
    """Was told, and is now inconclusive or not tested."""
    told: tuple[Change, ...] = ()
    """Was inconclusive or not tested, and is told now."""
    warned: tuple[Change, ...] = ()
    """Passed, and warns now."""
    cleared: tuple[Change, ...] = ()
    """Warned, and passes now; or failed, and is now merely not offered."""
    new_checks: tuple[Change, ...] = ()
    gone_checks: tuple[Change, ...] = ()
    unchanged: int
    """How many checks ended as before."""
    slower: tuple[Pace, ...] = ()
    faster: tuple[Pace, ...] = ()
    certificates: tuple[CertificateChange, ...] = ()
    findings_came: tuple[Finding, ...] = ()
    findings_went: tuple[Finding, ...] = ()
    host: tuple[Turn, ...] = ()
    """What is different about this host: NAT and candidates."""
