"""Sparklines that tell what was measured, within the width, and no more."""

import pytest

from natprobe.model import Vantage
from natprobe.trend import Trend, trend
from natprobe_reports.style import PLAIN, Style
from natprobe_reports.trend_text import render
from tests.difference.pieces import asked, check, report
from tests.reports.test_hostile_strings import FORBIDDEN, HOSTILE, report_of
from tests.trend.test_trend import SILENT, at


def days(*rtts_ms: float | None) -> Trend:
    return trend(
        report(
            check(status="pass" if rtt else "fail", evidence=asked(rtt) if rtt else SILENT),
            started=f"2026-11-{day:02}T09:00:00.000Z",
        )
        for day, rtt in enumerate(rtts_ms, 1)
    )


def test_a_trend_reads_from_left_to_right() -> None:
    assert render(days(20, 22, 40, 80, None, 21), PLAIN).splitlines() == [
        "6 runs, 2026-11-01T09:00:00.000Z to 2026-11-06T09:00:00.000Z: 5 passed; the last",
        "one: pass",
        "",
        "check    ....F.",
        "",
        "turn:turn.example.org over udp at 203.0.113.10:3478",
        "  state  ....F.  failed at times: turn.reach",
        "  rtt    ▃▃▅█ ▃  last 21 ms, 20 ms to 80 ms",
        "  resent ▁▁▁▁█▁  last 0 %, 0 % to 100 %",
        "",
        ". passed, w warned, ? could not be told, F failed, B broke inside natprobe, -",
        "not tested, blank: not made",
        "resent: sends that brought no answer, lost or answered late, over all sends",
    ]


def test_many_runs_share_marks_and_a_failure_among_them_is_not_lost() -> None:
    told = render(days(*([20.0] * 20), None, *([20.0] * 6)), Style(width=48))
    state = next(line for line in told.splitlines() if line.startswith("  state"))
    assert state.split()[1] == "......F.."
    assert "each mark is up to 3 runs" in told


@pytest.mark.parametrize("runs", range(1, 28))
@pytest.mark.parametrize("width", [40, 80])
def test_no_run_is_left_out_and_the_newest_is_at_the_right(runs: int, width: int) -> None:
    told = render(days(*([20.0] * (runs - 1)), None), Style(width=width))
    strip = next(line for line in told.splitlines() if line.startswith("check")).split()[1]
    assert strip.endswith("F")
    assert strip.count("F") == 1
    assert len(strip) <= max(runs, 8)


def test_a_terminal_that_knows_ascii_alone_gets_ascii_alone() -> None:
    assert render(days(20, 80), Style(unicode=False)).isascii()


def test_hosts_are_named_where_there_are_several() -> None:
    runs = [report(check(), vantage=Vantage(hostname=f"{name}.example.org", platform="")) for name in "ab"]
    told = render(trend(runs), PLAIN)
    assert "from a.example.org" in told
    assert "from b.example.org" in told
    assert "from" not in render(trend(runs[:1]), PLAIN)


def test_commands_have_a_strip_each() -> None:
    told = render(trend([report(check(), started=at(1)), report(check(), started=at(2), command="nat")]), PLAIN)
    assert "check    .\n" in told
    assert "nat       .\n" in told


def test_nothing_is_said_of_no_runs() -> None:
    assert render(trend([]), PLAIN) == "no runs\n"


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_stay_words_in_a_trend(text: str) -> None:
    told = render(trend([report_of(text), report(check())]), PLAIN)
    told.encode()
    assert not FORBIDDEN.search(told)
