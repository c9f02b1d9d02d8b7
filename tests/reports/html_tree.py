"""Reads a page strictly: every element that opens is closed in its turn, as no browser would demand."""

import re
from html.parser import HTMLParser
from typing import NamedTuple

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
TAG = re.compile(r'<[a-z][a-z0-9]*(?: [a-z0-9:-]+(?:="[^"]*")?)*>', re.IGNORECASE)
"""A start tag as we write it: every value in quotes."""
APART = {"dt", "dd", "th", "td", "li", "p", "h1", "h2", "h3", "h4", "div"}


class Element(NamedTuple):
    """A start tag."""

    tag: str
    attributes: dict[str, str]


class Page(HTMLParser):
    """The elements in the order of their start tags, and the text between them."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(source)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert TAG.fullmatch(self.get_starttag_text() or ""), self.get_starttag_text()
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, names)
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        raise AssertionError(f"<{tag}/> is no HTML")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        if tag in APART:
            self.words.append(" ")

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self._open):
            self.words.append(data)

    @property
    def text(self) -> str:
        """All that is to be read, on one line."""
        return " ".join("".join(self.words).split())

    def all(self, tag: str) -> list[Element]:
        """The elements of a name."""
        return [element for element in self.elements if element.tag == tag]

    def classed(self, name: str) -> list[Element]:
        """The elements of a class."""
        return [element for element in self.elements if name in element.attributes.get("class", "").split()]

    def values(self, attribute: str) -> list[str]:
        """The values of an attribute wherever it stands."""
        return [element.attributes[attribute] for element in self.elements if attribute in element.attributes]
