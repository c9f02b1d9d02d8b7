"""When a request is sent again, and what is kept of how it ended, by a clock that the test sets."""

import pytest

from natprobe.address import Address
from natprobe.wire.error_values import encode_error_code
from natprobe.wire.message import Message, build, parse
from natprobe.wire.registry import Attribute, MessageClass, Method
from natprobe.wire.transactions import FAREWELL, RELIABLE, UNRELIABLE, Schedule, Transaction

ID, DATA = bytes(range(12)), b"the request"
SCHEDULE = Schedule((0.0, 0.5, 1.5), 4.0)
SERVER = Address("203.0.113.77", 3478)


def begun(schedule: Schedule = SCHEDULE) -> Transaction:
    """One that began at 10 s."""
    return Transaction("Binding request", DATA, ID, schedule, 10.0)


def answer(code: int | None = None, reason: str = "") -> Message:
    attributes = () if code is None else ((Attribute.ERROR_CODE, encode_error_code(code, reason)),)
    cls = MessageClass.SUCCESS if code is None else MessageClass.ERROR
    message = parse(build(Method.BINDING, cls, ID, attributes))
    assert isinstance(message, Message)
    return message


def test_a_request_is_sent_at_its_times_and_never_twice_for_one() -> None:
    asked = begun()
    sent = [(now, asked.wake_at()) for now in (10.0, 10.0, 10.49, 10.5, 11.49, 11.5, 99.0) if asked.due(now) == DATA]
    assert sent == [(10.0, 10.5), (10.5, 11.5), (11.5, 14.0)]
    assert asked.exchange().sends_ms == (10000.0, 10500.0, 11500.0)


def test_it_is_given_up_when_its_time_is_over_and_not_before() -> None:
    asked = begun()
    asked.due(10.0)
    assert not asked.give_up(13.99)
    assert not asked.ended
    assert asked.give_up(14.0)
    told = asked.exchange()
    assert (told.outcome, told.waited_ms, told.detail, told.rtt_ms) == ("silent", 4000.0, None, None)
    assert asked.due(20.0) is None
    assert told.facts() == {"sends": "1", "waited": "4.0 s"}


def test_an_answer_ends_it_and_what_comes_later_changes_nothing() -> None:
    asked = begun()
    asked.due(10.0)
    asked.receive(answer(), 10.0123, SERVER)
    asked.receive(answer(401), 10.2)
    asked.fail("refused", "ICMP", 10.3)
    assert asked.give_up(99.0)
    assert asked.due(10.5) is None
    told = asked.exchange()
    assert (told.outcome, told.answered_ms, told.rtt_ms, told.source) == ("success", 10012.3, 12.3, SERVER)
    assert (told.code, told.phrase, told.detail, told.waited_ms) == (None, None, None, None)


def test_an_answer_to_one_of_several_sends_measures_no_round_trip() -> None:
    """Karn's algorithm: nobody knows which send it answers."""
    asked = begun()
    for now in (10.0, 10.5):
        asked.due(now)
    asked.receive(answer(), 10.6)
    assert (asked.exchange().answered_ms, asked.exchange().rtt_ms) == (10600.0, None)


def test_an_error_is_told_with_its_code_and_words() -> None:
    asked = begun()
    asked.due(10.0)
    asked.receive(answer(438, "Stale"), 10.1)
    told = asked.exchange()
    assert (told.outcome, told.code, told.phrase) == ("error", 438, "Stale")
    assert told.facts() == {"sends": "1", "waited": "0.0 s", "code": "438", "phrase": "Stale Nonce"}


def test_an_error_whose_code_cannot_be_read_is_an_error() -> None:
    message = parse(build(Method.BINDING, MessageClass.ERROR, ID))
    assert isinstance(message, Message)
    asked = begun()
    asked.due(10.0)
    asked.receive(message, 10.1)
    assert (asked.exchange().outcome, asked.exchange().code) == ("error", None)


def test_trouble_ends_it_once_and_is_kept_with_the_wait() -> None:
    asked = begun()
    asked.due(10.0)
    asked.fail("refused", "the port is closed", 10.25)
    asked.fail("reset", "later", 11.0)
    asked.receive(answer(), 12.0)
    told = asked.exchange()
    assert (told.outcome, told.detail, told.waited_ms, told.answered_ms) == (
        "refused", "the port is closed", 250.0, None,
    )  # fmt: skip


def test_what_was_not_believed_is_kept_and_bounded() -> None:
    asked = begun()
    asked.due(10.0)
    for number in range(20):
        asked.discard(f"answer {number}")
    assert not asked.ended
    assert asked.exchange().discarded == tuple(f"answer {number}" for number in range(8))
    assert asked.exchange().outcome == "failed"  # it was not finished
    asked.receive(answer(), 10.1)
    assert len(asked.exchange().discarded) == 8


@pytest.mark.parametrize(
    ("rtt_s", "sends_s", "give_up_s"),
    [
        (None, (0.0, 0.5, 1.5), 4.0),
        (0.1, (0.0, 0.5, 1.5), 4.0),
        (0.5, (0.0, 0.75, 1.75), 4.0),  # no gap shorter than one and a half round trips
        (1.0, (0.0, 1.5, 3.0), 5.0),  # and two round trips of patience after the last
    ],
)
def test_a_distant_server_is_not_asked_again_before_it_can_answer(
    rtt_s: float | None, sends_s: tuple[float, ...], give_up_s: float
) -> None:
    assert SCHEDULE.stretched(rtt_s) == Schedule(sends_s, give_up_s)


def test_over_tcp_a_request_is_sent_once() -> None:
    """RFC 8489 section 6.2.2."""
    assert RELIABLE.sends_s == (0.0,)
    assert len(UNRELIABLE.sends_s) > len(FAREWELL.sends_s) > 1
    for schedule in (RELIABLE, UNRELIABLE, FAREWELL):
        assert list(schedule.sends_s) == sorted({*schedule.sends_s})
        assert schedule.sends_s[-1] < schedule.give_up_s
