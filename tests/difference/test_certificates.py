"""Certificates that got nearer to their end, and those that were renewed."""

from typing import Any

import pytest

from natprobe.difference import CertificateChange, difference
from tests.difference.pieces import FOUR, SIX, check, report, served


def changes(old: dict[str, Any], new: dict[str, Any], later: str = "2026-11-28T09:00:00Z") -> list[CertificateChange]:
    before = report(check("tls.certificate", evidence=old))
    return list(difference(before, report(check("tls.certificate", evidence=new), started=later)).certificates)


def test_the_same_certificate_a_week_later_is_a_week_nearer_to_its_end() -> None:
    (change,) = changes(served("2026-12-21T09:00:00Z"), served("2026-12-21T09:00:00Z"))
    assert (change.what, change.was_days_left, change.days_left) == ("nearer", 30, 23)


def test_within_a_day_nothing_is_told() -> None:
    assert changes(served("2026-12-21T12:00:00Z"), served("2026-12-21T12:00:00Z"), "2026-11-21T10:00:00Z") == []


def test_another_certificate_is_renewed_where_it_lasts_longer_and_replaced_where_not() -> None:
    old = served("2026-12-21T09:00:00Z")
    assert [each.what for each in changes(old, served("2027-03-01T00:00:00Z", "bb"))] == ["renewed"]
    assert [each.what for each in changes(old, served("2026-12-01T00:00:00Z", "bb"))] == ["replaced"]


def test_the_certificate_that_ends_first_decides() -> None:
    above = {"subject": "CN=Example CA", "not_after": "2026-11-30T00:00:00Z", "sha256": "cc"}
    chain = served("2026-12-21T09:00:00Z", above=[above])
    (change,) = changes(chain, chain)
    assert (change.subject, change.days_left) == ("CN=Example CA", 1)


def test_one_certificate_at_several_places_is_told_once() -> None:
    seen = served("2026-12-21T09:00:00Z")
    cells = [check("tls.certificate", evidence=seen, address=place, transport="tls") for place in (FOUR, SIX)]
    (change,) = difference(report(*cells), report(*cells, started="2026-12-01T09:00:00Z")).certificates
    assert change.places == (f"tls {FOUR}", f"tls {SIX}")


@pytest.mark.parametrize("handshake", [None, {}, {"chain": "x"}, {"chain": [7, {"not_after": "soon"}, {}]}])
def test_a_handshake_that_cannot_be_read_is_passed_over(handshake: object) -> None:
    odd = {"handshake": handshake}
    assert changes(odd, odd) == []
    assert changes(odd, served("2026-12-21T09:00:00Z")) == []


def test_a_run_that_does_not_say_when_it_began_tells_no_days() -> None:
    seen = served("2026-12-21T09:00:00Z")
    assert changes(seen, seen, "yesterday") == []
