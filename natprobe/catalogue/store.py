"""The catalogue as a whole: read from the package's own TOML files, once per process, when first asked for."""

import difflib
import pkgutil
from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec

from natprobe.catalogue.entry import Entry
from natprobe.model import Severity

SECTIONS = (
    *("dns", "uri", "reach", "stun", "auth", "allocation", "permission", "relay", "tls", "nat", "ice"),
    *("signalling", "http", "socketio", "gateway", "iceconfig", "bandwidth"),
)
"""The files, in the order in which a deployment is climbed: names first, media last."""

NEAR_MISSES = 3


class UnknownFinding(KeyError):  # noqa: N818 - the name says what is unknown
    """No finding has the id `asked`; `near` holds ids that are spelt alike."""

    def __init__(self, asked: str, near: tuple[str, ...]) -> None:
        super().__init__(asked)
        self.asked = asked
        self.near = near

    def __str__(self) -> str:
        hint = f"did you mean {', '.join(self.near)}?" if self.near else "`natprobe explain` lists them all"
        return f"no finding has the id {self.asked!r}; {hint}"


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """The findings of one file: `name` is the file's, `question` is what its checks ask."""

    name: str
    title: str
    question: str
    entries: tuple[Entry, ...]


class Catalogue:
    """Every finding that natprobe can raise. Iteration is sorted by id."""

    def __init__(self, sections: tuple[Section, ...]) -> None:
        """Raises ValueError where two sections hold the same id."""
        entries = [entry for section in sections for entry in section.entries]
        self.sections = sections
        self._by_id = {entry.id: entry for entry in sorted(entries, key=lambda entry: entry.id)}
        if len(self._by_id) != len(entries):
            raise ValueError("a finding's id stands in the catalogue twice")

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def __contains__(self, finding_id: object) -> bool:
        return finding_id in self._by_id

    def entry(self, finding_id: str) -> Entry:
        """The finding with this id. Raises UnknownFinding, which names ids that are spelt alike."""
        if finding_id not in self._by_id:
            near = difflib.get_close_matches(finding_id, self._by_id, n=NEAR_MISSES)
            raise UnknownFinding(finding_id, tuple(near))
        return self._by_id[finding_id]

    def search(self, word: str) -> tuple[Entry, ...]:
        """The findings whose id or title holds `word`, upper and lower case alike; if none, those that mention it."""
        wanted = word.casefold()
        named = tuple(entry for entry in self if wanted in f"{entry.id} {entry.title}".casefold())
        return named or tuple(entry for entry in self if wanted in _prose(entry).casefold())


class _Finding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A finding as its file holds it: a key that is not listed here is refused."""

    title: str
    severity: Severity
    facts: tuple[str, ...]
    defaults: dict[str, str] = {}
    symptom: str
    evidence: str
    cause: str
    fix: str
    look_alikes: tuple[str, ...]
    references: tuple[str, ...]


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    title: str
    question: str
    finding: dict[str, _Finding]


def section_of(name: str, text: str) -> Section:
    """The section that the TOML `text` holds. Raises TOMLDecodeError or msgspec.ValidationError."""
    import tomllib  # noqa: PLC0415 - a healthy run reads no catalogue

    file = msgspec.convert(tomllib.loads(text), _File)
    entries = tuple(_entry(name, finding_id, finding) for finding_id, finding in file.finding.items())
    return Section(name=name, title=file.title, question=file.question, entries=entries)


@cache
def load() -> Catalogue:
    """The catalogue that came with this natprobe."""
    return Catalogue(tuple(map(_section, SECTIONS)))


def entry_of(finding_id: str) -> Entry:
    """The finding with this id, for which only its own file is parsed: all of them take a fifth of a check's start.

    Raises UnknownFinding, which names ids that are spelt alike.
    """
    home = next((name for name in SECTIONS if f"[finding.{finding_id}]\n" in _text(name)), None)
    found = () if home is None else _section(home).entries
    return next((each for each in found if each.id == finding_id), None) or load().entry(finding_id)


@cache
def _section(name: str) -> Section:
    return section_of(name, _text(name))


@cache
def _text(name: str) -> str:
    return (pkgutil.get_data("natprobe.catalogue", f"{name}.toml") or b"").decode().replace("\r\n", "\n")


def _entry(section: str, finding_id: str, finding: _Finding) -> Entry:
    fields: dict[str, Any] = msgspec.structs.asdict(finding)
    return Entry(id=finding_id, section=section, **fields)


def _prose(entry: Entry) -> str:
    return " ".join((entry.symptom, entry.evidence, entry.cause, entry.fix, *entry.look_alikes, *entry.references))
