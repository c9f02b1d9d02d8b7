"""How the facts of a run fill an entry's sentences."""

from pathlib import Path

import natprobe.catalogue
from natprobe.catalogue import FACTS, Catalogue, Filled
from natprobe.catalogue.entry import LONGEST_FACT, placeholders
from natprobe.catalogue.facts import UNKNOWN
from natprobe.catalogue.store import SECTIONS


def test_facts_stand_in_title_and_evidence(catalogue: Catalogue) -> None:
    facts = {"address": "203.0.113.10:3478", "relayed": "10.0.0.5:49152", "kind": "private"}
    filled = catalogue.entry("turn-relay-private-address").fill(facts)
    assert filled.title == "The relayed address 10.0.0.5:49152 is private"
    assert "XOR-RELAYED-ADDRESS is 10.0.0.5:49152, a private address" in filled.evidence
    assert "the host part of 10.0.0.5:49152" in filled.fix


def texts(filled: Filled) -> tuple[str, ...]:
    return (filled.title, filled.evidence, filled.cause, filled.fix)


def test_missing_facts_leave_no_hole_and_no_placeholder(catalogue: Catalogue) -> None:
    filled = [text for entry in catalogue for text in texts(entry.fill({}))]
    assert [text for text in filled if placeholders(text) or "  " in text or " ()" in text or " ," in text] == []


def test_each_given_fact_reaches_a_sentence(catalogue: Catalogue) -> None:
    given = {name: f"given-{name}" for name in FACTS}
    said = [(entry, " ".join(texts(entry.fill(given)))) for entry in catalogue]
    assert [(entry.id, name) for entry, text in said for name in entry.facts if given[name] not in text] == []


def test_every_fact_has_words_for_its_absence() -> None:
    assert [name for name, fact in FACTS.items() if not fact.words or fact.words == UNKNOWN] == []


def test_an_own_default_stands_before_the_common_words(catalogue: Catalogue) -> None:
    entry = catalogue.entry("turn-quota-reached")
    assert "486 Allocation Quota Reached" in entry.fill({}).evidence


def test_a_blank_fact_is_a_missing_fact(catalogue: Catalogue) -> None:
    entry = catalogue.entry("turn-quota-reached")
    assert entry.fill({"code": "", "phrase": " "}) == entry.fill({})


def test_words_that_open_a_sentence_get_a_capital_and_facts_do_not(catalogue: Catalogue) -> None:
    entry = catalogue.entry("uri-turns-udp")
    assert entry.fill({}).title.startswith("The URI asks")
    assert entry.fill({"uri": "turns:turn.example.org"}).title.startswith("turns:turn.example.org asks")


def test_facts_that_the_entry_does_not_know_are_left_out(catalogue: Catalogue) -> None:
    entry = catalogue.entry("turn-500")
    assert entry.fill({"address": "192.0.2.1:3478", "surprise": "x"}) == entry.fill({"address": "192.0.2.1:3478"})


def test_a_brace_in_a_fact_is_no_placeholder(catalogue: Catalogue) -> None:
    filled = catalogue.entry("turn-allocate-refused").fill({"phrase": "{address} {code}", "code": "499"})
    assert filled.title.endswith("499 {address} {code}")


def test_control_characters_of_a_hostile_server_do_not_pass(catalogue: Catalogue) -> None:
    filled = catalogue.entry("stun-software-disclosed").fill({"software": "x\x1b[2J\r\n\x00y\u202e"})
    assert filled.title == "The server tells its version: x·[2J···y·"


def test_a_fact_without_end_is_cut(catalogue: Catalogue) -> None:
    filled = catalogue.entry("stun-software-disclosed").fill({"software": "s" * 70_000})
    assert filled.title.endswith("s…")
    assert filled.title.count("s" * LONGEST_FACT) == 1
    assert "s" * (LONGEST_FACT + 1) not in filled.title


def test_documentation_shows_placeholders_as_words(catalogue: Catalogue) -> None:
    said = catalogue.entry("docker-relay-range-mismatch").readable()
    assert said.title == "Relay port <relayed port> is not published by the container"


def test_every_file_of_the_catalogue_is_loaded() -> None:
    folder = Path(natprobe.catalogue.__path__[0])
    assert {path.stem for path in folder.glob("*.toml")} == set(SECTIONS)
