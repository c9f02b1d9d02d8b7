"""A trend as a page: every run at its moment, a gap where nothing was measured, and nothing but what was."""

import re

import pytest

from natprobe.model import Report
from natprobe.trend import Trend, trend
from natprobe_reports.html import render_trend
from natprobe_reports.html.overtime import trend_page
from tests.difference.pieces import SIX, asked, check, report
from tests.reports.html_tree import Page
from tests.reports.test_hostile_strings import FORBIDDEN, HOSTILE, report_of
from tests.trend.test_trend import SILENT

FAILED = {(9, 3), (9, 15), (20, 3)}


def many_runs() -> Trend:
    """Two runs a day for four weeks; three of them failed, and one day the way grew longer."""
    return trend(_run(day, hour) for day in range(1, 29) for hour in (3, 15))


def _run(day: int, hour: int) -> Report:
    bad = (day, hour) in FAILED
    evidence = SILENT if bad else asked(20.0 + day % 5 + (25 if day > 22 else 0))
    checks = (check(status="fail" if bad else "pass", evidence=evidence), check(address=SIX, evidence=asked(30.0)))
    return report(*checks, started=f"2026-11-{day:02}T{hour:02}:00:00.000Z")


def test_every_run_is_a_mark_and_every_value_a_point() -> None:
    four, six = trend_page(many_runs()).cells
    assert len(four.strip.dots) == len(six.strip.dots) == 56
    round_trip, unanswered = four.charts
    assert len(round_trip.points) == 56 - len(FAILED)
    assert len(unanswered.points) == 56
    assert four.state == "failed in 3 of 56 runs"
    assert [failure.when for failure in four.failures] == [
        "2026-11-20 03:00:00 UTC", "2026-11-09 15:00:00 UTC", "2026-11-09 03:00:00 UTC",
    ]  # fmt: skip


def test_a_line_does_not_lead_over_a_run_that_measured_nothing() -> None:
    round_trip = trend_page(many_runs()).cells[0].charts[0]
    # 53 values in three stretches: 16 runs, then 21, then 16.
    assert len(round_trip.segments) == 53 - 3


def test_a_run_stands_at_its_time_and_not_at_its_number() -> None:
    told = trend(_run(day, 3) for day in (1, 2, 11))
    first, second, third = (float(dot.x.rstrip("%")) for dot in trend_page(told).verdicts[0].dots)
    assert third - second == pytest.approx(9 * (second - first), abs=0.05)


def test_no_moment_is_written_over_another_where_runs_stand_close_together() -> None:
    close = trend_page(trend(_run(day, 3) for day in (1, 2, 3, 4, 5, 28))).ticks
    assert [tick.label for tick in close] == ["2026-11-01 03:00", "2026-11-28 03:00"]
    even = trend_page(trend(_run(day, 3) for day in range(1, 29))).ticks
    assert [tick.anchor for tick in even] == ["start", "middle", "middle", "end"]


def test_a_higher_value_stands_higher_and_nothing_at_the_bottom() -> None:
    days = {"2026-11-01T00:00:00Z": 10, "2026-11-02T00:00:00Z": 40}
    told = trend(report(check(evidence=asked(rtt)), started=started) for started, rtt in days.items())
    (cell,) = trend_page(told).cells
    low, high = (float(point.y) for point in cell.charts[0].points)
    assert high < low
    lossless = cell.charts[1]
    assert {point.y for point in lossless.points} == {"90.0"}
    assert lossless.top == "5 %"


def test_runs_without_a_time_stand_one_after_another() -> None:
    told = trend(report(check(), started=started) for started in ("?", "", "2026-11-01T00:00:00Z"))
    places = [dot.x for dot in trend_page(told).verdicts[0].dots]
    assert len(set(places)) == 3


@pytest.mark.parametrize("text", HOSTILE)
def test_what_others_wrote_cannot_break_the_page(text: str) -> None:
    page = render_trend(trend([report_of(text)]))
    Page(page)
    assert not re.search(FORBIDDEN, page)


def test_no_runs_are_no_page() -> None:
    with pytest.raises(ValueError, match="without runs"):
        render_trend(trend([]))
