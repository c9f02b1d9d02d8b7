"""What shows only across checks: report → report with its statuses settled, its findings in sentences, its verdict.

Pure. A transport that the user did not name, and that is dead while another one lives, was not offered; an address
that is dead beside a live one is a warning. One fault seen on several cells is told once.
"""

from collections.abc import Iterable, Sequence

import msgspec

from natprobe.across import named_by_answers, side_by_side
from natprobe.across.amend import LED, names_transport
from natprobe.across.private_hosts import seen_from_afar
from natprobe.catalogue import entry_of
from natprobe.fold import verdict_of
from natprobe.model import Check, Finding, Report, Status
from natprobe.roots import by_root, living_hosts

REACHES = ("turn.reach", "stun.binding", "ice.gather", "port.tcp", "port.udp")
ABSENT = frozenset(
    {
        "udp-port-refused", "udp-port-blocked", "udp-port-unreachable", "tcp-port-refused", "tcp-port-blocked",
        "tcp-port-unreachable", "tcp-accept-no-answer", "tcp-accept-then-close", "uri-wrong-service-port",
        "tls-no-listener", "dtls-off", "host-unreachable", "all-ports-blocked-host-down", "udp-blocked-client",
        "dns-srv-mismatch", "ice-error-701",
    }
)  # fmt: skip
"""What says that a service is not there. Whoever answers wrongly is there, and broken."""
REFUSALS = frozenset({"stun-binding-401", "stun-binding-refused", "stun-420"})
"""What a server said that is there, and does not serve; another transport that is dead beside it is not the fault."""
_PROVED_BY: dict[str, tuple[str, ...]] = {
    # The table in which this fault was measured has both other paths whole; where they are dead, they are the fault.
    "turn-r2r-mapped-to-wrong-local-ip": ("turn.relay-in", "turn.relay-out"),
}


def diagnose(report: Report) -> Report:
    """`report` with what its checks mean together. Diagnosing twice changes nothing."""
    seen = side_by_side(living_hosts(report.checks))
    by_target: dict[str, list[Check]] = {}
    for check in seen:
        by_target.setdefault(check.asked or check.target, []).append(check)
    settled = tuple(_settled(check, by_target[check.asked or check.target]) for check in seen)
    checks = named_by_answers(seen_from_afar(settled, report.vantage))
    told = msgspec.structs.replace(report, checks=checks)
    return msgspec.structs.replace(told, findings=_findings(told), verdict=verdict_of(told))


def _settled(check: Check, checks: Sequence[Check]) -> Check:
    """`check` beside all `checks` of its target."""
    if check.status is not Status.FAIL:
        return check
    return _settled_reach(check, checks) if check.id in REACHES else _explained(check, checks)


def _settled_reach(check: Check, checks: Sequence[Check]) -> Check:
    if not ABSENT.issuperset(check.findings):
        return check
    alive = [other for other in checks if other.id == check.id and _lives(other)]
    there = [*alive, *(other for other in checks if other.id == check.id and not REFUSALS.isdisjoint(other.findings))]
    if not names_transport(check) and any(other.address == check.address for other in there):
        return _not_offered(check)
    if not alive:
        return check
    if any(other.transport == check.transport for other in alive):
        return _dead_address(check, alive)
    return check


def _explained(check: Check, checks: Sequence[Check]) -> Check:
    """`check` without the findings whose proof needs another check of the same cell to have passed."""
    if _PROVED_BY.keys().isdisjoint(check.findings):
        return check
    same_cell = {other.id: other for other in checks if _cell(other) == _cell(check)}
    kept = tuple(
        finding
        for finding in check.findings
        if all(other not in same_cell or _lives(same_cell[other]) for other in _PROVED_BY.get(finding, ()))
    )
    return msgspec.structs.replace(check, findings=kept)


def _cell(check: Check) -> tuple[object, ...]:
    return check.asked, check.target, check.address, check.transport


def _lives(check: Check) -> bool:
    return check.status in {Status.PASS, Status.WARN}


def _not_offered(check: Check) -> Check:
    finding = {"dtls": "dtls-off"}.get(check.transport or "", "transport-not-offered")
    if check.transport == "tcp" and check.id == "turn.reach":
        finding = "turn-no-tcp-fallback"
    if "udp-blocked-client" in check.findings:
        finding = "udp-blocked-client"
    facts = _carried(check) | {"transport": check.transport or "", "detail": check.summary}
    return msgspec.structs.replace(
        check,
        status=Status.SKIP if finding == "dtls-off" else Status.WARN,
        summary=f"not offered: {check.summary}",
        findings=(finding,),
        facts={finding: facts},
    )


def _dead_address(check: Check, alive: list[Check]) -> Check:
    six_is_dead = check.address is not None and check.address.family == 6
    four_lives = any(other.address is not None and other.address.family == 4 for other in alive)
    finding = "dns-aaaa-dead" if six_is_dead and four_lives else "address-dead"
    facts = _carried(check) | {"seen": ", ".join(str(other.address) for other in alive), "detail": check.summary}
    return msgspec.structs.replace(
        check,
        status=Status.WARN,
        summary=f"{check.summary}; {alive[0].address} answers",
        findings=(finding,),
        facts={finding: facts},
    )


def _carried(check: Check) -> dict[str, str]:
    return next(iter(check.facts.values()), {})


def _findings(report: Report) -> tuple[Finding, ...]:
    told: dict[tuple[str, str | None], list[Check]] = {}
    for check in report.checks:
        for finding in check.findings:
            told.setdefault((finding, check.asked or check.target), []).append(check)
    return by_root(_finding(finding, checks) for (finding, _), checks in told.items())


def _finding(finding: str, checks: list[Check]) -> Finding:
    told, first = entry_of(finding), checks[0]
    filled = told.fill(first.facts.get(finding, {}))
    return Finding(
        id=finding,
        severity=told.severity,
        target=_subject(checks),
        check=first.id,
        address=first.address,
        title=filled.title,
        cause=filled.cause,
        fix=filled.fix,
        evidence=filled.evidence + _elsewhere(checks),
    )


def _subject(checks: list[Check]) -> str:
    """The one cell that it was seen at, or the target as it was asked; whose answer named it stays with it."""
    first = checks[0]
    asked = first.asked or first.target
    if len(checks) > 1:
        return asked
    _, led, origin = asked.partition(LED)
    return f"{first.target}{led}{origin}"


def _elsewhere(checks: list[Check]) -> str:
    places = _unique(f"{check.address} over {check.transport}" for check in checks if check.address)
    return f" Seen at {', '.join(places)}." if len(checks) > 1 and places else ""


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
