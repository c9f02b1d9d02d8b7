"""A private address that is silent from here: is its host down, or is this host not in its network? Pure.

Silence proves nothing about a host that only its own network reaches. Where something has told already that the address
is private, a URI or a name, that is why nothing answers; else it is told here. Only of an address next to this host's
own (the same /24, or /64 over IPv6) can it be said that the host is down.
"""

from collections.abc import Iterator

from natprobe.across.amend import LED, renamed
from natprobe.address import kind_of, same_network
from natprobe.model import Check, Vantage

_DOWN, _SILENT = "all-ports-blocked-host-down", "private-address-silent"
_URI, _NAME = "uri-private-host", "dns-private-address"
_INNER = frozenset({"private", "cgnat"})


def seen_from_afar(checks: tuple[Check, ...], vantage: Vantage) -> tuple[Check, ...]:
    """The checks; what is silent at a private address is told as that."""
    return tuple(_placed(check, checks, vantage) if _DOWN in check.findings else check for check in checks)


def _placed(check: Check, checks: tuple[Check, ...], vantage: Vantage) -> Check:
    host = check.address.host if check.address else ""
    if not host or kind_of(host) not in _INNER:
        return check
    told = next(_told(check, host, checks), None)
    if told is not None:
        return renamed(check, _DOWN, *told)
    if any(same_network(host, own) for own in vantage.addresses):
        return check
    own = ", ".join(vantage.addresses) or "not known"
    return renamed(check, _DOWN, _SILENT, {"kind": kind_of(host), "names": own})


def _told(check: Check, host: str, checks: tuple[Check, ...]) -> Iterator[tuple[str, dict[str, str]]]:
    """The findings, with their facts, that say of this address that it is private."""
    uri, _, _ = (check.asked or check.target).partition(LED)
    for other in checks:
        if other.asked == check.asked and _NAME in other.facts:
            yield _NAME, other.facts[_NAME]
        if other.facts.get(_URI, {}).get("host") == host and host in uri:
            yield _URI, other.facts[_URI] | {"uri": uri}
