"""What does a kept report know of a media gateway that it checked: is it an ICE-lite agent, and is it open to all?"""

import itertools
from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from natprobe.address import Address
from natprobe.model import Check, Report
from natprobe.pairing.nat import FILTERINGS, Nat

_MEDIA = frozenset({"janus.media", "srs.media"})
_INFO = "janus.info"
OPEN = Nat("none", "open")
"""A public port that answers whoever asks."""
SHUT = tuple(Nat("none", filtering) for filtering in FILTERINGS[2:])
"""A public port that does not: which filter keeps strangers out is not known."""

_TRIED = frozenset({"silent", "rejected", "foreign", "active"})
"""What became of TCP candidates that nobody can connect to."""

Family = Literal[4, 6]


class Gateway(msgspec.Struct, frozen=True, kw_only=True):
    """A media server as its own answers, and its ports, show it."""

    lite: bool
    """Whether it says `a=ice-lite` (RFC 8839 section 5.3), or Janus' info does."""
    ports: tuple[tuple[Address, tuple[Nat, ...]], ...]
    """The best of its public UDP candidates of each family, and what stands before it."""
    passive_tcp: bool | None
    """Whether one of its public TCP candidates took a connection and answered; None where one was not tried."""


def gateway(report: Report) -> Gateway | None:
    """The gateway that `report` checked; None where it checked none."""
    media = [check for check in report.checks if check.id in _MEDIA]
    informed = [check for check in report.checks if check.id == _INFO]
    if not (media or informed):
        return None
    lite = any(check.evidence.get("lite") for check in media) or any(map(_says_lite, informed))
    asked = [each for check in media for each in check.evidence.get("candidates") or ()]
    ports = sorted(_ports(asked), key=lambda port: (port[0].family, len(port[1])))
    best = [next(found) for _, found in itertools.groupby(ports, key=lambda port: port[0].family)]
    return Gateway(lite=lite, ports=tuple(best), passive_tcp=_passive_tcp(asked))


def _passive_tcp(asked: list[dict[str, Any]]) -> bool | None:
    public = [each.get("fate") for each in asked if each.get("protocol") == "tcp" and each.get("kind") == "public"]
    if "answered" in public:
        return True
    return False if _TRIED.issuperset(public) else None


def _says_lite(check: Check) -> bool:
    return bool((check.evidence.get("info") or {}).get("ice_lite"))


def _ports(asked: list[dict[str, Any]]) -> Iterator[tuple[Address, tuple[Nat, ...]]]:
    for each in asked:
        if each.get("protocol") == "udp" and each.get("kind") == "public" and each.get("address"):
            known = {"answered": (OPEN,), "silent": SHUT, "rejected": SHUT}.get(each.get("fate", ""))
            if known is not None:
                yield msgspec.convert(each["address"], Address), known
