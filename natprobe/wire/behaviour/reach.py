"""Does UDP leave this network? Silence alone does not tell: the server may be down, or the whole network."""

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

Word = Literal["answered", "blocked", "unknown"]

_ONE_HOST: Final = 0.7
_SEVERAL_HOSTS: Final = 0.99


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """How one server's host took to us. Each is told by the network itself."""

    host: str
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


class ReachVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the doors add up to."""

    word: Word
    why: str
    confidence: float = 0.0


def reach_of(doors: Iterable[Door]) -> ReachVerdict:
    """Whether UDP gets out. "blocked" takes a witness: a rejection, or a host that is alive over TCP."""
    known = tuple(doors)
    if any(door.answered for door in known):
        hosts = sum(door.answered for door in known)
        return ReachVerdict(word="answered", why=f"{hosts} of {len(known)} hosts answer over UDP", confidence=1.0)
    if any(door.refused for door in known):
        why = "UDP gets out: a server's own host says that nothing listens on its port"
        return ReachVerdict(word="unknown", why=why)
    oddity = next((door.oddity for door in known if door.oddity), None)
    if oddity is not None:
        return ReachVerdict(word="unknown", why=f"UDP gets out, but no answer can be used: {oddity}")
    if known and all(door.forbidden for door in known):
        why = "this host's own firewall forbids sending it"
        return ReachVerdict(word="blocked", why=why, confidence=_SEVERAL_HOSTS)
    rejecting = tuple(dict.fromkeys(door.rejected_by for door in known if door.rejected_by))
    if rejecting:
        return _blocked(known, f"{', '.join(rejecting)} rejects it on the way", rejecting=True)
    if any(door.tcp for door in known):
        return _blocked(known, "the same hosts react over TCP", rejecting=False)
    why = "nobody reacts over TCP either: the servers, or the whole network, are down"
    return ReachVerdict(word="unknown", why=why)


def _blocked(doors: tuple[Door, ...], why: str, *, rejecting: bool) -> ReachVerdict:
    if rejecting or len(doors) > 1:
        return ReachVerdict(word="blocked", why=why, confidence=_SEVERAL_HOSTS)
    why = f"{why}; it may be that server's own firewall: a second server would tell"
    return ReachVerdict(word="blocked", why=why, confidence=_ONE_HOST)
