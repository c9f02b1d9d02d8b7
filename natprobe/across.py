"""Which faults show only when the checks of several cells lie side by side? Pure: checks → checks."""

from typing import Any

import msgspec

from natprobe.model import Check, Status

_SILENT_UDP = "udp-port-blocked"
_ENOUGH_SERVERS = 2


def client_without_udp(checks: tuple[Check, ...]) -> tuple[Check, ...]:
    """Several servers that are silent over UDP and live over TCP have this host in common.

    One answer over UDP, from whomever, disproves it.
    """
    reached = [check for check in checks if check.transport in {"udp", "dtls"} and check.status in _LIVES]
    silent = [check for check in checks if _SILENT_UDP in check.findings and check.address is not None]
    servers = {check.address.host for check in silent if check.address}
    if reached or len(servers) < _ENOUGH_SERVERS:
        return checks
    return tuple(_renamed(check, _SILENT_UDP, "udp-blocked-client") if check in silent else check for check in checks)


def misleading_records(checks: tuple[Check, ...]) -> tuple[Check, ...]:
    """A dead cell to which SRV or NAPTR led is a fault of these records as well (RFC 5928)."""
    led = {check.asked: check.evidence for check in checks if check.id == "dns.resolve" and _led(check.evidence)}
    return tuple(
        _added(check, "dns-srv-mismatch", _record(check, led[check.asked]))
        if check.asked in led and _is_dead(check)
        else check
        for check in checks
    )


def _led(evidence: dict[str, Any]) -> bool:
    return bool(_sources(evidence))


def _sources(evidence: dict[str, Any]) -> set[str]:
    services = (evidence.get("discovery") or {}).get("services", ())
    return {service.get("source") for service in services} & {"srv", "naptr"}


def _record(check: Check, evidence: dict[str, Any]) -> dict[str, str]:
    """Whose records, and the name of the one that led here (RFC 5928 section 3)."""
    host = str(evidence.get("name", ""))
    scheme, protocol = check.target.partition(":")[0], "udp" if check.transport in {"udp", "dtls"} else "tcp"
    return {"host": host, "name": f"_{scheme}._{protocol}.{host}" if "srv" in _sources(evidence) else f"NAPTR {host}"}


def _is_dead(check: Check) -> bool:
    return check.id in {"turn.reach", "stun.binding"} and check.status is Status.FAIL


def _renamed(check: Check, old: str, new: str) -> Check:
    findings = tuple(new if finding == old else finding for finding in check.findings)
    facts = {new if finding == old else finding: said for finding, said in check.facts.items()}
    return msgspec.structs.replace(check, findings=findings, facts=facts)


def _added(check: Check, finding: str, said: dict[str, str]) -> Check:
    if finding in check.findings:
        return check
    facts = {"address": str(check.address), "detail": check.summary} | said
    return msgspec.structs.replace(check, findings=(*check.findings, finding), facts={**check.facts, finding: facts})


_LIVES = frozenset({Status.PASS, Status.WARN})
