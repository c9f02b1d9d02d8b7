"""How many at once, how many a minute, and when is it worth asking again?"""

from hypothesis import given
from hypothesis import strategies as st

from natprobe.exporter.config import Limits
from natprobe.exporter.limits import Limiter


def test_a_place_is_taken_until_it_is_given_back() -> None:
    limiter = Limiter(Limits(probes_at_once=2, probes_per_minute=600), now=0.0)
    assert limiter.enter(0.0, 5.0) is None
    assert limiter.enter(0.0, 3.2) is None
    refusal = limiter.enter(1.0, 9.0)
    assert refusal is not None
    assert (refusal.status, refusal.reason, refusal.retry_after_s) == (503, "busy", 3)
    limiter.leave(3.2)
    assert limiter.enter(1.0, 9.0) is None


def test_the_minutes_worth_is_spent_and_fills_again() -> None:
    limiter = Limiter(Limits(probes_at_once=1, probes_per_minute=2), now=0.0)
    for _ in range(2):
        assert limiter.enter(0.0, 1.0) is None
        limiter.leave(1.0)
    refusal = limiter.enter(10.0, 11.0)
    assert refusal is not None
    assert (refusal.status, refusal.reason, refusal.retry_after_s) == (429, "rate", 20)
    assert limiter.enter(30.0, 31.0) is None


def test_a_long_silence_saves_no_more_than_a_minutes_worth() -> None:
    limiter = Limiter(Limits(probes_at_once=256, probes_per_minute=5), now=0.0)
    admitted = [limiter.enter(1e6, 1e6 + 1) is None for _ in range(9)]
    assert admitted == [True] * 5 + [False] * 4


def test_who_is_refused_spends_nothing() -> None:
    limiter = Limiter(Limits(probes_at_once=1, probes_per_minute=2), now=0.0)
    assert limiter.enter(0.0, 1.0) is None
    assert [limiter.enter(0.0, 1.0) is not None for _ in range(50)] == [True] * 50
    limiter.leave(1.0)
    assert limiter.enter(0.0, 1.0) is None


@given(
    st.integers(1, 5),
    st.integers(1, 100),
    st.lists(st.tuples(st.floats(0, 30), st.floats(0.1, 20), st.booleans()), max_size=60),
)
def test_the_bounds_hold_whatever_comes(at_once: int, per_minute: int, steps: list[tuple[float, float, bool]]) -> None:
    limiter = Limiter(Limits(probes_at_once=at_once, probes_per_minute=per_minute), now=0.0)
    running: list[float] = []
    now, admitted = 0.0, 0
    for pause, length, ends in steps:
        now += pause
        if ends and running:
            limiter.leave(running.pop())
        refusal = limiter.enter(now, now + length)
        if refusal is None:
            running.append(now + length)
            admitted += 1
        else:
            assert refusal.retry_after_s is not None
            assert refusal.retry_after_s >= 1
        assert len(running) <= at_once
        assert admitted <= per_minute + now * per_minute / 60 + 1e-6
