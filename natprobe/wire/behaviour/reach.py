"""Does UDP leave this network? Silence alone does not tell: the server may be down, or the whole network."""

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from natprobe.address import kind_of

Word = Literal["answered", "blocked", "unknown"]

_TRUST: Final = 0.99


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """How one server's host took to us. Each is told by the network itself."""

    host: str
    name: str = ""
    """The server as it was asked for: several addresses of one name are likely to be one service."""
    answered: bool = False
    """A STUN answer came over UDP."""
    forbidden: bool = False
    """This host's own firewall forbade sending."""
    rejected_by: str | None = None
    """Somebody on the way said by ICMP that it does not let this pass."""
    refused: bool = False
    """The host itself said by ICMP that nothing listens there, so UDP gets to it."""
    oddity: str | None = None
    """What came over UDP in place of a sound answer: a clause."""
    tcp: bool | None = None
    """Whether it took, or refused, a TCP connection; None where that was not tried."""

    @property
    def rejected_near(self) -> bool:
        """Whether who rejects stands on this side: a private address between this host and a public server."""
        return self.rejected_by is not None and kind_of(self.rejected_by) != "public" == kind_of(self.host)


class ReachVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the doors add up to."""

    word: Word
    why: str
    confidence: float = 0.0


def reach_of(doors: Iterable[Door]) -> ReachVerdict:
    """Whether UDP gets out. "blocked" takes a witness on this side, or two hosts: one alone may drop UDP itself."""
    known = tuple(doors)
    if any(door.answered for door in known):
        hosts = sum(door.answered for door in known)
        return ReachVerdict(word="answered", why=f"{hosts} of {len(known)} hosts answer over UDP", confidence=1.0)
    if any(door.refused for door in known):
        return _unknown("UDP gets out: a server's own host says that nothing listens on its port")
    oddity = next((door.oddity for door in known if door.oddity), None)
    if oddity is not None:
        return _unknown(f"UDP gets out, but no answer can be used: {oddity}")
    if known and all(door.forbidden for door in known):
        return _blocked("this host's own firewall forbids sending it")
    return _silent(known)


def _silent(doors: tuple[Door, ...]) -> ReachVerdict:
    rejecting = tuple(dict.fromkeys(door.rejected_by for door in doors if door.rejected_by))
    alive = tuple(dict.fromkeys(door.host for door in doors if door.tcp))
    if not rejecting and not alive:
        return _unknown("nobody reacts over TCP either: the servers, or the whole network, are down")
    why = f"{', '.join(rejecting)} rejects it on the way" if rejecting else f"{', '.join(alive)} reacts over TCP"
    if _different(doors) > 1 or any(door.rejected_near for door in doors):
        return _blocked(why)
    return _unknown(f"{why}, but it may be that server's own firewall which keeps UDP out; name a second server")


def _different(doors: tuple[Door, ...]) -> int:
    return min(len({door.name or door.host for door in doors}), len({door.host for door in doors}))


def _blocked(why: str) -> ReachVerdict:
    return ReachVerdict(word="blocked", why=why, confidence=_TRUST)


def _unknown(why: str) -> ReachVerdict:
    return ReachVerdict(word="unknown", why=why)
