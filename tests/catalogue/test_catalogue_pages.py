"""The pages in docs/findings are those that the catalogue makes."""

import re
from pathlib import Path

from natprobe.catalogue import Catalogue
from natprobe.catalogue.pages import INDEX, pages

FOLDER = Path(__file__).parents[2] / "docs" / "findings"


def test_the_committed_pages_equal_what_is_made_now(catalogue: Catalogue) -> None:
    kept = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    assert kept == pages(catalogue), "run scripts/docs-findings"


def test_every_finding_has_its_anchor_on_its_sections_page(catalogue: Catalogue) -> None:
    made = pages(catalogue)
    assert [entry.id for entry in catalogue if f"\n## {entry.id}\n" not in made[f"{entry.section}.md"]] == []


def test_every_link_leads_to_an_anchor(catalogue: Catalogue) -> None:
    made = pages(catalogue)
    links = {link for text in made.values() for link in re.findall(r"\]\(([a-z]+\.md)#([a-z0-9-]+)\)", text)}
    assert len(links) == len(catalogue)
    assert [link for link in links if f"\n## {link[1]}\n" not in made[link[0]]] == []


def test_the_index_links_every_finding(catalogue: Catalogue) -> None:
    index = pages(catalogue)[INDEX]
    assert [entry.id for entry in catalogue if f"({entry.section}.md#{entry.id})" not in index] == []
