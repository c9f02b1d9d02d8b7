"""What every tracked file has to keep to, and what the documents promise."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from natprobe import __version__

ROOT = Path(__file__).parents[2]
# Written so that this file does not match itself.
MACHINE_PATH = re.compile(r"(?<![\w.*>-])/(?:work|root|home|Users|opt)/\w")
INDEX_HOST = re.compile(r"(?i)\bpypi[.]\w|python[h]osted[.]|--(?:extra-)?index-url[ =]\S")
GIT = ["git", "-c", "safe.directory=*", "ls-files", "-z"]  # whoever owns the checkout
LINK = re.compile(r"\]\(([^)\s]+)\)")


def tracked() -> list[Path]:
    """The files that git knows."""
    listed = subprocess.run(GIT, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def lines(pattern: re.Pattern[str]) -> Iterator[str]:
    """Each line of a tracked file that `pattern` finds something in."""
    for path in tracked():
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if pattern.search(line):
                yield f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"


@pytest.mark.parametrize("text", ["cd /" + "home/me", '"/' + 'root/x"', "see=/" + "work/a"])
def test_the_pattern_finds_a_machine_path(text: str) -> None:
    assert MACHINE_PATH.search(text)


@pytest.mark.parametrize("text", ["https://pypi" + ".org/simple", "--index-" + "url https://example.org"])
def test_the_pattern_finds_an_index_host(text: str) -> None:
    assert INDEX_HOST.search(text)


def test_no_tracked_file_names_a_path_of_somebodys_machine() -> None:
    assert list(lines(MACHINE_PATH)) == []


def test_no_tracked_file_names_a_package_index() -> None:
    assert list(lines(INDEX_HOST)) == []


def test_the_changelog_tells_of_this_version() -> None:
    assert f"\n## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_page_that_a_document_links_to_exists() -> None:
    documents = [path for path in tracked() if path.suffix == ".md"]
    links = [
        (document, target.partition("#")[0])
        for document in documents
        for target in LINK.findall(document.read_text(encoding="utf-8"))
        if not re.match(r"[a-z+]+:|#", target)
    ]
    assert len(links) > 10
    dead = [f"{document.relative_to(ROOT)}: {target}" for document, target in links if not is_there(document, target)]
    assert dead == []


def is_there(document: Path, target: str) -> bool:
    return (document.parent / target).exists()
