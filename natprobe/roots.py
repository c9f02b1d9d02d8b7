"""Which of several targets' faults have one root? Pure: what a fault is called, and in which order faults are told.

A name that does not resolve, a host that is down or a certificate breaks every target behind it. Such a fault has the
same title at each of them, and stands before what only one target has.
"""

from collections import Counter
from collections.abc import Iterable

import msgspec

from natprobe.model import Check, Finding, Severity, Status

_DOWN = "all-ports-blocked-host-down"
_BLOCKED = {"udp": "udp-port-blocked", "dtls": "dtls-off"}
_REFUSED = frozenset({"udp-port-refused", "tcp-port-refused", "tls-no-listener"})
_SPOKEN = frozenset({"open", "refused", "rejected"})
"""Answers of a port (see `natprobe.client.ports`) that its host, or the firewall before it, gave."""
_SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
_DEPTHS = {"dns": 0, "port": 1, "tls": 3}
_REACHES = frozenset({"turn.reach", "stun.binding"})
_SHALLOW, _DEEPEST = 2, 4


def living_hosts(checks: tuple[Check, ...]) -> tuple[Check, ...]:
    """A host that answers one target is not down, however silent it is to another: a port of it is shut."""
    alive: dict[str, Check] = {}
    for check in checks:
        if check.address is not None and _answers(check):
            alive.setdefault(check.address.host, check)
    return tuple(
        _shut(check, alive[check.address.host])
        if _DOWN in check.findings and check.address is not None and check.address.host in alive
        else check
        for check in checks
    )


def _answers(check: Check) -> bool:
    """Whether somebody at the address said anything, be it no."""
    if check.id.startswith("port."):  # a port that is closed as expected may well be silent
        return any(run["answer"]["word"] in _SPOKEN for run in check.evidence.get("runs", ()))
    lives = check.id in _REACHES or check.id.startswith("tls.")
    return (lives and check.status is Status.PASS) or not _REFUSED.isdisjoint(check.findings)


def _shut(check: Check, other: Check) -> Check:
    finding = _BLOCKED.get(check.transport or "", "tcp-port-blocked")
    facts = check.facts.get(_DOWN, {}) | {"detail": f"{other.target} is answered at {other.address}"}
    findings = tuple(finding if each == _DOWN else each for each in check.findings)
    kept = {each: said for each, said in check.facts.items() if each != _DOWN}
    return msgspec.structs.replace(check, findings=findings, facts=kept | {finding: facts})


def by_root(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Errors first; of these what breaks most targets, and of that what others build upon; else as they were told."""
    told = tuple(findings)
    targets = Counter(_root(finding) for finding in told)
    return tuple(sorted(told, key=lambda finding: _rank(finding, targets[_root(finding)])))


def _root(finding: Finding) -> tuple[str, str]:
    return finding.id, finding.title


def _rank(finding: Finding, targets: int) -> tuple[int, int, int]:
    depth = _depth(finding.check or "") if targets > 1 else _DEEPEST
    return _SEVERITIES.index(finding.severity), -targets, depth


def _depth(check: str) -> int:
    return _SHALLOW if check in _REACHES else _DEPTHS.get(check.partition(".")[0], _DEEPEST)
