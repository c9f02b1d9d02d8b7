"""Events in, standing report out: by hand-made rounds and by the recorded deployment."""

import msgspec
import pytest

from natprobe.address import Address
from natprobe.diagnose import diagnose
from natprobe.events import CheckEnded, Packet, RunEnded, RunStarted
from natprobe.fold import fold
from natprobe.model import Status, Verdict
from natprobe_reports.culprit import culprit
from natprobe_tui.board import Board
from natprobe_tui.changes import Change, told
from natprobe_tui.facts import days_left, host_words
from natprobe_tui.place import place_of
from natprobe_tui.track import KEPT
from tests.tui.stage import (
    REFUSED_ROUND,
    ROUNDS,
    SERVER,
    SHUT_ROUND,
    STOPPED_ROUND,
    TURN,
    TURNS,
    a_round,
    a_start,
    an_end,
    board_of,
    recorded,
    rounds,
)

PASS, FAIL, SKIP, WARN = Status.PASS, Status.FAIL, Status.SKIP, Status.WARN
Results = tuple[tuple[str, Status], ...]
Moves = list[tuple[str, Status | None, Status | None]]


def last_round(number: int) -> tuple[object, ...]:
    events = rounds(number)
    starts = [index for index, event in enumerate(events) if isinstance(event, RunStarted)]
    return events[starts[-1] :]


def changes_of(board: Board) -> tuple[Change, ...]:
    return tuple(change for change in board.changes if isinstance(change, Change))


@pytest.mark.parametrize("number", range(1, ROUNDS + 1))
def test_after_each_round_the_board_stands_as_the_text_report_of_that_round_does(number: int) -> None:
    board = board_of(rounds(number))
    report = diagnose(fold(last_round(number)))  # type: ignore[arg-type]
    assert board.report.checks == report.checks
    assert board.report.findings == report.findings
    assert (board.report.verdict, culprit(board.report)) == (report.verdict, culprit(report))


CHANGES: dict[str, tuple[Results, Results, Moves]] = {
    "what stays the same is not told": ((("a.b", PASS),), (("a.b", PASS),), []),
    "what breaks is told": ((("a.b", PASS),), (("a.b", FAIL),), [("a.b", PASS, FAIL)]),
    "what is mended is told": ((("a.b", FAIL),), (("a.b", PASS),), [("a.b", FAIL, PASS)]),
    "what merely follows is not told": (
        (("a.b", PASS), ("a.c", PASS)),
        (("a.b", FAIL), ("a.c", SKIP)),
        [("a.b", PASS, FAIL)],
    ),
    "nor is its return": (
        (("a.b", FAIL), ("a.c", SKIP)),
        (("a.b", PASS), ("a.c", PASS)),
        [("a.b", FAIL, PASS)],
    ),
    "a rung that returns broken is told": (
        (("a.b", FAIL), ("a.c", SKIP)),
        (("a.b", PASS), ("a.c", FAIL)),
        [("a.b", FAIL, PASS), ("a.c", SKIP, FAIL)],
    ),
    "a check that is new and well is not told": ((("a.b", PASS),), (("a.b", PASS), ("a.c", PASS)), []),
    "a check that is new and broken is told": (
        (("a.b", PASS),),
        (("a.b", PASS), ("a.c", FAIL)),
        [("a.c", None, FAIL)],
    ),
    "a failure that is gone is told": ((("a.b", PASS), ("a.c", FAIL)), (("a.b", PASS),), [("a.c", FAIL, None)]),
    "a warning is a change": ((("a.b", PASS),), (("a.b", WARN),), [("a.b", PASS, WARN)]),
}


@pytest.mark.parametrize(("before", "after", "moves"), CHANGES.values(), ids=CHANGES)
def test_of_two_rounds(before: Results, after: Results, moves: Moves) -> None:
    board = board_of((*a_round(*before), *a_round(*after, number=2)))
    assert [(change.check, change.before, change.after) for change in changes_of(board)] == moves


def test_the_first_round_changes_nothing() -> None:
    assert not board_of(a_round(("a.b", FAIL))).changes


def test_a_change_has_the_time_at_which_its_result_was_known() -> None:
    board = board_of((*a_round(("a.b", PASS)), *a_round(("a.b", FAIL), number=2)))
    assert [change.at for change in board.changes] == ["2026-11-21T09:02:00.030Z"]
    assert set(board.changed_at.values()) == {"2026-11-21T09:02:00.030Z"}


def test_the_recorded_story_is_told_by_its_changes() -> None:
    board = board_of(recorded())
    story = [(change.check, change.transport, change.better) for change in changes_of(board)]
    assert [entry for entry in story if entry[1] == "udp"] == [
        ("turn.relay-in", "udp", False),
        ("turn.relay-in", "udp", True),
        ("turn.allocate", "udp", False),
        ("turn.reach", "udp", False),
        ("turn.reach", "udp", True),
    ]
    assert {"tls", "udp"} == {transport for _, transport, _ in story}


