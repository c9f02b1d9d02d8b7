"""Does a direct pair form between two hosts over one address family, by which candidates, and why?"""

from typing import Literal

import msgspec

from natprobe.address import same_network
from natprobe.events import Raised
from natprobe.pairing import three
from natprobe.pairing.host import Access, Host
from natprobe.pairing.nat import Nat
from natprobe.pairing.rules import Outcome, outcome, outcome_with_lite
from natprobe.pairing.words import because, unknown_words

Direct = Literal["host", "srflx", "prflx"]
_DIRECT: dict[Outcome, bool | None] = {"direct": True, "direct-by-prflx": True, "uncertain": None, "relay": False}
_SECURELY: tuple[Direct, ...] = ("host", "srflx", "prflx")


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """What may become of the pair over one family."""

    direct: bool | None
    path: Direct = "srflx"
    why: str
    raised: tuple[Raised, ...] = ()


class End(msgspec.Struct, frozen=True):
    """One host over one address family."""

    host: Host
    access: Access

    @property
    def name(self) -> str:
        """The host's name."""
        return self.host.name


def link(a: End, b: End) -> Link:
    """The link between `a` and `b`, which are of one address family."""
    blocked = tuple(end for end in (a, b) if end.access.udp is False)
    if blocked:
        return _blocked(blocked)
    mapped = a.access.mapped, b.access.mapped
    if mapped[0] and mapped[1] and mapped[0].host == mapped[1].host:
        return _one_nat(a, b)
    return _two_nats(a, b)


def _two_nats(a: End, b: End) -> Link:
    found = {_outcome(a.host, each, b.host, other): (each, other) for each in a.access.nats for other in b.access.nats}
    direct = three.agreed(_DIRECT[each] for each in found)
    if None in (a.access.udp, b.access.udp):
        direct = None if direct is not False else direct
    unknown = unknown_words(((a.name, a.access.unknown), (b.name, b.access.unknown)))
    worst = max(found, key=_WORSE.index)
    nats = found[worst]
    if len(found) > 1 or (unknown and direct is None):
        why = _MEANS[direct].format(unknown)
    else:
        why = because(worst, (a.name, nats[0], a.host.lite), (b.name, nats[1], b.host.lite))
    path = max((_path(each, *pair) for each, pair in found.items()), key=_SECURELY.index)
    return Link(direct=direct, path=path, why=why, raised=_raised(a, b, nats, direct=direct))


def _outcome(a: Host, nat_a: Nat, b: Host, nat_b: Nat) -> Outcome:
    """Where both are lite, each must be open to the other."""
    ways = [outcome_with_lite(nat_a, nat_b)] if a.lite else []
    ways += [outcome_with_lite(nat_b, nat_a)] if b.lite else []
    return max(ways, key=_WORSE.index) if ways else outcome(nat_a, nat_b)


def _path(found: Outcome, a: Nat, b: Nat) -> Direct:
    if found != "direct":
        return "prflx"
    return "host" if a.mapping == b.mapping == "none" else "srflx"


def _blocked(ends: tuple[End, ...]) -> Link:
    names = " and ".join(sorted(end.name for end in ends))
    each = "; each needs a TURN relay over TCP or TLS" if len(ends) > 1 else ": it needs a TURN relay over TCP or TLS"
    return Link(
        direct=False, why=f"UDP does not leave the network of {names}{each}", raised=(Raised(id="nat-udp-blocked"),)
    )


def _one_nat(a: End, b: End) -> Link:
    """Host candidates first; between its own public mappings the NAT must hairpin (RFC 4787 section 6, REQ-9)."""
    local = a.access.local, b.access.local
    mapped = a.access.mapped.host if a.access.mapped else ""
    if local[0] and local[1] and local[0].host == local[1].host and (a.host.machine == b.host.machine):
        return Link(direct=True, path="host", why="both reports were made on one host")
    if local[0] and local[1] and local[0].host != local[1].host and same_network(local[0].host, local[1].host):
        why = f"both stand behind {mapped} in one local network, where host candidates reach each other unless the "
        return Link(direct=True, path="host", why=f"{why}access point keeps its guests apart")
    told = (a.access.hairpinning, b.access.hairpinning)
    hairpinning = three.either(each for each in told if each is not None) if told != (None, None) else None
    through = _two_nats(a, b)
    if hairpinning and through.direct:
        return msgspec.structs.replace(
            through, why=f"both stand behind {mapped}, which loops packets back; {through.why}"
        )
    loops = _LOOPS[hairpinning]
    raised = (Raised(id="nat-no-hairpin", facts={"mapped": mapped}),) if hairpinning is False else ()
    why = f"both stand behind {mapped}, and {loops}: a direct pair needs a route between their local addresses"
    return Link(direct=None, path="host", why=why, raised=raised)


def _raised(a: End, b: End, nats: tuple[Nat, Nat], *, direct: bool | None) -> tuple[Raised, ...]:
    raised: list[Raised] = []
    for end, nat, other in ((a, *nats), (b, *nats[::-1])):
        mapped = str(end.access.mapped) if end.access.mapped else end.name
        if nat.arbitrary and direct is False and _DIRECT[outcome(Nat(nat.mapping, nat.filtering), other)]:
            raised.append(Raised(id="nat-ip-pooling-arbitrary", facts={"mapped": mapped}))
        if end.host.lite and direct is False:
            raised.append(Raised(id="ice-lite-behind-nat", facts={"address": mapped}))
    if direct and a.access.family == 6 and all(str(nat) == "none/APDF" for nat in nats):
        address = str(a.access.local) if a.access.local else a.name
        raised.append(Raised(id="ice-ipv6-firewalled", facts={"address": address}))
    return tuple(raised)


_MEANS: dict[bool | None, str] = {
    True: "whatever {} may be, every NAT that fits what is known connects",
    False: "whatever {} may be, no NAT that fits what is known connects directly",
    None: "it can't be told without {}",
}
_LOOPS: dict[bool | None, str] = {
    True: "no pair of its mappings fits",
    False: "it does not loop packets back",
    None: "it is not known whether it loops packets back",
}
_WORSE: tuple[Outcome, ...] = ("direct", "direct-by-prflx", "uncertain", "relay")
