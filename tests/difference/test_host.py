"""This host: another NAT, other candidates."""

import msgspec

from natprobe.difference import difference
from natprobe.model import Nat
from tests.reports.example_reports import behind_a_nat, healthy


def test_a_nat_that_maps_otherwise_and_a_candidate_that_is_missing_are_told() -> None:
    old = behind_a_nat()
    assert old.nat is not None
    assert old.nat.ipv4 is not None
    stricter = msgspec.structs.replace(old.nat.ipv4, mapping="address-dependent", hairpinning=None)
    new = msgspec.structs.replace(old, nat=Nat(ipv4=stricter), candidates=())
    told = [(turn.what, turn.was, turn.now) for turn in difference(old, new).host]
    assert told == [
        ("IPv4 NAT mapping", "endpoint-independent", "address-dependent"),
        ("IPv4 NAT hairpinning", "no", "unknown"),
        ("srflx candidates", "1", "0"),
    ]


def test_what_only_one_run_asked_for_is_no_change() -> None:
    assert difference(behind_a_nat(), healthy()).host == ()
