"""What is different about this host: its NAT, and the candidates that it can gather?"""

from collections import Counter
from collections.abc import Iterator

from natprobe.difference.values import Turn
from natprobe.model import NatBehaviour, Report

_TRAITS = ("type", "mapping", "filtering", "hairpinning", "pooling", "port_preservation")
_CANDIDATES = ("host", "srflx", "prflx", "relay")
_WORDS = {None: "unknown", True: "yes", False: "no"}


def turns(old: Report, new: Report) -> Iterator[Turn]:
    """NAT traits first, then how many candidates of each type there are. Nothing that only one run asked for."""
    yield from _nat(old, new)
    if old.command == new.command and (old.candidates or new.candidates):
        was, now = (Counter[str](candidate.type for candidate in report.candidates) for report in (old, new))
        for kind in _CANDIDATES:
            if was[kind] != now[kind]:
                yield Turn(what=f"{kind} candidates", was=str(was[kind]), now=str(now[kind]))


def _nat(old: Report, new: Report) -> Iterator[Turn]:
    if old.nat is None or new.nat is None:
        return
    for family, was, now in (("IPv4", old.nat.ipv4, new.nat.ipv4), ("IPv6", old.nat.ipv6, new.nat.ipv6)):
        if was is not None and now is not None:
            yield from _traits(family, was, now)


def _traits(family: str, old: NatBehaviour, new: NatBehaviour) -> Iterator[Turn]:
    for trait in _TRAITS:
        was, now = getattr(old, trait), getattr(new, trait)
        if was != now:
            name = trait.replace("_", " ")
            yield Turn(what=f"{family} NAT {name}", was=_WORDS.get(was, was), now=_WORDS.get(now, now))
    if old.mapped and new.mapped and old.mapped.host != new.mapped.host:
        yield Turn(what=f"{family} public address", was=old.mapped.host, now=new.mapped.host)
