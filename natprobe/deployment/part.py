"""A part of a deployment file: nothing is asked of the secrets that only the rest of it needs. Pure but for the lookup.

Which secrets those are shows where the file is read with a mark in place of each: the marks that the part's targets
hold are the ones that they go by, whatever they inherit from a group or from the defaults.
"""

import secrets
from collections.abc import Iterable, Iterator

from natprobe.credential import Place, Secret
from natprobe.deployment.reading import Known, read
from natprobe.deployment.references import Lookup
from natprobe.deployment.values import Deployment, Entry


def read_part(text: str, known: Known, lookup: Lookup, names: Iterable[str]) -> Deployment:
    """What `text` says of the groups and targets `names`. Raises Mistakes, or AbsentError for an unknown name."""
    wanted, marks = tuple(names), _Marks()
    needed = marks.places(read(text, known, marks).only(wanted))
    return read(text, known, _Sparing(lookup, needed)).only(wanted)


class _Marks:
    """Finds a mark at every place."""

    def __init__(self) -> None:
        self._places: dict[str, Place] = {}

    def secret(self, place: Place) -> Secret:
        """See Lookup."""
        mark = secrets.token_hex(16)
        self._places[mark] = place
        return Secret(mark)

    text = secret

    def places(self, part: Deployment) -> frozenset[Place]:
        """Where the secrets of `part` are kept."""
        held = "\n".join(each.reveal() for entry in part.entries for each in _secrets(entry))
        return frozenset(place for mark, place in self._places.items() if mark in held)


class _Sparing:
    """Asks for the secrets that are needed, and for no other."""

    def __init__(self, lookup: Lookup, needed: frozenset[Place]) -> None:
        self._lookup = lookup
        self._needed = needed

    def secret(self, place: Place) -> Secret:
        """See Lookup."""
        return self._lookup.secret(place) if place in self._needed else _UNASKED

    def text(self, place: Place) -> Secret:
        """See Lookup."""
        return self._lookup.text(place) if place in self._needed else _UNASKED


def _secrets(entry: Entry) -> Iterator[Secret]:
    if entry.login is not None:
        yield entry.login.secret
    if entry.api_secret is not None:
        yield entry.api_secret
    if entry.written is not None:
        yield entry.written.text
    yield from (secret for _, secret in entry.query_secrets)


_UNASKED = Secret("not asked for")
