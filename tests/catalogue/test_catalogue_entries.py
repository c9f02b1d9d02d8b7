"""What every entry of the catalogue has to keep. Each test lists the entries that do not."""

import ipaddress
import re
from typing import get_args

from natprobe.catalogue import FACTS, Catalogue, Entry
from natprobe.catalogue.entry import placeholders
from natprobe.model import Severity

RFC = re.compile(r"RFC [0-9]{3,4}( section [0-9]+(\.[0-9]+)*)?")
MACHINE_PATH = re.compile(r"/(?:work|root|home|Users|tmp|opt)\b")
REAL_NAME = re.compile(r"\b(?!socket\.io\b)[a-z0-9-]+\.(?:com|net|cn|io|dev|asia|de)\b")
ADDRESS = re.compile(r"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b")
NOTE_MARK = re.compile(r"\[[A-Z][ \]]|#[0-9]{2,}|\bT[1-9]\b|§")
CODE = re.compile(r"`[^`]*`")


def sentences(entry: Entry) -> tuple[str, ...]:
    return (entry.symptom, entry.evidence, entry.cause, entry.fix, *entry.look_alikes)


def prose(entry: Entry) -> str:
    return " ".join((entry.title, *sentences(entry), *entry.defaults.values()))


def named_findings(entry: Entry) -> list[str]:
    opening = [match[1] for text in entry.look_alikes if (match := re.match(r"([a-z0-9]+(?:-[a-z0-9]+)+)[:,] ", text))]
    return opening + re.findall(r"\b(?:see|as in) ([a-z0-9]+(?:-[a-z0-9]+)+)", " ".join(sentences(entry)))


def test_the_catalogue_holds_the_promised_findings_and_no_other(catalogue: Catalogue, promised_ids: list[str]) -> None:
    assert [entry.id for entry in catalogue] == promised_ids


def test_ids_are_made_of_small_letters_digits_and_hyphens(catalogue: Catalogue) -> None:
    assert [entry.id for entry in catalogue if not re.fullmatch(r"[a-z0-9-]+", entry.id)] == []


def test_severities_are_those_of_the_report(catalogue: Catalogue) -> None:
    assert {entry.severity for entry in catalogue} == set(get_args(Severity))


def test_placeholders_are_exactly_the_declared_facts(catalogue: Catalogue) -> None:
    used = {entry.id: placeholders(f"{entry.title} {entry.evidence} {entry.cause} {entry.fix}") for entry in catalogue}
    assert [entry.id for entry in catalogue if sorted(used[entry.id]) != sorted(entry.facts)] == []


def test_facts_come_from_the_one_vocabulary(catalogue: Catalogue) -> None:
    assert {fact for entry in catalogue for fact in entry.facts} == set(FACTS)


def test_defaults_belong_to_declared_facts_and_say_something(catalogue: Catalogue) -> None:
    assert [entry.id for entry in catalogue if not set(entry.defaults) <= set(entry.facts)] == []
    assert [entry.id for entry in catalogue if not all(entry.defaults.values())] == []


def test_symptom_and_look_alikes_hold_no_placeholder(catalogue: Catalogue) -> None:
    assert [entry.id for entry in catalogue if placeholders(" ".join((entry.symptom, *entry.look_alikes)))] == []


def test_commands_to_copy_hold_only_facts_that_no_stranger_chooses(catalogue: Catalogue) -> None:
    code = {entry.id: " ".join(CODE.findall(entry.fix)) for entry in catalogue}
    assert [finding for finding, text in code.items() if not placeholders(text) <= {"port", "range"}] == []


def test_sentences_end_with_a_full_stop(catalogue: Catalogue) -> None:
    assert [text for entry in catalogue for text in sentences(entry) if not re.fullmatch(r"\S.*\w.*\.", text)] == []


def test_titles_are_short_and_have_no_full_stop(catalogue: Catalogue) -> None:
    assert [entry.title for entry in catalogue if not 10 < len(entry.title) <= 90 or entry.title.endswith(".")] == []


def test_backticks_come_in_pairs(catalogue: Catalogue) -> None:
    assert [text for entry in catalogue for text in sentences(entry) if text.count("`") % 2] == []


def test_every_error_and_warning_names_what_it_is_mistaken_for_or_nothing_is_like_it(catalogue: Catalogue) -> None:
    alone = {entry.id for entry in catalogue if entry.severity != "info" and not entry.look_alikes}
    assert alone == {"stun-amplification", "tls-unverified", "turn-auth-unchallenged"}


def test_findings_that_a_sentence_names_exist(catalogue: Catalogue) -> None:
    assert [name for entry in catalogue for name in named_findings(entry) if name not in catalogue] == []
    assert [entry.id for entry in catalogue if entry.id in named_findings(entry)] == []


def test_references_are_sections_of_rfcs(catalogue: Catalogue) -> None:
    assert [text for entry in catalogue for text in entry.references if not RFC.fullmatch(text)] == []


def test_no_sentence_holds_a_path_of_a_developers_machine(catalogue: Catalogue) -> None:
    assert [entry.id for entry in catalogue if MACHINE_PATH.search(prose(entry))] == []


def test_no_sentence_holds_a_real_host(catalogue: Catalogue) -> None:
    assert [entry.id for entry in catalogue if REAL_NAME.search(prose(entry))] == []
    addresses = {found for entry in catalogue for found in ADDRESS.findall(prose(entry))}
    assert [found for found in addresses if ipaddress.ip_address(found).is_global] == []


def test_no_sentence_keeps_a_mark_of_the_notes_behind_it(catalogue: Catalogue) -> None:
    assert [entry.id for entry in catalogue if NOTE_MARK.search(prose(entry))] == []
