"""How the silences are chosen that bracket the lifetime of a binding, and what they add up to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from natprobe.wire.behaviour import Bracket, bracket_of, finer, grid


def test_the_lifetime_lies_between_the_longest_survivor_and_the_first_that_is_gone() -> None:
    bracket = bracket_of(((30.0, "alive"), (45.0, "alive"), (60.0, "gone"), (75.0, "gone"), (90.0, "unknown")))
    assert (bracket.alive_s, bracket.gone_s, bracket.contradictory) == (45.0, 60.0, False)


@pytest.mark.parametrize("alive_s", [30.0, 45.0])
def test_a_survivor_of_as_long_a_silence_contradicts(alive_s: float) -> None:
    bracket = bracket_of(((30.0, "gone"), (alive_s, "alive")))
    assert bracket.contradictory
    assert bracket.found_s is None
    assert finer(bracket, 600.0) == ()


@pytest.mark.parametrize(
    ("alive_s", "gone_s", "left_s", "times"),
    [
        (45.0, 60.0, 60.0, (48.75, 52.5, 56.25)),
        (45.0, 60.0, 59.9, ()),  # none of these silences ends in time
        (None, 8.0, 60.0, (2.0, 4.0, 6.0)),
        (180.0, None, 600.0, ()),
        (89.0, 100.0, 600.0, (91.75, 94.5, 97.25)),
        (90.0, 100.0, 600.0, ()),  # a tenth is narrow enough
        (3.0, 5.0, 600.0, (3.5, 4.0, 4.5)),
        (4.0, 5.0, 600.0, ()),  # and so is a second
    ],
)
def test_a_bracket_is_made_finer_while_it_is_wide_and_there_is_time(
    alive_s: float | None, gone_s: float | None, left_s: float, times: tuple[float, ...]
) -> None:
    assert finer(Bracket(alive_s=alive_s, gone_s=gone_s), left_s) == times


@pytest.mark.parametrize(
    ("fates", "found_s"),
    [
        (((30.0, "alive"), (60.0, "gone")), 30.0),
        (((30.0, "alive"), (60.0, "alive")), None),
        (((30.0, "unknown"), (60.0, "gone")), None),
        ((), None),
    ],
)
def test_one_bound_alone_is_no_lifetime(fates: tuple[tuple[float, str], ...], found_s: float | None) -> None:
    assert bracket_of(fates).found_s == found_s


@given(st.floats(1, 600))
def test_the_silences_ascend_to_the_cap_and_no_further(cap_s: float) -> None:
    times = grid(cap_s)
    assert list(times) == sorted(set(times))
    assert times[-1] == pytest.approx(cap_s)
    assert all(time > 0 for time in times)


def test_a_short_cap_is_cut_into_ten_and_a_long_one_takes_the_steps_below_it() -> None:
    assert grid(30.0) == (3.0, 6.0, 9.0, 12.0, 15.0, 18.0, 21.0, 24.0, 27.0, 30.0)
    assert grid(31.0) == (2.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 31.0)
    assert grid(300.0)[-4:] == (165.0, 180.0, 240.0, 300.0)
