"""The catalogue as documentation: a Markdown page a section, an anchor an id. Pure; `scripts/docs-findings` writes."""

import re

from natprobe.catalogue.entry import Entry
from natprobe.catalogue.facts import FACTS
from natprobe.catalogue.store import Catalogue, Section

INDEX = "README.md"

_LEADING_ID = re.compile(r"^([a-z0-9-]+)(?=: )")
_CODE_OR_ANGLE = re.compile(r"(`[^`]*`)|[<>*_]")


def pages(catalogue: Catalogue) -> dict[str, str]:
    """File name → Markdown, the index included."""
    sections = {f"{section.name}.md": _page(section, catalogue) for section in catalogue.sections}
    return {INDEX: _index(catalogue), **sections}


def _index(catalogue: Catalogue) -> str:
    blocks = [
        "# Findings",
        "What goes wrong in a WebRTC deployment, how it shows, and what to change. `natprobe explain ID` prints it.",
        *(_contents(section) for section in catalogue.sections),
        "## Facts",
        "Words in angle brackets are facts of the run:",
        "\n".join(f"- `<{name.replace('_', ' ')}>`: {fact.meaning}" for name, fact in FACTS.items()),
    ]
    return _joined(blocks)


def _contents(section: Section) -> str:
    rows = (
        f"- [{entry.id}]({section.name}.md#{entry.id}) ({entry.severity}): {_escaped(entry.readable().title)}"
        for entry in section.entries
    )
    return f"## [{section.title}]({section.name}.md)\n\n" + "\n".join(rows)


def _page(section: Section, catalogue: Catalogue) -> str:
    entries = (_described(entry, catalogue) for entry in section.entries)
    return _joined([f"# {section.title}", section.question, f"[All findings]({INDEX})", *entries])


def _described(entry: Entry, catalogue: Catalogue) -> str:
    said = entry.readable()
    look_alikes = "\n".join(f"- {_linked(text, catalogue)}" for text in entry.look_alikes)
    blocks = [
        f"## {entry.id}",
        f"**{_escaped(said.title)}** ({entry.severity})",
        f"**Symptom.** {_escaped(entry.symptom)}",
        f"**Evidence.** {_escaped(said.evidence)}",
        *(["**Easily mistaken for**", look_alikes] if look_alikes else []),
        f"**Cause.** {_escaped(said.cause)}",
        f"**Fix.** {_escaped(said.fix)}",
        *([f"References: {', '.join(entry.references)}."] if entry.references else []),
    ]
    return "\n\n".join(blocks)


def _linked(look_alike: str, catalogue: Catalogue) -> str:
    """`look_alike` with the finding that it begins with as a link."""

    def link(found: re.Match[str]) -> str:
        if found[1] not in catalogue:
            return found[1]
        return f"[{found[1]}]({catalogue.entry(found[1]).section}.md#{found[1]})"

    return _LEADING_ID.sub(link, _escaped(look_alike))


def _escaped(text: str) -> str:
    """`text` for Markdown: what stands in backticks is code and stays, elsewhere marks are escaped."""
    return _CODE_OR_ANGLE.sub(lambda found: found[1] or f"\\{found[0]}", text)


def _joined(blocks: list[str]) -> str:
    return "\n\n".join(blocks) + "\n"
