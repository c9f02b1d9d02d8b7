"""The first answer of a target, for whoever goes on from it."""

from dataclasses import dataclass

from natprobe.client.http import Exchanged


@dataclass(frozen=True, slots=True)
class Visited:
    """What the URL answered, and what a path answered that does not exist."""

    answer: Exchanged
    stray: Exchanged
