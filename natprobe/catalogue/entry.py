"""One finding of the catalogue: what is said about it, and how the facts of a run fill its sentences."""

import re
from collections.abc import Callable, Mapping

import msgspec

from natprobe.catalogue.facts import FACTS, UNKNOWN
from natprobe.model import Severity

LONGEST_FACT = 400
"""Characters of one fact that reach a sentence: a realm or a phrase may be as long as its sender likes."""

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


class Filled(msgspec.Struct, frozen=True, kw_only=True):
    """The sentences of an entry with the facts of one run in them."""

    title: str
    evidence: str
    cause: str
    fix: str


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One finding. `title`, `evidence`, `cause` and `fix` may hold placeholders: `{name}`, a name out of `facts`."""

    id: str
    section: str
    title: str
    severity: Severity
    facts: tuple[str, ...]
    defaults: dict[str, str]
    """What stands in for a fact that the run could not tell, where the words of `FACTS` would not do."""
    symptom: str
    evidence: str
    cause: str
    fix: str
    look_alikes: tuple[str, ...]
    references: tuple[str, ...]

    def fill(self, facts: Mapping[str, str]) -> Filled:
        """The sentences with `facts` in them; a fact that is missing or blank is put in words.

        Facts come from the network: control characters do not pass.
        """
        return self._sentences(lambda found: _printable(facts.get(found[1], "")) or self._stand_in(found))

    def readable(self) -> Filled:
        """The sentences with each placeholder as a word in angle brackets, as documentation shows them."""
        return self._sentences(lambda found: f"<{found[1].replace('_', ' ')}>")

    def _stand_in(self, found: re.Match[str]) -> str:
        """Words for a missing fact; a capital where they open the text, which an address or a URI must not get."""
        name = found[1]
        words = self.defaults.get(name) or (FACTS[name].words if name in FACTS else UNKNOWN)
        return words if found.start() else words[0].upper() + words[1:]

    def _sentences(self, value: Callable[[re.Match[str]], str]) -> Filled:
        """One pass over each text, so that braces inside a fact are never taken for a placeholder."""
        return Filled(
            title=_PLACEHOLDER.sub(value, self.title),
            evidence=_PLACEHOLDER.sub(value, self.evidence),
            cause=_PLACEHOLDER.sub(value, self.cause),
            fix=_PLACEHOLDER.sub(value, self.fix),
        )


def placeholders(text: str) -> frozenset[str]:
    """The names of the placeholders in `text`. Other braces, as in nginx or JSON examples, are none."""
    return frozenset(_PLACEHOLDER.findall(text))


def _printable(fact: str) -> str:
    """`fact` on one line, bounded, without anything that a terminal would obey."""
    clean = "".join(letter if letter.isprintable() else "\N{MIDDLE DOT}" for letter in fact.strip()[: LONGEST_FACT + 1])
    return clean if len(clean) <= LONGEST_FACT else f"{clean[:LONGEST_FACT]}\N{HORIZONTAL ELLIPSIS}"
