"""What do the certificates of several ports say together? Pure: checks → checks.

One name may be served at many ports, of different programs: the web server has read the renewed file, and the TURN
server still shows the old one.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec

from natprobe.across.amend import added, renamed
from natprobe.model import Check, Status

_MISMATCH, _OTHER_SITE, _OLD = "tls-hostname-mismatch", "tls-wrong-server-block", "tls-renewed-not-reloaded"
_RENEWED_AFTER = timedelta(days=1)
"""Certificates of two kinds of key that were issued together are not one another's renewal."""


class _Shown(msgspec.Struct, frozen=True):
    """The certificate of one check."""

    check: Check
    name: str
    """The name that was dialled."""
    matches: bool
    leaf: dict[str, Any]

    @property
    def place(self) -> str:
        """Where it was shown, with what tells it from others."""
        return f"{self.check.address} until {self.leaf.get('not_after')} (serial {self.leaf.get('serial')})"


def another_site(checks: tuple[Check, ...]) -> tuple[Check, ...]:
    """A certificate for another name, while the right one is on that host as well: its server chose the wrong one."""
    shown = tuple(_all_shown(checks))
    return tuple(_of_another_site(check, shown, checks) if _MISMATCH in check.findings else check for check in checks)


def _of_another_site(check: Check, shown: tuple[_Shown, ...], checks: tuple[Check, ...]) -> Check:
    own = next((each for each in shown if each.check == check), None)
    if own is None or not own.leaf.get("dns_names"):
        return check
    right = next((each for each in shown if each.matches and each.name == own.name and _same_host(each, own)), None)
    if right is not None:
        return renamed(check, _MISMATCH, _OTHER_SITE, {"detail": f"it is shown at {right.check.address}"})
    if any(_shows_right_one_to_nobody(other) and _same_cell(other, check) for other in checks):
        detail = "it is shown to clients that name no server"
        return renamed(check, _MISMATCH, _OTHER_SITE, {"detail": detail})
    return check


def _shows_right_one_to_nobody(check: Check) -> bool:
    return check.id == "tls.protocol" and bool((check.evidence.get("nameless") or {}).get("matches"))


def not_reloaded(checks: tuple[Check, ...]) -> tuple[Check, ...]:
    """Of several certificates for the same names, which ports show an older one?"""
    shown = tuple(each for each in _all_shown(checks) if each.matches)
    return tuple(_with_renewal(check, shown) for check in checks)


def _with_renewal(check: Check, shown: tuple[_Shown, ...]) -> Check:
    own = next((each for each in shown if each.check == check), None)
    newer = [each for each in shown if own is not None and _renews(each, own)]
    if own is None or not newer:
        return check
    newest = max(newer, key=lambda each: str(each.leaf["not_before"]))
    told = added(check, _OLD, {"host": own.name, "detail": f"{own.place}, and {newest.place}"})
    status = Status.WARN if check.status is Status.PASS else check.status
    return msgspec.structs.replace(told, status=status)


def _renews(new: _Shown, old: _Shown) -> bool:
    """Whether `new` was issued for what `old` is for, later and for longer."""
    if new.name != old.name or {*new.leaf.get("dns_names", ())} != {*old.leaf.get("dns_names", ())}:
        return False
    begins, began = _moment(new.leaf.get("not_before")), _moment(old.leaf.get("not_before"))
    ends, ended = _moment(new.leaf.get("not_after")), _moment(old.leaf.get("not_after"))
    if begins is None or began is None or ends is None or ended is None:
        return False
    return begins - began >= _RENEWED_AFTER and ends > ended


def _moment(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None


def _all_shown(checks: Iterable[Check]) -> Iterator[_Shown]:
    for check in checks:
        handshake = check.evidence.get("handshake") if check.id == "tls.certificate" else None
        chain = (handshake or {}).get("chain")
        if handshake and chain:
            yield _Shown(check, handshake["server_name"], handshake.get("name_matches") is True, chain[0])


def _same_host(one: _Shown, other: _Shown) -> bool:
    here, there = one.check.address, other.check.address
    return here is not None and there is not None and here.host == there.host


def _same_cell(one: Check, other: Check) -> bool:
    return (one.asked, one.address) == (other.asked, other.address)
