"""Could this silence be mere loss? How likely that is, given how requests on the same path fared.

Theory. Every control request is a draw: it was answered, or it was lost on one of its two ways. Before any draw every
loss rate is held equally likely, so after `answers` of `sends` the rate has a Beta(1 + lost, 1 + answers)
distribution, and the chance that k more requests are all lost is its k-th moment. Five controls that all came back do
not make the path perfect: three silent requests then still are loss with a chance of 1 in 84, and six of each with 1 in
1716. What is asked one way only (relay to host) is lost less often than a round trip: the number is an upper bound.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

CERTAIN: Final = 1e-4
"""Silence counts as "filtered" only where it is mere loss with a smaller chance than this."""


class Tally(msgspec.Struct, frozen=True):
    """How many control requests were sent on a path, and how many of them were answered."""

    sends: int = 0
    answers: int = 0

    @property
    def lost(self) -> int:
        """How many were not answered."""
        return max(0, self.sends - self.answers)


def pooled(tallies: Iterable[Tally]) -> Tally:
    """What several sockets saw of one path."""
    everyone = tuple(tallies)
    return Tally(sum(each.sends for each in everyone), sum(each.answers for each in everyone))


def chance_of_loss(control: Tally, sends: int) -> float:
    """The chance that `sends` requests are all lost on a path that treated its controls like this."""
    chance = 1.0
    for drawn in range(sends):
        chance *= (control.lost + 1 + drawn) / (max(control.sends, control.answers) + 2 + drawn)
    return chance
