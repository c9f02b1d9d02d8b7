"""The catalogue: every finding in sentences for the operator. Data in the TOML files beside this one, not code.

Nothing is read on import. `entry_of(id)` reads one file, and `load()` all of them, once per process.
"""

from natprobe.catalogue.entry import Entry, Filled
from natprobe.catalogue.facts import FACTS, Fact
from natprobe.catalogue.store import Catalogue, Section, UnknownFinding, entry_of, load

__all__ = ["FACTS", "Catalogue", "Entry", "Fact", "Filled", "Section", "UnknownFinding", "entry_of", "load"]
