"""Whom does the NAT let in? RFC 4787 section 5, told by what reached a socket that had written to one address alone.

An arrival is proof. A silence is proof only where three things hold: the stranger who was asked to write is known to
write (its packets reached another socket of ours, whose filter was open for it), nothing contradicts it, and mere loss
is no explanation. Whatever falls short of that is "unknown", with what is missing.
"""

import msgspec

from natprobe.wire.behaviour.loss import CERTAIN, Tally, chance_of_loss
from natprobe.wire.behaviour.words import Filtering


class Trial(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One stranger who was asked to write to a fresh socket of ours."""

    stranger: str
    """Who: its address, in words."""
    sends: int
    waited_ms: float
    arrived: bool
    """Whether its packet came, and came from where it must come from."""
    proved: bool = False
    """Whether the same stranger's packets reached a socket of ours that had written to it."""
    disproof: str | None = None
    """Why its silence means nothing: a clause."""
    control: Tally = Tally()
    """How ordinary requests fared on the same path in the meantime."""

    @property
    def chance(self) -> float:
        """The chance that its silence was mere loss."""
        return chance_of_loss(self.control, self.sends)

    @property
    def doubt(self) -> str | None:
        """Why its silence is no proof, or None where it is."""
        if self.disproof is not None:
            return self.disproof
        if not self.proved:
            return f"it is not proved that {self.stranger} writes when asked to"
        if self.chance >= CERTAIN:
            answered = f"{self.control.answers} of {self.control.sends} control requests were answered"
            return f"{self.sends} silent requests could be mere loss ({answered})"
        return None


class FilteringVerdict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the trials add up to."""

    word: Filtering
    why: str
    """A clause: what it rests on, or what is missing."""
    chance: float = 0.0
    """The chance that loss alone explains it."""
    method: str | None = None
    """What told it: rfc5780 or relay."""


def filtering_of(address: Trial | None, port: Trial | None) -> FilteringVerdict:
    """The filter, by a stranger at another `address`, and by one at another `port` of a known address.

    RFC 5780 section 4.4, tests II and III. None is a trial that could not be made.
    """
    if address is not None and address.arrived:
        return FilteringVerdict(word="endpoint-independent", why=f"{address.stranger} got in unasked")
    doubt = "no stranger at another address could be had" if address is None else address.doubt
    if port is not None and port.arrived:
        return _port_arrived(address, port, doubt)
    return _port_silent(address, port, doubt)


def _port_arrived(address: Trial | None, port: Trial, doubt: str | None) -> FilteringVerdict:
    if address is None or doubt is not None:
        why = f"{port.stranger} got in, so ports are not filtered; whether addresses are is open: {doubt}"
        return FilteringVerdict(word="unknown", why=why)
    why = f"{port.stranger} got in, {address.stranger} did not {_asked(address)}"
    return FilteringVerdict(word="address-dependent", why=why, chance=address.chance)


def _port_silent(address: Trial | None, port: Trial | None, doubt: str | None) -> FilteringVerdict:
    if port is None:
        return FilteringVerdict(word="unknown", why=doubt or "no stranger at another port could be had")
    if port.doubt is not None:
        return FilteringVerdict(word="unknown", why=doubt or port.doubt)
    # Who keeps out another port of a known address keeps out another address all the more: test III alone decides.
    if address is not None and address.disproof is not None:
        return FilteringVerdict(word="unknown", why=address.disproof)
    return FilteringVerdict(
        word="address-and-port-dependent", why=f"{port.stranger} did not get in {_asked(port)}", chance=port.chance
    )


def _asked(trial: Trial) -> str:
    return f"({trial.sends} requests, waited {trial.waited_ms / 1000:.1f} s)"
