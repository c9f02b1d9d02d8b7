"""Which faults show only when the checks of several cells lie side by side? Pure: checks → checks."""

from typing import Any

import msgspec

from natprobe.across.addresses import FURTHER, by_address, heard
from natprobe.across.amend import LED, added, renamed, without
from natprobe.across.certificates import another_site, not_reloaded
from natprobe.address import Address
from natprobe.model import Check, Status

_SILENT_UDP = "udp-port-blocked"
_WRONG_PORT = "uri-wrong-service-port"
_UNHEARD = frozenset({_SILENT_UDP, "udp-port-refused"})
_WRONG_ANSWERS = frozenset(
    {
        "stun-420", "stun-answer-malformed", "stun-binding-401", "stun-binding-refused", "stun-classic-only",
        "stun-wrong-source", "tls-handshake-failed", "tls-too-old-only",
    }
)  # fmt: skip
"""What only an answer brings about."""
_ENOUGH_SERVERS = 2
_DEAD_AT = frozenset({"turn.reach", "stun.binding", "dns.resolve"})


def side_by_side(checks: tuple[Check, ...]) -> tuple[Check, ...]:
    """The checks, each with what the others prove about it. Twice changes nothing."""
    for look in _LOOKS:
        checks = look(checks)
    return checks


def client_without_udp(checks: tuple[Check, ...]) -> tuple[Check, ...]:
    """Several servers that are silent over UDP and live over TCP have this host in common.

    One answer over UDP, from whomever, disproves it.
    """
    reached = any(check.transport in {"udp", "dtls"} and _is_answered(check) for check in checks)
    silent = [check for check in checks if _SILENT_UDP in check.findings and check.address is not None]
    servers = {check.address.host for check in silent if check.address}
    if reached or len(servers) < _ENOUGH_SERVERS:
        return checks
    return tuple(renamed(check, _SILENT_UDP, "udp-blocked-client") if check in silent else check for check in checks)


def _is_answered(check: Check) -> bool:
    """Whether the server said anything, be it wrong; a port that is silent as it shall be has not."""
    if check.id == FURTHER:
        return heard(check)
    if check.id.startswith("port."):
        return any(run["answer"]["word"] == "open" for run in check.evidence.get("runs", ()))
    return check.status in _LIVES or not _WRONG_ANSWERS.isdisjoint(check.findings)


def another_service(checks: tuple[Check, ...]) -> tuple[Check, ...]:
    """A port that is another service's over TCP is not meant over UDP either: no firewall is blamed for its silence."""
    taken = {_port(check): check for check in checks if _WRONG_PORT in check.findings and check.transport == "tcp"}
    return tuple(
        _retold(check, _WRONG_PORT, taken[_port(check)]) if _port(check) in taken and _is_unheard(check) else check
        for check in checks
    )


def _port(check: Check) -> tuple[object, ...]:
    return check.id, check.asked, check.address


def _is_unheard(check: Check) -> bool:
    return check.transport == "udp" and not _UNHEARD.isdisjoint(check.findings)


def _retold(check: Check, finding: str, other: Check) -> Check:
    """`check` with another check's finding in place of its own."""
    return msgspec.structs.replace(check, findings=(finding,), facts={finding: other.facts[finding]})


def rival_credentials(checks: tuple[Check, ...]) -> tuple[Check, ...]:
    """A coturn that accepts one kind of credential refuses the other kind, however right it is.

    With `use-auth-secret` it reads no `user=` line, and without it no user name holds a time. Other servers take both.
    """
    coturns = frozenset(check.address for check in checks if _is_coturn(check))
    tried = tuple(_tried(check, coturns) for check in checks)
    accepted = [each for each in tried if each is not None and each.outcome == "success"]
    return tuple(_of_other_kind(check, own, accepted) for check, own in zip(checks, tried, strict=True))


class _Tried(msgspec.Struct, frozen=True):
    """A credential that was put to a coturn."""

    address: Address
    user: str
    timed: bool
    """Whether its user name holds a time (TURN REST)."""
    outcome: str
    code: int | None


def _tried(check: Check, coturns: frozenset[Address | None]) -> _Tried | None:
    credential, exchanges = check.evidence.get("credential"), check.evidence.get("exchanges")
    if check.id != "turn.allocate" or check.address is None or not credential or not exchanges:
        return None
    if check.address not in coturns:
        return None
    last = exchanges[-1]
    timed = bool(credential["looks_like_rest"])
    return _Tried(check.address, credential["username"], timed, last["outcome"], last.get("code"))


def _is_coturn(check: Check) -> bool:
    return check.id == "turn.challenge" and "coturn" in str(check.evidence.get("software") or "").lower()


