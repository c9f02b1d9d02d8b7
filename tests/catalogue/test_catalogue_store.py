"""Loading, looking up and searching."""

import subprocess
import sys

import msgspec
import pytest

from natprobe.catalogue import Catalogue, UnknownFinding, entry_of, load
from natprobe.catalogue.store import section_of

SMALL = """
title = "Small"
question = "Is it small?"

[finding.small-thing]
title = "A small thing at {address}"
severity = "info"
facts = ["address"]
symptom = "None."
evidence = "It is small."
cause = "Size."
fix = "Nothing."
look_alikes = []
references = []
"""


def test_a_section_is_read_from_toml() -> None:
    section = section_of("small", SMALL)
    assert (section.name, section.title, section.question) == ("small", "Small", "Is it small?")
    assert [(entry.id, entry.section, entry.defaults) for entry in section.entries] == [("small-thing", "small", {})]


@pytest.mark.parametrize(
    "broken",
    [
        SMALL + 'colour = "green"\n',
        SMALL.replace('severity = "info"', 'severity = "fatal"'),
        SMALL.replace('fix = "Nothing."\n', ""),
        SMALL.replace("question", "query"),
    ],
    ids=["an unknown key", "an unknown severity", "no fix", "an unknown key of the section"],
)
def test_a_file_that_keeps_not_to_the_form_is_refused(broken: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        section_of("small", broken)


def test_one_id_in_two_sections_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        Catalogue((section_of("small", SMALL), section_of("other", SMALL)))


def test_iteration_is_sorted_by_id(catalogue: Catalogue) -> None:
    ids = [entry.id for entry in catalogue]
    assert ids == sorted(ids)
    assert len(ids) == len(catalogue)


def test_the_catalogue_is_read_once() -> None:
    assert load() is load()


def test_an_unknown_id_is_answered_with_near_misses(catalogue: Catalogue) -> None:
    with pytest.raises(UnknownFinding) as caught:
        catalogue.entry("turn-relay-privat-adress")
    assert caught.value.near[0] == "turn-relay-private-address"
    assert str(caught.value).startswith("no finding has the id 'turn-relay-privat-adress'; did you mean ")


def test_an_id_like_no_other_is_answered_without_a_guess(catalogue: Catalogue) -> None:
    with pytest.raises(UnknownFinding) as caught:
        catalogue.entry("zzzzzz")
    assert str(caught.value) == "no finding has the id 'zzzzzz'; `natprobe explain` lists them all"


def test_a_search_looks_at_ids_and_titles_in_any_case(catalogue: Catalogue) -> None:
    ids = {entry.id for entry in catalogue.search("DOCKER")}
    assert {"docker-relay-range-mismatch", "turn-relay-picks-docker0"} <= ids


def test_a_search_falls_back_on_the_sentences(catalogue: Catalogue) -> None:
    assert [entry.id for entry in catalogue.search("RcvbufErrors")] == ["turn-udp-buffer-drops"]


def test_a_search_for_nothing_known_is_empty(catalogue: Catalogue) -> None:
    assert catalogue.search("zzzzzz") == ()


def test_importing_the_catalogue_reads_no_file() -> None:
    assert _said("import sys, natprobe.catalogue; print('tomllib' in sys.modules)") == "False"


def test_one_finding_is_the_same_by_itself_and_in_the_whole(catalogue: Catalogue) -> None:
    assert all(entry_of(entry.id) == entry for entry in catalogue)


def test_for_one_finding_only_its_own_file_is_parsed() -> None:
    parsed = "import natprobe.catalogue.store as s; s.entry_of('turn-500'); print(s._section.cache_info().currsize)"
    assert _said(parsed) == "1"


def test_an_unknown_finding_asked_for_by_itself_is_answered_with_near_misses() -> None:
    with pytest.raises(UnknownFinding, match="turn-500"):
        entry_of("turn-50")


def _said(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()
