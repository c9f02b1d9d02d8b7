"""Will a call between two hosts be direct, by which candidates, or does it need a relay, and is there one? Pure."""

from typing import Literal

import msgspec

from natprobe.catalogue import entry_of
from natprobe.events import Raised
from natprobe.model import Finding, Report
from natprobe.pairing import three
from natprobe.pairing.host import Host, from_report
from natprobe.pairing.link import End, Link, link
from natprobe.pairing.rules import outcome

Path = Literal["host", "srflx", "prflx", "relay", "none"]
_FAMILIES = {4: "IPv4", 6: "IPv6"}
_ORDER = {True: 0, None: 1, False: 2}


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of the call."""

    direct: bool | None
    """None: it can't be told, and `reason` says why."""
    path: Path
    """The best path that can be counted on; `none` where no direct pair forms and no relay works."""
    reason: str
    findings: tuple[Finding, ...] = ()


def verdict(a: Report, b: Report, names: tuple[str, str] = ("A", "B")) -> Verdict:
    """The verdict on a call between the hosts of two kept reports. Symmetric: the order changes nothing."""
    return judge(from_report(names[0], a), from_report(names[1], b))


def judge(a: Host, b: Host) -> Verdict:
    """The verdict on a call between two hosts."""
    first, second = sorted((a, b), key=lambda host: host.name)
    chosen = _best(_links(first, second))
    relay = _relay(first, second)
    path: Path = chosen.path if chosen.direct else ("none" if relay is False else "relay")
    return Verdict(
        direct=chosen.direct,
        path=path,
        reason=f"{_sentence(chosen.why, first.name, second.name)}. {_about_turn(first, second)}",
        findings=_findings((*chosen.raised, *_about(chosen, first, second, relay=relay))),
    )


def _links(a: Host, b: Host) -> tuple[Link, ...]:
    pairs = [(one, two) for one in a.accesses for two in b.accesses if one.family == two.family]
    links = [link(End(a, one), End(b, two)) for one, two in pairs]
    if len({each.why for each in links}) > 1:
        links = [_named(each, one.family) for each, (one, _) in zip(links, pairs, strict=True)]
    by_tcp = three.either((a.passive_tcp, b.passive_tcp))
    if by_tcp is not False:
        known = "" if by_tcp else "; whether a firewall lets the connection in is not known"
        why = f"a passive TCP candidate can be connected to without UDP (RFC 6544){known}"
        links.append(Link(direct=by_tcp, path="host", why=why))
    return tuple(links)


def _named(found: Link, family: int) -> Link:
    return msgspec.structs.replace(found, why=f"over {_FAMILIES[family]} {found.why}")


def _best(links: tuple[Link, ...]) -> Link:
    if not links:
        return Link(direct=None, why="the two reports measured no address family in common, so it can't be told")
    return min(links, key=lambda each: (_ORDER[each.direct], _PATHS.index(each.path)))


def _relay(a: Host, b: Host) -> bool | None:
    """Whether some relayed pair forms: through either relay alone, or from relay to relay."""
    alone = (three.both((one.turn, _reaches(one, other))) for one, other in ((a, b), (b, a)))
    return three.either((three.both((a.turn, b.turn)), *alone))


def _reaches(owner: Host, peer: Host) -> bool | None:
    """Whether `peer` reaches the relay of `owner` over UDP without a relay of its own."""
    ways = [
        outcome(owner.relay, nat) != "relay" if access.udp is not False else False
        for access in peer.accesses
        for nat in access.nats or (owner.relay,)
    ]
    told = three.agreed(ways)
    unsure = any(access.udp is None for access in peer.accesses)
    return None if unsure and told else told


def _about(chosen: Link, a: Host, b: Host, *, relay: bool | None) -> tuple[Raised, ...]:
    broken = " and ".join(host.name for host in (a, b) if host.turn is False)
    if chosen.direct:
        facts = {"detail": f"no relay works from {broken}"}
        return (Raised(id="ice-all-hides-broken-turn", facts=facts),) if broken else ()
    needed = (Raised(id="ice-needs-relay", facts={"detail": chosen.why}),)
    missing = (Raised(id="ice-no-relay", facts={"detail": f"no relay that both can use works from {broken}"}),)
    return (*(needed if chosen.direct is False else ()), *(missing if relay is False else ()))


def _about_turn(a: Host, b: Host) -> str:
    works = " and ".join(host.name for host in (a, b) if host.turn)
    broken = " and ".join(host.name for host in (a, b) if host.turn is False)
    told = (
        f"A TURN relay works from {works}." if works else "",
        f"No TURN relay works from {broken}." if broken else "",
    )
    return " ".join(filter(None, told)) or "Whether a TURN relay works is not known; `natprobe check` tells."


def _findings(raised: tuple[Raised, ...]) -> tuple[Finding, ...]:
    unique = {each.id: each for each in raised}.values()
    return tuple(_finding(each) for each in unique)


def _finding(raised: Raised) -> Finding:
    told = entry_of(raised.id)
    said = told.fill(raised.facts)
    return Finding(
        id=raised.id,
        severity=told.severity,
        title=said.title,
        cause=said.cause,
        fix=said.fix,
        evidence=said.evidence,
    )


def _sentence(clause: str, *names: str) -> str:
    """The clause with a capital, but where a host's name stands first, which is kept as it is written."""
    return clause if clause.startswith(names) else clause[0].upper() + clause[1:]


_PATHS = ("host", "srflx", "prflx")
