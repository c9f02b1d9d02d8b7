"""What is read out of evidence about time and silence: shapes, middles, and each exchange once."""

from datetime import UTC, datetime
from typing import Any

import pytest

from natprobe.measured import Exchanged, exchanges, median, moment, quantile, round_trips_ms, sends
from natprobe.model import Check, Status


def check(*asked: Any, transport: Any = "udp") -> Check:
    """A check with such exchanges in its evidence."""
    return Check(
        id="turn.reach", target="turn:a", transport=transport, status=Status.PASS, summary="", started_ms=0.0,
        duration_ms=1.0, evidence={"exchanges": list(asked)},
    )  # fmt: skip


def exchange(*sends_ms: float, answered_ms: Any = 9.0, rtt_ms: Any = 8.0) -> dict[str, Any]:
    return {"request": "Binding", "sends_ms": list(sends_ms), "answered_ms": answered_ms, "rtt_ms": rtt_ms}


@pytest.mark.parametrize(
    ("values", "share", "value"),
    [
        ((7.0,), 0.25, 7.0),
        ((4.0, 1.0, 3.0, 2.0), 0.25, 1.75),
        ((4.0, 1.0, 3.0, 2.0), 0.5, 2.5),
        ((4.0, 1.0, 3.0, 2.0), 0.0, 1.0),
        ((4.0, 1.0, 3.0, 2.0), 1.0, 4.0),
        ((10.0, 20.0, 90.0), 0.5, 20.0),
        ((10.0, 20.0, 90.0), 0.75, 55.0),
    ],
)
def test_a_quantile_lies_between_two_values_by_proportion(
    values: tuple[float, ...], share: float, value: float
) -> None:
    assert quantile(values, share) == value


def test_nothing_has_no_middle() -> None:
    with pytest.raises(ValueError, match="no values"):
        median(())


def test_an_exchange_that_several_checks_show_is_one_and_another_is_another() -> None:
    first, second = exchange(1.0), exchange(2.0, answered_ms=None, rtt_ms=None)
    assert exchanges((check(first, second), check(first))) == (
        Exchanged(1, answered=True, rtt_ms=8.0),
        Exchanged(1, answered=False, rtt_ms=None),
    )
    assert round_trips_ms((check(first, second),)) == (8.0,)


@pytest.mark.parametrize("rtt_ms", [-1.0, True, "8", None, float("nan")])
def test_what_is_no_time_is_no_round_trip(rtt_ms: Any) -> None:
    assert exchanges((check(exchange(1.0, rtt_ms=rtt_ms)),)) == (Exchanged(1, answered=True, rtt_ms=None),)
    assert exchanges((check(exchange(1.0, rtt_ms=0)),)) == (Exchanged(1, answered=True, rtt_ms=0.0),)


@pytest.mark.parametrize(
    "shape",
    [
        {"sends_ms": [1.0], "rtt_ms": 8.0},
        {"request": "Binding", "sends_ms": 1.0},
        {"request": "Binding", "sends_ms": [1.0, None]},
        {"request": "Binding", "sends_ms": [True]},
        "a text",
    ],
)
def test_what_has_another_shape_is_no_exchange(shape: Any) -> None:
    assert exchanges((check(shape),)) == ()


def test_evidence_without_end_is_read_to_some_depth() -> None:
    near: Any = exchange(1.0)
    for _ in range(10):
        near = {"within": near}
    far: Any = {"within": [[near]]}
    assert len(exchanges((check(near),))) == 1
    assert exchanges((check(far),)) == ()


def test_sends_are_counted_over_datagrams_alone() -> None:
    twice, lost = exchange(1.0, 2.0), exchange(3.0, 4.0, answered_ms=None, rtt_ms=None)
    told = sends((check(twice, lost), check(exchange(5.0), transport="tcp"), check(exchange(6.0), transport="dtls")))
    assert told is not None
    assert (told.sent, told.unanswered, told.unanswered_ratio) == (5, 3, 0.6)
    assert sends((check(exchange(5.0), transport="tls"),)) is None


def test_a_moment_without_a_zone_is_utc() -> None:
    noon = datetime(2026, 11, 24, 12, tzinfo=UTC)
    assert (
        moment("2026-11-24T12:00:00Z") == moment("2026-11-24T12:00:00") == moment("2026-11-24T13:00:00+01:00") == noon
    )
    assert moment("yesterday") is None