def _of_other_kind(check: Check, own: _Tried | None, accepted: list[_Tried]) -> Check:
    if own is None or own.code != 401:
        return check
    rival = next((each for each in accepted if each.address == own.address and each.timed != own.timed), None)
    if rival is None:
        return check
    kind = "which is time-limited" if rival.timed else "whose name holds no time"
    detail = f"it accepts {rival.user}, {kind}, and coturn takes one kind only"
    known = next(iter(check.facts.values()), {})
    return added(without(check, _GUESSED), "turn-auth-mode-mismatch", known | {"user": own.user, "detail": detail})


_GUESSED = frozenset({"turn-auth-401-bad-credentials", "turn-auth-rest-wrong-secret"})
"""What a 401 suggests while nothing better is known."""


def misleading_records(checks: tuple[Check, ...]) -> tuple[Check, ...]:
    """A dead cell to which SRV or NAPTR led is a fault of these records as well (RFC 5928)."""
    resolved = {check.asked: check.evidence for check in checks if check.id == "dns.resolve"}
    return tuple(_misled(check, resolved.get(check.asked, {})) if _is_dead(check) else check for check in checks)


def _misled(check: Check, resolved: dict[str, Any]) -> Check:
    """`check`, the record that led to its cell blamed, where there is one; the name is that of RFC 5928 section 3."""
    source, host = _source(check, resolved), str(resolved.get("name", ""))
    if source is None:
        return check
    scheme, protocol = check.target.partition(":")[0], "udp" if check.transport in {"udp", "dtls"} else "tcp"
    name = f"_{scheme}._{protocol}.{host}" if source == "srv" else f"NAPTR {host}"
    return added(check, "dns-srv-mismatch", {"host": host, "name": name})


def _source(check: Check, resolved: dict[str, Any]) -> str | None:
    """Which kind of record led to the cell; None where the default port did."""
    cell = check.transport, check.address.port if check.address else None
    services = (resolved.get("discovery") or {}).get("services", ())
    led = (each["source"] for each in services if (each["transport"], each["port"]) == cell)
    return next((source for source in led if source in {"srv", "naptr"}), None)


def named_by_answers(checks: tuple[Check, ...]) -> tuple[Check, ...]:
    """What an answer named and does not work is a fault of that answer as well: users get it from there."""
    return tuple(_blamed(check, checks) if check.status is Status.FAIL else check for check in checks)


def _blamed(check: Check, checks: tuple[Check, ...]) -> Check:
    _, led, origin = (check.asked or "").rpartition(LED)
    if not led:
        return check
    facts = {"uri": origin, "name": check.target, "detail": check.summary}
    if origin.startswith("iceconfig+") and check.id in _DEAD_AT:
        return added(check, "iceconfig-private-or-dead-server", facts)
    if origin.startswith("iceconfig+"):
        return _refused(check, facts, checks)
    if origin.startswith("apprtc+") and check.target.startswith("collider+"):
        return added(check, "sig-apprtc-wss", facts | {"uri": check.target})
    return check


def _refused(check: Check, facts: dict[str, str], checks: tuple[Check, ...]) -> Check:
    """`check`, its credential's issuer blamed where it was refused for its credential."""
    finding = next((each for each in check.findings if each.startswith("turn-auth-")), None)
    if check.id != "turn.allocate" or finding is None:
        return check
    user = check.facts.get(finding, {}).get("user", "")
    asked = check.evidence.get("exchanges") or [{}]
    facts = facts | {"user": user, "code": str(asked[-1].get("code") or "")}
    left_s = _left_s(user, facts["uri"], checks) if finding == "turn-auth-rest-expired" else None
    if left_s is not None and left_s > 0:  # past by this host's clock, and not by its issuer's
        late = facts | {"detail": f"by that clock {left_s:.0f} s are left, and by this host's none"}
        check = added(check, "turn-auth-clock-skew", late)
    return added(check, "iceconfig-turn-rejects", facts)


def _left_s(user: str, origin: str, checks: tuple[Check, ...]) -> float | None:
    """What `user` had left by its issuer's clock; None where that is not known."""
    expiry = next((each for each in checks if each.id == "iceconfig.expiry" and each.target == origin), None)
    told = expiry.evidence.get("credentials", ()) if expiry else ()
    return next((each.get("left_s") for each in told if each.get("user") == user), None)


def _is_dead(check: Check) -> bool:
    return check.id in {"turn.reach", "stun.binding"} and check.status is Status.FAIL


_LIVES = frozenset({Status.PASS, Status.WARN})
_LOOKS = (
    by_address,
    client_without_udp,
    another_service,
    misleading_records,
    rival_credentials,
    another_site,
    not_reloaded,
)
