"""What do the relays of this host's several addresses say together (`natprobe gather`)? Pure: checks → checks.

Where one address has a relay and another one none, the way from that address is at fault, and not the server; where
none has one, what the checks of the routed address tell is the cause for all.
"""

import msgspec

from natprobe.across.amend import added, names_transport, without
from natprobe.model import Check, Status

FURTHER = "ice.relay"
_MISSING = "ice-relay-missing-from-address"
_UNREACHED = frozenset(
    {"udp-port-blocked", "udp-port-refused", "udp-port-unreachable", "host-unreachable", "all-ports-blocked-host-down"}
)


def by_address(checks: tuple[Check, ...]) -> tuple[Check, ...]:
    """The checks of relays, each by what the other addresses of this host prove about it."""
    further = {_cell(check): check for check in checks if check.id == FURTHER and check.evidence}
    if not further:
        return checks
    routed = {_cell(check): _routed(check, checks) for check in further.values()}
    return tuple(_seen_from_others(check, further.get(_cell(check)), routed.get(_cell(check))) for check in checks)


def heard(check: Check) -> bool:
    """Whether `check`, one of several addresses, had any answer at all."""
    exchanges = (each for view in check.evidence.get("views", ()) for each in view.get("exchanges", ()))
    return any(each.get("answered_ms") is not None for each in exchanges)


def _cell(check: Check) -> tuple[object, ...]:
    return check.asked, check.target, check.transport, check.address


def _routed(further: Check, checks: tuple[Check, ...]) -> str | None:
    """The address that routing picks, if it got a relay."""
    cell = {check.id: check for check in checks if _cell(check) == _cell(further)}
    if "turn.allocate" not in cell or "relayed" not in cell["turn.allocate"].evidence:
        return None
    return _local(cell["turn.reach"]) if "turn.reach" in cell else None


def _local(reach: Check) -> str | None:
    local = reach.evidence.get("local")
    return str(local["host"]) if local else None


def _seen_from_others(check: Check, further: Check | None, routed: str | None) -> Check:
    if further is None:
        return check
    got = [str(view["base"]["host"]) for view in further.evidence["views"] if "relayed" in view]
    got = [routed, *got] if routed else got
    if check.id == FURTHER and _MISSING in check.findings:
        facts = check.facts[_MISSING] | {"seen": ", ".join(got)}
        known = {**check.facts, _MISSING: facts}
        return msgspec.structs.replace(check, facts=known) if got else without(check, frozenset({_MISSING}))
    if check.id == "turn.reach" and got and not _UNREACHED.isdisjoint(check.findings):
        return _of_its_way(check, ", ".join(got))
    return check


def _of_its_way(reach: Check, seen: str) -> Check:
    """The routed address alone does not reach the server."""
    facts = {"uri": reach.target, "local": _local(reach) or "the routed address", "seen": seen}
    status = reach.status if names_transport(reach) else Status.WARN
    summary = f"{reach.summary}; from {seen} it answers"
    told = added(without(reach, _UNREACHED), _MISSING, facts | {"detail": reach.summary})
    return msgspec.structs.replace(told, status=status, summary=summary)
