"""The groups of a deployment file on the main screen, and targets that answers have named."""

import msgspec

from natprobe.address import Address
from natprobe.events import CheckEnded, CheckPlanned, Event, RunEnded
from natprobe.model import Status
from natprobe_tui.changes import Change
from natprobe_tui.outline import View, outline
from tests.tui.stage import a_start, board_of, playing, text_of

MEDIA, PAGE, ALONE = "turn:192.0.2.1", "https://www.example.org/", "tcp:192.0.2.3:7088"
LED = f"turn:192.0.2.4 from {PAGE}"
NAMED = (MEDIA, PAGE, ALONE)


def checked(asked: str, group: str | None, status: Status = Status.PASS, id_: str = "a.b") -> tuple[Event, ...]:
    planned = CheckPlanned(
        at_ms=0, id=id_, title=id_, target=asked.partition(" ")[0], asked=asked, group=group,
        address=Address("192.0.2.9", 443), transport="tcp",
    )  # fmt: skip
    shared = {name: getattr(planned, name) for name in ("id", "target", "asked", "group", "address", "transport")}
    return planned, CheckEnded(**shared, status=status, summary=f"{id_} {status}", started_ms=1, duration_ms=2)


def a_deployment(targets: tuple[str, ...] = NAMED, page: Status = Status.PASS) -> tuple[Event, ...]:
    parts = (checked(MEDIA, "media"), checked(PAGE, "web", page), checked(ALONE, None), checked(LED, "web"))
    return (a_start(targets=targets), *(event for part in parts for event in part), RunEnded(at_ms=9))


def rows(*events: Event, view: View | None = None) -> list[str]:
    lines = outline(board_of(events), view or View())
    return [line.words or line.asked for line in lines if line.kind in ("group", "cell")]


def test_targets_stand_below_their_group_and_those_of_none_below_a_line_of_their_own() -> None:
    assert rows(*a_deployment()) == ["media", MEDIA, "web", PAGE, LED, "in no group", ALONE]


def test_in_another_order_there_are_no_groups() -> None:
    found = rows(*a_deployment(page=Status.FAIL), view=View(sort="worst first"))
    assert found[0] == PAGE
    assert "web" not in found


def test_a_filter_finds_a_group_by_its_name() -> None:
    assert rows(*a_deployment(), view=View(wanted="web")) == ["web", PAGE, LED]


def test_without_a_deployment_file_there_are_no_lines_for_groups() -> None:
    plain = [event if not isinstance(event, CheckPlanned) else msgspec.structs.replace(event, group=None)
             for event in a_deployment()]  # fmt: skip
    assert rows(*plain) == [MEDIA, PAGE, ALONE, LED]


def test_a_round_of_one_target_renews_what_its_answers_named() -> None:
    again = (a_start(2, (PAGE,)), *checked(PAGE, "web"), *checked(LED, "web", Status.FAIL), RunEnded(at_ms=9))
    board = board_of((*a_deployment(), *again))
    assert {check.asked for check in board.report.checks} == {MEDIA, PAGE, ALONE, LED}
    assert [(change.target, change.after) for change in board.changes if isinstance(change, Change)] == [
        ("turn:192.0.2.4", Status.FAIL)
    ]
    gone = (a_start(2, (PAGE,)), *checked(PAGE, "web"), RunEnded(at_ms=9))
    assert LED not in {check.asked for check in board_of((*a_deployment(), *gone)).report.checks}


async def test_a_group_says_how_many_of_its_targets_are_well() -> None:
    async with playing(a_deployment(page=Status.FAIL), (100, 30)) as (app, pilot):
        text = text_of(app)
        assert "── web · 1 of 2 targets ok ──" in text
        assert "── media · 1 of 1 target ok ──" in text
        await pilot.press("enter", "y", "space")
        assert app.clipboard == ""
