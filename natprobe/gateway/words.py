"""What the candidates of an answer say together: which ports answered, and what is wrong with the others. Pure."""

import msgspec

from natprobe.address import Address, AddressKind
from natprobe.events import Raised
from natprobe.gateway.media import CheckedCandidate, Fate
from natprobe.model import Status
from natprobe.probe import Judgement

_INWARD: frozenset[AddressKind] = frozenset({"private", "cgnat", "loopback", "link-local", "unspecified"})
_WORDS: dict[Fate, str] = {
    "answered": "answered",
    "silent": "silent",
    "rejected": "not delivered",
    "unsent": "could not be asked from here",
    "foreign": "connects, and does not answer as ICE does",
    "active": "only connects itself",
    "withheld": "not asked: no answer may send us there",
    "unresolved": "a name without an address",
    "too-many": "left out",
    "unreadable": "unreadable",
}


class Media(msgspec.Struct, frozen=True):
    """The candidates of one answer, as a judge needs them."""

    candidates: tuple[CheckedCandidate, ...]
    server: Address
    """Where the gateway's API is: a private candidate is no fault of a server that is private itself."""

    def having(self, *fates: Fate) -> tuple[CheckedCandidate, ...]:
        """Those with one of these fates."""
        return tuple(each for each in self.candidates if each.fate in fates)

    @property
    def only_inward(self) -> CheckedCandidate | None:
        """The first candidate, where none is for the users of a server at a public address; else None."""
        placed = [each for each in self.candidates if each.kind is not None]
        if self.server.kind in _INWARD or not placed or any(each.kind not in _INWARD for each in placed):
            return None
        return placed[0]

    @property
    def dead(self) -> CheckedCandidate | None:
        """The first UDP candidate that got no answer though it is one for everybody, where no other got one; else None.

        An answer over TCP is no excuse: it helps those alone who have no UDP.
        """
        return None if self.answered("udp") else self._unheard("udp")

    @property
    def dead_tcp(self) -> CheckedCandidate | None:
        """The same for those over TCP that take connections."""
        return None if self.answered("tcp") else self._unheard("tcp")

    def answered(self, protocol: str) -> bool:
        """Whether a port answered over this protocol."""
        return any(each.protocol == protocol for each in self.having("answered"))

    def _unheard(self, protocol: str) -> CheckedCandidate | None:
        unheard = (each for each in self.having("silent", "rejected", "foreign") if each.protocol == protocol)
        outward = (each for each in unheard if self.server.kind in _INWARD or each.kind not in _INWARD)
        return next(outward, None)

    @property
    def words(self) -> str:
        """`203.0.113.9:8000/udp answered, 172.17.0.2:8000/udp silent`."""
        if not self.candidates:
            return "the answer names none"
        shown = ", ".join(f"{_place(each)} {_WORDS[each.fate]}" for each in self.candidates[:4])
        more = len(self.candidates) - 4
        return shown + (f" and {more} more" if more > 0 else "")

    def named(self) -> tuple[Raised, ...]:
        """The finding for a candidate that is a name."""
        found = next((each for each in self.candidates if each.named), None)
        if found is None:
            return ()
        return (Raised(id="ice-fqdn-candidate", facts={"name": found.host}),)


def judged_media(media: Media, uri: str, *, private: str, dead: str) -> Judgement:
    """What the candidates say together; `private` and `dead` are the findings for where they are, and for silence."""
    named = media.named()
    inward, unheard = media.only_inward, media.dead
    if inward is not None:
        raised = (Raised(id=private, facts=facts_of(inward) | {"uri": uri, "host": media.server.host}), *named)
        words = f"no candidate is for users outside: {media.words}"
        return Judgement(status=Status.FAIL, summary=words, raised=raised)
    over_tcp = _dead_over_tcp(media, uri)
    if unheard is not None:
        facts = facts_of(unheard) | {"uri": uri}
        over = " over UDP" if media.answered("tcp") else ""
        words = f"no media port answers{over}: {media.words}; asked {facts['sends']} times in {facts['waited']}"
        return Judgement(status=Status.FAIL, summary=words, raised=(Raised(id=dead, facts=facts), *over_tcp, *named))
    if not media.having("answered"):
        status = Status.FAIL if over_tcp else Status.INCONCLUSIVE
        words = "no media port answers" if over_tcp else "no media port could be asked"
        return Judgement(status=status, summary=f"{words}: {media.words}", raised=(*over_tcp, *named))
    raised = (*over_tcp, *named)
    return Judgement(status=Status.WARN if raised else Status.PASS, summary=media.words, raised=raised)


def _dead_over_tcp(media: Media, uri: str) -> tuple[Raised, ...]:
    """The finding for a TCP candidate that nobody can use."""
    unheard = media.dead_tcp
    return () if unheard is None else (Raised(id="ice-tcp-dead", facts=facts_of(unheard) | {"uri": uri}),)


def facts_of(candidate: CheckedCandidate) -> dict[str, str]:
    """What findings may say of one candidate."""
    facts = {
        "address": str(candidate.address) if candidate.address else _place(candidate),
        "host": candidate.host,
        "port": str(candidate.port),
        "kind": candidate.kind or "",
        "detail": candidate.detail,
        "name": candidate.host,
    }
    if candidate.check is None:
        return facts
    detail = facts["detail"] or f"a connectivity check is {candidate.check.outcome}"
    return facts | candidate.check.facts() | {"detail": detail}


def _place(candidate: CheckedCandidate) -> str:
    host = f"[{candidate.host}]" if ":" in candidate.host else candidate.host
    return f"{host}:{candidate.port}/{candidate.protocol}" if candidate.host else "a candidate"
