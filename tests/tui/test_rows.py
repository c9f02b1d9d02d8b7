"""Rows: what stands in them, in which order, and that they fit."""

import pytest
from rich.cells import cell_len

from natprobe.model import Status
from natprobe_tui.marks import COLUMNS, MARKS
from natprobe_tui.moments import clock, written
from natprobe_tui.outline import Sort, View, outline
from natprobe_tui.rows import Spans, board_row, change_row, fit, heading
from natprobe_tui.track import sparkline
from tests.tui.stage import SHUT_ROUND, STOPPED_ROUND, TURN, TURNS, a_round, a_start, an_end, board_of, recorded, rounds


def text(spans: Spans) -> str:
    return "".join(piece for piece, _ in spans)


def drawn(events: object, columns: int = 100, view: View | None = None) -> list[str]:
    board = board_of(events)  # type: ignore[arg-type]
    return [text(board_row(line, board, columns)).rstrip() for line in outline(board, view or View())]


@pytest.mark.parametrize("columns", [40, 80, 100, 200])
@pytest.mark.parametrize("number", [1, SHUT_ROUND, STOPPED_ROUND])
def test_every_row_is_as_wide_as_the_screen_and_no_wider(columns: int, number: int) -> None:
    board = board_of(rounds(number))
    opened = View(opened=frozenset(board.cells))
    for line in outline(board, opened):
        assert cell_len(text(board_row(line, board, columns))) <= columns
    for change in board.changes:
        assert cell_len(text(change_row(change, columns))) <= columns
    assert cell_len(heading(columns)) <= columns


def test_wide_characters_count_twice() -> None:
    assert fit("日本語", 4) == "日 …"
    assert fit("日本", 4) == "日本"
    assert fit("ab", 4) == "ab  "
    assert fit("abc", 0) == ""


def test_each_status_has_a_symbol_and_a_word_of_its_own() -> None:
    assert len({mark.text for mark in MARKS.values()}) == len({mark.symbol for mark in MARKS.values()}) == len(Status)
    assert all(len(mark.text) == COLUMNS for mark in MARKS.values())


def test_a_hostile_summary_stays_in_its_row() -> None:
    event = an_end("a.b", Status.FAIL, summary="red\x1b[31m\n\u202eevil")
    rows = drawn((a_start(), event))
    assert not any(character in row for row in rows for character in "\x1b\n\u202e")
    assert any("red[31m evil" in row for row in rows)


def test_healthy_cells_are_closed_where_the_screen_is_small() -> None:
    assert not any("turn.allocate" in row for row in drawn(rounds(1)))
    assert any("11 of 11 ok" in row for row in drawn(rounds(1)))


def test_everything_stands_open_where_it_fits() -> None:
    assert sum("turn.allocate" in row for row in drawn(rounds(1), view=View(room=40))) == 2


def test_a_cell_in_trouble_stands_open_and_says_in_one_row_what_was_not_tested() -> None:
    rows = drawn(rounds(STOPPED_ROUND), columns=120)
    assert sum("turn.reach  " in row for row in rows) == 2
    assert any("not tested, because turn.reach failed: turn.binding, turn.challenge" in row for row in rows)


def test_a_cell_that_the_user_closed_stays_closed() -> None:
    board = board_of(rounds(STOPPED_ROUND))
    closed = outline(board, View(closed=frozenset(board.cells)))
    assert {line.kind for line in closed} <= {"target", "cell", "check"}
    assert {line.id for line in closed if line.kind == "check"} == {"dns.resolve"}


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("relay-in", {"turn.relay-in"}),
        ("RELAY-IN tls", {"turn.relay-in"}),
        ("fail", {"turn.relay-in"}),
        ("relay-port-range-blocked udp", {"turn.relay-in"}),
        ("nothing-of-the-kind", set()),
    ],
)
def test_the_filter_keeps_what_holds_all_words(wanted: str, expected: set[str]) -> None:
    board = board_of(rounds(SHUT_ROUND))
    assert {line.id for line in outline(board, View(wanted=wanted)) if line.kind == "check"} == expected


def test_a_filter_that_names_a_target_shows_all_of_it() -> None:
    lines = outline(board_of(rounds(1)), View(wanted="turns:"))
    assert {line.asked for line in lines} == {TURNS}
    assert len([line for line in lines if line.kind == "check"]) == 13


@pytest.mark.parametrize(
    ("sort", "first"),
    [("as given", TURN), ("worst first", TURNS), ("last change first", TURNS), ("slowest first", TURN)],
)
def test_orders(sort: Sort, first: str) -> None:
    both = (TURN, TURNS)
    one = (
        *a_round(("a.b", Status.PASS), targets=both)[:-1],
        *a_round(("a.b", Status.PASS), targets=both, asked=TURNS)[1:],
    )
    two = a_round(("a.b", Status.FAIL), targets=(TURNS,), asked=TURNS, number=2)
    assert outline(board_of((*one, *two)), View(sort=sort))[0].asked == first


def test_a_round_that_goes_on_is_shown_as_it_goes() -> None:
    events = a_round(("a.b", Status.PASS), ("a.c", Status.PASS))
    assert any("» running" in row and "0 of 2  a.b" in row for row in drawn(events[:4]))
    assert any("» running" in row and "1 of 2  a.c" in row for row in drawn(events[:6]))
    assert any("✓ ok" in row and "2 of 2 ok" in row for row in drawn(events[:7]))


def test_the_certificate_is_told_in_the_row_of_its_cell() -> None:
    assert any(
        "tls 203.0.113.10:5349" in row and "certificate" in row and "days" in row
        for row in drawn(recorded(), columns=120)
    )


def test_the_time_of_a_change_stands_in_the_rows_of_check_cell_and_target() -> None:
    rows = drawn(rounds(SHUT_ROUND), columns=80)
    at = clock(board_of(rounds(SHUT_ROUND)).changes[0].at)
    assert len([row for row in rows if row.endswith(at[:5] + row[-3:]) and row[-3:].startswith(":")]) >= 3


@pytest.mark.parametrize(
    ("values", "columns", "bars"),
    [
        ([1, 2, 4, 8], 8, "▂▃▅█"),
        ([1, 2, 4, 8], 2, "▅█"),
        ([5, None, 5], 8, "█·█"),
        ([None], 8, "·"),
        ([0, 0], 8, "▁▁"),
        ([], 8, ""),
        ([1], 0, ""),
    ],
)
def test_a_sparkline_begins_at_zero(values: list[float | None], columns: int, bars: str) -> None:
    assert sparkline(values, columns) == bars


def test_a_moment_that_no_calendar_holds_is_no_trouble() -> None:
    assert written(1e30) == "1970-01-01T00:00:00.000Z"
    assert written(1.5) == "1970-01-01T00:00:01.500Z"
    assert clock("when?") == ""


@pytest.mark.parametrize("columns", [70, 80, 100, 120, 200])
def test_that_something_failed_is_said_at_every_width(columns: int) -> None:
    assert sum("1 failed" in row for row in drawn(rounds(SHUT_ROUND), columns)) == 2
