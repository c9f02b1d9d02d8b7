"""How does the mapping depend on the destination? RFC 4787 section 4.1, told by what destinations saw of one socket.

Only answers count here: a destination that was silent says nothing. Two addresses tell whether the mapping depends on
the destination; whether on its address or on its port as well takes two ports of one address (RFC 5780 section 4.3).
"""

from collections import Counter
from collections.abc import Iterable
from itertools import groupby

import msgspec

from natprobe.address import Address
from natprobe.wire.behaviour.words import Mapping


class View(msgspec.Struct, frozen=True, order=True):
    """One destination, and the address that it saw our socket at."""

    destination: Address
    mapped: Address


class MappingVerdict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the views add up to."""

    word: Mapping
    dependent: bool | None = None
    """Whether the mapping differs by destination; None where it is not known."""
    dissent: Address | None = None
    """What fewer destinations than agree with each other said they saw, at another host: a false word, or another way
    out of this network."""
    contradictory: bool = False
    """Whether the views disagree in a way that no single behaviour explains."""
    unstable: bool = False
    """Whether one and the same destination saw the socket at different addresses."""
    mapped: Address | None = None
    seen: Address | None = None
    """Another address that the same socket was seen at."""
    why: str
    """A clause: what it rests on, or what is missing."""


def mapping_of(views: Iterable[View], local: Address) -> MappingVerdict:
    """The mapping behaviour of the NAT in front of the socket `local`."""
    known = _comparable(tuple(sorted(set(views))))
    if not known:
        return MappingVerdict(word="unknown", why="no server told the mapped address")
    mapped = tuple(dict.fromkeys(view.mapped for view in known))
    if len({view.destination for view in known}) < len(known):
        why = "one and the same destination saw the socket at different addresses"
        return msgspec.structs.replace(_contradiction(known, why), unstable=True)
    if local in mapped:
        return _untranslated(known, mapped, local)
    if len(mapped) == 1:
        return _constant(known)
    return _varying(known)


def _comparable(views: tuple[View, ...]) -> tuple[View, ...]:
    """The public destinations, where there are any: a server inside the network sees an untranslated address."""
    public = tuple(view for view in views if view.destination.kind == "public")
    return public or views


def _untranslated(views: tuple[View, ...], mapped: tuple[Address, ...], local: Address) -> MappingVerdict:
    if len(mapped) > 1:
        return _contradiction(views, "some destinations see the local address, others a translated one")
    why = f"{_count(views)} the socket at its own address"
    return MappingVerdict(word="none", dependent=False, mapped=local, why=why)


def _constant(views: tuple[View, ...]) -> MappingVerdict:
    hosts, only = {view.destination.host for view in views}, views[0].mapped
    if len(hosts) > 1:
        why = f"{_count(views)} the socket at the same address"
        return MappingVerdict(word="endpoint-independent", dependent=False, mapped=only, why=why)
    why = f"only {hosts.pop()} answered, and the comparison takes a server at another address"
    return MappingVerdict(word="unknown", mapped=only, why=why)


def _varying(views: tuple[View, ...]) -> MappingVerdict:
    agreed = _outvoting(views)
    if agreed is not None:
        return agreed
    hosts = [[view.mapped for view in group] for _, group in groupby(views, lambda view: view.destination.host)]
    if len({view.mapped for view in views}) == len(views):
        return _each_its_own(views, two_ports=any(len(mapped) > 1 for mapped in hosts))
    one_each = [set(mapped) for mapped in hosts if len(set(mapped)) == 1]
    if len(one_each) == len(hosts) == len(set.union(*one_each)):
        why = "two ports of one address see the same mapping, another address sees another one"
        return _dependent("address-dependent", views, why)
    return _contradiction(views, "some destinations share a mapping, others do not, and no rule explains which")


def _outvoting(views: tuple[View, ...]) -> MappingVerdict | None:
    """Endpoint-independent by the word of most, where those that differ name another host; else None.

    A mapping that depends on the destination's address shows no two of them the same transport address.
    """
    seen = {host: {view.mapped for view in group} for host, group in groupby(views, lambda view: view.destination.host)}
    if any(len(mapped) > 1 for mapped in seen.values()):
        return None
    words = Counter(mapped for (mapped,) in seen.values())
    (most, times), *others = words.most_common()
    if times <= len(seen) - times or any(mapped.host == most.host for mapped, _ in others):
        return None
    dissent = others[0][0]
    why = f"{times} of {len(seen)} servers saw the socket at the same address; what is told beside it is {dissent}"
    return MappingVerdict(
        word="endpoint-independent", dependent=False, mapped=most, seen=dissent, dissent=dissent, why=why
    )


def _each_its_own(views: tuple[View, ...], *, two_ports: bool) -> MappingVerdict:
    if two_ports:
        return _dependent("address-and-port-dependent", views, "each port of each address sees another mapping")
    if len({view.mapped.host for view in views}) > 1:
        # A NAT with one address differs in the port alone.
        why = "the servers see this host at different addresses: several ways out, or one of them is wrong; ask a third"
        return _contradiction(views, why)
    why = "each address sees another mapping; whether the port counts too takes a server with two ports"
    return _dependent("unknown", views, why)


def _dependent(word: Mapping, views: tuple[View, ...], why: str) -> MappingVerdict:
    first = views[0].mapped
    other = next(view.mapped for view in views if view.mapped != first)
    return MappingVerdict(word=word, dependent=True, mapped=first, seen=other, why=why)


def _contradiction(views: tuple[View, ...], why: str) -> MappingVerdict:
    first = views[0].mapped
    other = next((view.mapped for view in views if view.mapped != first), None)
    return MappingVerdict(word="unknown", contradictory=True, mapped=first, seen=other, why=why)


def _count(views: tuple[View, ...]) -> str:
    return f"{len(views)} destinations saw" if len(views) > 1 else f"{views[0].destination} saw"
