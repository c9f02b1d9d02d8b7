"""Which certificates got nearer to their end? Of each served chain, the certificate that ends first."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple

from natprobe.difference.match import Pair
from natprobe.difference.values import CertificateChange
from natprobe.measured import moment
from natprobe.model import Check, Report


class End(NamedTuple):
    """The certificate of one chain that ends first."""

    name: str
    subject: str
    fingerprint: str
    not_after: datetime
    written: str
    """`not_after` as the report has it."""


def certificate_changes(pairs: Iterable[Pair], old: Report, new: Report) -> tuple[CertificateChange, ...]:
    """One entry a certificate, the nearest end first; nothing where a run does not say when it began."""
    began, begins = moment(old.started), moment(new.started)
    if began is None or begins is None:
        return ()
    places: dict[tuple[End, End], list[str]] = {}
    for was, now, check in _ends(pairs):
        places.setdefault((was, now), []).append(_place(check))
    changes = [_change(was, now, began, begins, tuple(dict.fromkeys(where))) for (was, now), where in places.items()]
    told = (change for change in changes if change.what != "nearer" or change.days_left < change.was_days_left)
    return tuple(sorted(told, key=lambda change: change.days_left))


def _ends(pairs: Iterable[Pair]) -> Iterator[tuple[End, End, Check]]:
    for old, new in pairs:
        if old is None or new is None:
            continue
        was, now = first_end(old), first_end(new)
        if was is not None and now is not None:
            yield was, now, new


def first_end(check: Check) -> End | None:
    """The certificate that ends first in what the check saw; None where it saw none that can be read."""
    handshake = check.evidence.get("handshake")
    if not isinstance(handshake, Mapping) or not isinstance(handshake.get("chain"), list | tuple):
        return None
    ends = [end for each in handshake["chain"] if (end := _end(handshake, each)) is not None]
    return min(ends, key=lambda end: end.not_after, default=None)


def _end(handshake: Mapping[str, Any], certificate: Any) -> End | None:
    if not isinstance(certificate, Mapping):
        return None
    written = str(certificate.get("not_after") or "")
    not_after = moment(written)
    if not_after is None:
        return None
    return End(
        name=str(handshake.get("server_name", "")),
        subject=str(certificate.get("subject", "")),
        fingerprint=str(certificate.get("sha256", "")),
        not_after=not_after,
        written=written,
    )


def _change(was: End, now: End, began: datetime, begins: datetime, places: tuple[str, ...]) -> CertificateChange:
    return CertificateChange(
        what=_what(was, now),
        name=now.name,
        subject=now.subject,
        places=places,
        not_after=now.written,
        was_not_after=was.written,
        days_left=(now.not_after - begins).days,
        was_days_left=(was.not_after - began).days,
    )


def _what(was: End, now: End) -> Literal["nearer", "renewed", "replaced"]:
    if was.fingerprint == now.fingerprint:
        return "nearer"
    return "renewed" if now.not_after > was.not_after else "replaced"


def _place(check: Check) -> str:
    return f"{check.transport or 'tls'} {check.address}" if check.address else check.target