@pytest.mark.parametrize("number", [SHUT_ROUND, REFUSED_ROUND, STOPPED_ROUND])
def test_what_broke_is_told_with_the_culprit(number: int) -> None:
    board = board_of(rounds(number))
    news = told(board.report, changes_of(board))
    assert news.verdict == "fail"
    assert news.culprit == culprit(board.report)
    assert msgspec.json.decode(msgspec.json.encode(news))["changes"]


def test_an_interrupted_round_breaks_nothing() -> None:
    board = board_of((*a_round(("a.b", PASS)), *a_round(("a.b", FAIL), number=2, interrupted=True)))
    assert board.report.verdict is Verdict.PASS
    assert (board.rounds, board.live, list(board.changes)) == (1, False, [])


def test_a_ladder_is_never_shown_half_old_and_half_new() -> None:
    first, second = a_round(("a.b", PASS), ("a.c", PASS)), a_round(("a.b", FAIL), ("a.c", FAIL), number=2)
    upto = next(number for number, event in enumerate(second, start=1) if isinstance(event, CheckEnded))
    board = board_of((*first, *second[:upto]))
    assert {check.status for check in board.report.checks} == {PASS}
    assert board.progress.total == (1, 2)


def test_a_target_that_has_ended_is_shown_while_others_go_on() -> None:
    both = (TURN, TURNS)
    first = (*a_round(("a.b", PASS), targets=both)[:-1], *a_round(("a.b", PASS), targets=both, asked=TURNS)[1:])
    board = board_of((*first, *a_round(("a.b", FAIL), targets=both, number=2)[:-1]))
    assert board.live
    assert {check.target: check.status for check in board.report.checks} == {TURN: FAIL, TURNS: PASS}
    assert not board.changes


def test_a_round_of_one_target_leaves_the_others_as_they_stand() -> None:
    both = (TURN, TURNS)
    first = (*a_round(("a.b", PASS), targets=both)[:-1], *a_round(("a.b", FAIL), targets=both, asked=TURNS)[1:])
    board = board_of((*first, *a_round(("a.b", WARN), targets=(TURN,), number=2)))
    assert [(check.target, check.status) for check in board.report.checks] == [(TURN, WARN), (TURNS, FAIL)]


def test_what_a_whole_round_does_not_have_any_more_is_forgotten() -> None:
    board = board_of((*a_round(("a.b", PASS), ("a.c", PASS)), *a_round(("a.b", PASS), number=2)))
    assert [check.id for check in board.report.checks] == ["a.b"]


def test_the_track_of_a_cell_has_a_value_a_round_and_a_gap_where_nothing_answered() -> None:
    board = board_of(recorded())
    track = next(track for cell, track in board.tracks.items() if cell.transport == "udp")
    assert len(track) == ROUNDS
    assert track[STOPPED_ROUND - 1] is None
    assert all(value is not None for number, value in enumerate(track, start=1) if number != STOPPED_ROUND)


def test_however_long_it_runs_the_board_keeps_no_more() -> None:
    board = Board()
    for number in range(400):
        for event in a_round(("a.b", FAIL if number % 2 else PASS), number=number % 60):
            board.hear(event)
        board.hear(Packet(at_ms=1, transport="udp", direction="sent", local=SERVER, remote=SERVER, data=b"\0" * 20))
    assert max(map(len, board.tracks.values()), default=0) <= KEPT
    assert len(board.changes) == 399
    assert len(board.changed_at) == len(board.checks) == 1


def test_rounds_without_a_change_are_counted_until_there_is_one() -> None:
    calm = [event for number in range(1, 5) for event in a_round(("a.b", PASS), number=number)]
    assert board_of(calm).calm_rounds == 3
    assert board_of((*calm, *a_round(("a.b", FAIL), number=5))).calm_rounds == 0


def test_a_result_that_nobody_planned_and_a_start_that_nobody_planned_do_no_harm() -> None:
    board = board_of((a_start(), an_end("a.b", PASS), an_end("a.b", FAIL), RunEnded(at_ms=5)))
    assert [check.status for check in board.report.checks] == [FAIL]


def test_where_the_nat_was_not_asked_for_servers_say_how_they_see_this_host() -> None:
    assert host_words(board_of(rounds(1))) == "probe.example.org: seen as 198.51.100.20"


def test_days_left_are_counted_from_the_round() -> None:
    board = board_of(rounds(1))
    secure = [check for check in board.report.checks if check.target == TURNS]
    assert days_left(secure, "2026-11-21T09:00:00Z") == (days_left(secure, "2026-11-22T09:00:00Z") or 0) + 1
    assert days_left([check for check in board.report.checks if check.target == TURN], board.report.started) is None


def test_a_place_is_the_same_over_rounds_and_another_for_another_address() -> None:
    event = an_end("a.b", PASS)
    assert place_of(event) == place_of(an_end("a.b", FAIL))
    other = msgspec.structs.replace(event, address=Address("203.0.113.11", 3478))
    assert place_of(event) != place_of(other)
