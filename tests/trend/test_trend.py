"""Reports over time: one value a run in every series, whatever is missing."""

from hypothesis import given
from hypothesis import strategies as st

from natprobe.model import Status, Verdict
from natprobe.trend import span, trend, worst
from tests.difference.pieces import FOUR, MOVED, SIX, asked, check, report

SILENT = {"exchanges": [{"request": "Binding", "sends_ms": [0.0, 0.5, 1.5], "outcome": "timeout"}]}


def at(hour: int) -> str:
    return f"2026-11-21T{hour:02}:00:00.000Z"


def test_runs_stand_by_their_start_and_an_unknown_start_is_last() -> None:
    runs = trend([report(started="?"), report(started=at(9)), report(started=at(7))]).runs
    assert [run.started for run in runs] == [at(7), at(9), "?"]
    assert runs[2].at_s is None
    assert runs[1].at_s == 1795251600.0


def test_every_series_has_one_value_a_run() -> None:
    told = trend(
        [
            report(check(evidence=asked(10, 30, 20)), started=at(1)),
            report(check("stun.binding", target="stun:x", asked="stun:x"), started=at(2)),
            report(check(status="fail", evidence=SILENT), check("turn.allocate", "skip"), started=at(3)),
        ]
    )
    turn, stun = told.lines
    assert turn.statuses == (Status.PASS, None, Status.FAIL)
    assert turn.rtt_ms == (20.0, None, None)
    assert turn.unanswered == (0.0, None, 1.0)
    assert turn.failing == ((), (), ("turn.reach",))
    assert stun.statuses == (None, Status.PASS, None)


def test_an_address_may_change_within_its_family() -> None:
    told = trend(
        [report(check(address=FOUR, started_ms=1.0)), report(check(address=MOVED)), report(check(address=SIX))]
    )
    assert [(line.family, line.addresses) for line in told.lines] == [(4, (str(FOUR), str(MOVED))), (6, (str(SIX),))]


def test_over_a_stream_nothing_is_told_of_repeats() -> None:
    (line,) = trend([report(check(transport="tcp", evidence=SILENT))]).lines
    assert line.unanswered == (None,)


def test_a_request_that_was_sent_again_counts_as_often_as_it_was_sent() -> None:
    again = {"exchange": {"request": "Binding", "sends_ms": [0.0, 0.5], "answered_ms": 20.0, "rtt_ms": None}}
    (line,) = trend([report(check(evidence=again))]).lines
    assert (line.rtt_ms, line.unanswered) == ((None,), (0.5,))


def test_skipped_checks_hide_no_other_and_are_told_where_they_are_alone() -> None:
    (line,) = trend([report(check(status="skip"), check("turn.allocate")), report(check(status="skip"))]).lines
    assert line.statuses == (Status.PASS, Status.SKIP)


def test_a_span_is_of_what_is_known() -> None:
    assert span([None, 3.0, 1.0]) == (1.0, 3.0)
    assert span([None]) is None
    assert worst([None, Status.WARN, Status.FAIL, None]) is Status.FAIL
    assert worst([None]) is None


def test_no_reports_are_an_empty_trend() -> None:
    assert (trend([]).runs, trend([]).lines) == ((), ())


@given(st.lists(st.tuples(st.sampled_from(Status), st.integers(0, 23)), max_size=8))
def test_the_order_of_the_files_does_not_matter(runs: list[tuple[Status, int]]) -> None:
    reports = [report(check(status=status.value), started=at(hour)) for status, hour in runs]
    there, back = (trend(each).lines for each in (reports, reports[::-1]))
    assert [sorted(map(str, line.statuses)) for line in there] == [sorted(map(str, line.statuses)) for line in back]
    assert [run.started for run in trend(reports).runs] == [run.started for run in trend(reports[::-1]).runs]


def test_a_mark_carries_the_verdict() -> None:
    (run,) = trend([report(check(status="fail"), check(status="error"))]).runs
    assert (run.verdict, run.failed) == (Verdict.FAIL, 2)
