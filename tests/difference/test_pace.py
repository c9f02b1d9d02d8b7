"""Slower, or noise? One rule, the same in both directions, and never more claimed than the samples carry."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from natprobe.difference import difference
from natprobe.difference.pace import is_beyond_noise
from tests.difference.pieces import asked, check, report

TIMES = st.lists(st.floats(0.01, 5000), min_size=1, max_size=12)


def paces(old: dict[str, Any], new: dict[str, Any]) -> tuple[tuple[bool, ...], tuple[bool, ...]]:
    """What is called slower and faster, as whether it is proven."""
    different = difference(report(check(evidence=old)), report(check(evidence=new)))
    return tuple(pace.proven for pace in different.slower), tuple(pace.proven for pace in different.faster)


def test_one_sample_says_no_more_than_slower_in_this_run() -> None:
    assert paces(asked(20), asked(80)) == ((False,), ())
    assert paces(asked(80), asked(20)) == ((), (False,))


def test_enough_samples_beyond_the_spread_prove_it() -> None:
    assert paces(asked(20, 21, 22, 20, 23), asked(40, 41, 39, 43, 44)) == ((True,), ())


def test_samples_whose_middles_overlap_are_noise() -> None:
    assert paces(asked(5, 10, 20, 60, 80), asked(6, 12, 40, 50, 90)) == ((), ())


@pytest.mark.parametrize(("old", "new"), [(20, 24.9), (2, 6.9), (100, 129), (1, 1)])
def test_little_is_noise_by_share_or_by_size(old: float, new: float) -> None:
    assert paces(asked(old), asked(new)) == ((), ())


@pytest.mark.parametrize(
    ("old", "new", "beyond"),
    [
        ([20.0], [26.0], False),  # 30 % and no more
        ([20.0], [26.1], True),
        ([10.0], [15.0], False),  # 5 ms and no more
        ([10.0], [15.1], True),
        ([10.0, 20.0, 30.0, 40.0, 50.0], [28.0, 30.0, 40.0, 50.0, 60.0], False),  # the middle halves overlap
        ([10.0, 20.0, 30.0, 40.0, 50.0], [28.0, 40.0, 40.0, 50.0, 60.0], False),  # they meet
        ([10.0, 20.0, 30.0, 40.0, 50.0], [28.0, 41.0, 41.0, 50.0, 60.0], True),
        ([10.0, 20.0, 30.0, 40.0], [28.0, 30.0, 40.0, 50.0, 60.0], True),  # too few to know their spread
    ],
)
def test_the_bounds_of_the_rule_are_kept_in_both_directions(
    old: list[float], new: list[float], *, beyond: bool
) -> None:
    assert is_beyond_noise(old, new) is beyond
    assert is_beyond_noise(new, old) is beyond


@given(old=TIMES, new=TIMES)
def test_the_rule_is_the_same_in_both_directions(old: list[float], new: list[float]) -> None:
    assert is_beyond_noise(old, new) == is_beyond_noise(new, old)
    assert not is_beyond_noise(old, old)


def test_an_exchange_that_several_checks_show_counts_once() -> None:
    shared = asked(20)
    old = report(check(evidence=shared), check("turn.binding", evidence=shared))
    new = report(check(evidence=asked(80)), check("turn.binding", evidence=asked(80)))
    (pace,) = difference(old, new).slower
    assert (pace.was_samples, pace.now_samples, pace.check) == (1, 1, None)


def test_the_duration_counts_only_where_a_cell_has_no_round_trips() -> None:
    old = report(check("dns.resolve", duration_ms=8.0, address=None, transport=None))
    new = report(check("dns.resolve", duration_ms=800.0, address=None, transport=None))
    (pace,) = difference(old, new).slower
    assert (pace.check, pace.measure, pace.proven) == ("dns.resolve", "duration", False)
    old, new = (report(check(duration_ms=took, evidence=asked(20))) for took in (8.0, 800.0))
    assert difference(old, new).slower == ()


def test_the_duration_of_a_failed_check_is_no_pace() -> None:
    old = report(check("dns.resolve", duration_ms=8.0))
    assert difference(old, report(check("dns.resolve", "fail", duration_ms=8000.0))).slower == ()


@pytest.mark.parametrize(
    "evidence",
    [
        {"exchanges": "no list"},
        {"exchanges": [{"request": "Binding", "sends_ms": "x", "rtt_ms": 5}]},
        {"exchanges": [{"request": "Binding", "sends_ms": [1.0], "rtt_ms": "fast"}]},
        {"exchanges": [{"request": ["odd"], "sends_ms": [None], "rtt_ms": True}]},
    ],
)
def test_evidence_of_another_shape_is_no_sample(evidence: dict[str, Any]) -> None:
    assert paces(evidence, asked(80)) == ((), ())


def test_the_rule_is_named_in_the_output() -> None:
    assert "30 %" in difference(report(check()), report(check())).noise_rule
