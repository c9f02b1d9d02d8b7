"""The catalogue: every finding in sentences for the operator. Data in the TOML files beside this one, not code.

Nothing is read on import. `load()` reads the files once per process, when a finding is first needed.
"""

from natprobe.catalogue.entry import Entry, Filled
from natprobe.catalogue.facts import FACTS, Fact
from natprobe.catalogue.store import Catalogue, Section, UnknownFinding, load

__all__ = ["FACTS", "Catalogue", "Entry", "Fact", "Filled", "Section", "UnknownFinding", "load"]
