"""A world with a whole deployment in it: what the builders of this room are handed, and where natprobe is run."""

from dataclasses import dataclass

from tests.lab.certificates import Authority, Certificate, Kind
from tests.lab.world import World


@dataclass(frozen=True, slots=True)
class Stage:
    """A world, and who issues its certificates."""

    world: World
    authority: Authority

    def certificate(self, name: str, kind: Kind = "good") -> Certificate:
        """A new certificate for `name`."""
        return self.authority.issue(kind, name)
