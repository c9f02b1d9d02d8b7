"""Every key and every screen, on the recorded deployment."""

import asyncio
from pathlib import Path

import msgspec
import pytest
from textual.widgets import Input, OptionList, TabbedContent

from natprobe.events import Emit
from natprobe.model import Report, Status
from natprobe_reports import PLAIN, RENDERERS
from natprobe_reports.culprit import culprit
from natprobe_tui.app import Watch
from natprobe_tui.changes import Told
from natprobe_tui.check_screen import CheckScreen
from natprobe_tui.dialogs import HelpScreen, SaveScreen
from natprobe_tui.feed import Live, Replay
from natprobe_tui.keys import KEYS
from natprobe_tui.main_screen import MainScreen
from natprobe_tui.outline import SORTS
from natprobe_tui.pace import Pace
from tests.tui.stage import (
    ROUNDS,
    SHUT_ROUND,
    STOPPED_ROUND,
    TURN,
    TURNS,
    a_round,
    playing,
    recorded,
    rounds,
    text_of,
    until,
    watch,
)


def main_of(app: Watch) -> MainScreen:
    screen = app.screen
    assert isinstance(screen, MainScreen)
    return screen


def check_of(app: Watch) -> CheckScreen:
    screen = app.screen
    assert isinstance(screen, CheckScreen)
    return screen


async def test_the_culprit_stands_on_top_in_the_words_of_the_report() -> None:
    async with playing(rounds(SHUT_ROUND), (120, 40)) as (app, _):
        first = text_of(app).splitlines()[0]
        assert first.strip() == f"FAIL  {culprit(app.board.report)}"


async def test_a_replay_that_has_ended_looks_as_the_round_did() -> None:
    async with playing(recorded(), (120, 40)) as (app, _):
        text = text_of(app)
        assert text.splitlines()[0].startswith(" PASS  turn:turn.example.org")
        assert f"{ROUNDS} rounds · replay ended · 25 checks: 25 ok" in text
        assert "was FAIL" in text


async def test_before_the_first_result_it_says_so() -> None:
    async with playing(()) as (app, _):
        assert "no result yet" in text_of(app)
        assert "nothing has changed so far" in text_of(app)


async def test_arrows_letters_pages_and_edges_move_the_cursor() -> None:
    async with playing(rounds(STOPPED_ROUND)) as (app, pilot):
        sheet = main_of(app).board_sheet
        last = len(sheet.lines) - 1
        for key, row in (("down", 1), ("j", 2), ("k", 1), ("up", 0), ("up", 0), ("end", last), ("down", last),
                         ("home", 0), ("G", last), ("g", 0), ("pagedown", last), ("pageup", 0)):  # fmt: skip
            await pilot.press(key)
            assert sheet.cursor == row, key


async def test_what_stands_open_goes_by_the_room_that_the_headline_leaves() -> None:
    async with playing(rounds(1), (100, 30)) as (app, pilot):
        screen = main_of(app)
        await pilot.resize_terminal(100, 60)
        await until(pilot, lambda: screen.view.room == screen.board_sheet.size.height)
        everything = len(screen.board_sheet.lines)
        await pilot.resize_terminal(60, 24)
        await until(pilot, lambda: len(screen.board_sheet.lines) < everything)
        assert screen.view.room == screen.board_sheet.size.height


async def test_the_cursor_stays_with_its_row_when_rows_come_and_go() -> None:
    async with playing(rounds(SHUT_ROUND)) as (app, pilot):
        screen = main_of(app)
        await pilot.press("end")
        line = screen.board_sheet.line
        for event in recorded()[len(rounds(SHUT_ROUND)) : len(rounds(SHUT_ROUND + 1))]:
            app.hear(event)
        app.paint()
        assert screen.board_sheet.line is not None
        assert line is not None
        assert screen.board_sheet.line.asked == line.asked


async def test_enter_opens_the_check_and_escape_goes_back() -> None:
    async with playing(rounds(SHUT_ROUND)) as (app, pilot):
        await pilot.press("n", "n", "enter")
        await until(pilot, lambda: isinstance(app.screen, CheckScreen))
        assert check_of(app).place.id == "turn.relay-in"
        await pilot.press("escape")
        assert isinstance(app.screen, MainScreen)


async def test_a_double_click_opens_and_a_click_selects() -> None:
    async with playing(rounds(SHUT_ROUND)) as (app, pilot):
        await pilot.click("#board", offset=(20, 2))
        assert main_of(app).board_sheet.cursor == 2
        await pilot.click("#board", offset=(20, 2), times=2)
        await until(pilot, lambda: isinstance(app.screen, CheckScreen))


async def test_n_goes_from_trouble_to_trouble_and_round() -> None:
    async with playing(rounds(SHUT_ROUND)) as (app, pilot):
        seen = []
        for _ in range(3):
            await pilot.press("n")
            place = main_of(app).place
            assert place is not None
            seen.append((place.id, place.cell.transport))
        assert seen == [("turn.relay-in", "udp"), ("turn.relay-in", "tls"), ("turn.relay-in", "udp")]


async def test_space_closes_and_opens_a_cell_and_e_all_of_them() -> None:
    async with playing(rounds(SHUT_ROUND)) as (app, pilot):
        sheet = main_of(app).board_sheet
        opened = len(sheet.lines)
        await pilot.press("n", "space")
        assert len(sheet.lines) == opened - 11
        await pilot.press("space")
        assert len(sheet.lines) == opened
        await pilot.press("e")
        assert not any(line.id == "turn.allocate" for line in sheet.lines)
        await pilot.press("e")
        assert sum(line.id == "turn.allocate" for line in sheet.lines) == 2


async def test_the_filter_narrows_while_it_is_typed_and_escape_ends_it() -> None:
    async with playing(rounds(SHUT_ROUND)) as (app, pilot):
        screen = main_of(app)
        everything = len(screen.board_sheet.lines)
        await pilot.press("slash", *"relay-in")
        assert {line.id for line in screen.board_sheet.lines if line.kind == "check"} == {"turn.relay-in"}
        await pilot.press("enter")
        assert screen.board_sheet.has_focus
        assert screen.query_one("#filter", Input).has_class("open")
        await pilot.press("escape")
        await until(pilot, lambda: len(screen.board_sheet.lines) == everything)
        assert not screen.query_one("#filter", Input).has_class("open")


async def test_o_goes_through_the_orders() -> None:
    async with playing(rounds(SHUT_ROUND)) as (app, pilot):
        for sort in (*SORTS[1:], SORTS[0]):
            await pilot.press("o")
            assert main_of(app).view.sort == sort
            assert sort == SORTS[0] or sort in text_of(app)


async def test_l_goes_to_the_log_and_enter_opens_what_changed() -> None:
    async with playing(rounds(STOPPED_ROUND)) as (app, pilot):
        await pilot.press("l")
        assert main_of(app).log_sheet.has_focus
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app.screen, CheckScreen))
        assert check_of(app).place.id == "turn.reach"
        await pilot.press("escape", "l")
        assert main_of(app).board_sheet.has_focus


TABS = {
    "1": ("finding", ("error", "cause", "fix", "udp/49152-65535", "relay-port-range-blocked")),
    "2": ("evidence", ("took", "flight", "sends_ms", "unsolicited", "203.0.113.10:")),
    "3": ("packets", ("client", "server", "relay", "peer", "●──────►", "Allocate request", "0000  00")),
    "4": ("explain", ("relay-port-range-blocked", "symptom", "mistaken for")),
}


@pytest.mark.parametrize(("key", "tab", "words"), [(key, *value) for key, value in TABS.items()])
async def test_each_tab_of_a_check_shows_its_proof(key: str, tab: str, words: tuple[str, ...]) -> None:
    async with playing(rounds(SHUT_ROUND), (120, 40)) as (app, pilot):
        await pilot.press("n", "n", "enter", key)
        await until(pilot, lambda: check_of(app).query_one(TabbedContent).active == tab)
        await until(pilot, lambda: all(word in text_of(app) for word in words))


async def test_x_explains_and_takes_back() -> None:
    async with playing(rounds(SHUT_ROUND), (120, 40)) as (app, pilot):
        await pilot.press("n", "n", "enter", "x")
        await until(pilot, lambda: check_of(app).query_one(TabbedContent).active == "explain")
        await pilot.press("x")
        await until(pilot, lambda: check_of(app).query_one(TabbedContent).active == "finding")


async def test_brackets_climb_the_ladder() -> None:
    async with playing(rounds(SHUT_ROUND)) as (app, pilot):
        await pilot.press("n", "n", "enter", "right_square_bracket")
        assert check_of(app).place.id == "turn.relay-out"
        await pilot.press("left_square_bracket")
        assert check_of(app).place.id == "turn.relay-in"


async def test_a_check_without_a_finding_says_so() -> None:
    async with playing(rounds(1), (120, 40)) as (app, pilot):
        await pilot.press("down", "enter", "4")
        await until(pilot, lambda: "There is no finding to explain" in text_of(app))


async def test_the_bytes_below_are_those_of_the_packet_at_the_cursor() -> None:
    async with playing(rounds(SHUT_ROUND), (120, 40)) as (app, pilot):
        await pilot.press("n", "n", "enter", "3")
        await until(pilot, lambda: "0000  00 " in text_of(app))
        first = text_of(app)
        await pilot.press("end")
        await until(pilot, lambda: text_of(app) != first)


async def test_an_open_check_follows_its_rounds() -> None:
    async with playing(rounds(SHUT_ROUND)) as (app, pilot):
        await pilot.press("n", "n", "enter")
        await until(pilot, lambda: "✗ FAIL  turn.relay-in" in text_of(app))
        for event in recorded()[len(rounds(SHUT_ROUND)) : len(rounds(SHUT_ROUND + 1))]:
            app.hear(event)
        await until(pilot, lambda: "✓ ok  turn.relay-in" in text_of(app))


@pytest.mark.parametrize("screen", ["main", "check"])
async def test_the_help_names_every_key(screen: str) -> None:
    async with playing(rounds(1), (100, 80)) as (app, pilot):
        await pilot.press(*(("down", "enter") if screen == "check" else ()), "question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        text = " ".join(text_of(app).replace("│", " ").split())
        assert all(" ".join(f"{key.written} {key.help}".split()) in text for key in KEYS)
        await pilot.press("escape")
        assert not isinstance(app.screen, HelpScreen)


@pytest.mark.parametrize("form", list(RENDERERS))
async def test_s_saves_the_report_in_any_format(form: str, tmp_path: Path) -> None:
    async with playing(rounds(SHUT_ROUND)) as (app, pilot):
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, SaveScreen))
        app.screen.query_one(OptionList).highlighted = list(RENDERERS).index(form)
        await pilot.pause()
        field = app.screen.query_one(Input)
        file = tmp_path / Path(field.value).name
        field.value = str(file)
        field.focus()
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, MainScreen))
        assert file.read_text(encoding="utf-8") == RENDERERS[form](app.board.report, PLAIN)
        if form == "json":
            assert msgspec.json.decode(file.read_bytes(), type=Report).verdict == "fail"


async def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "kept.txt"
    file.write_text("kept")
    async with playing(rounds(1)) as (app, pilot):
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, SaveScreen))
        field = app.screen.query_one(Input)
        await pilot.pause()
        field.value = str(file)
        field.focus()
        await pilot.press("enter")
        await until(pilot, lambda: any("is there already" in note.message for note in app._notifications))
        assert file.read_text() == "kept"


async def test_escape_calls_saving_off() -> None:
    async with playing(rounds(1)) as (app, pilot):
        await pilot.press("s", "escape")
        assert isinstance(app.screen, MainScreen)


async def test_y_copies_what_the_cursor_stands_on() -> None:
    async with playing(rounds(SHUT_ROUND)) as (app, pilot):
        await pilot.press("n", "n", "y")
        assert app.clipboard.startswith("FAIL  turn.relay-in of ")
        await pilot.press("enter", "y")
        assert "\nfix: " in app.clipboard
        await pilot.press("3")
        await until(pilot, lambda: "0000  00 " in text_of(app))
        await pilot.press("y")
        assert "\n0000  00 " in app.clipboard


async def test_t_offers_themes_and_the_palette_offers_every_key() -> None:
    async with playing(rounds(1)) as (app, pilot):
        await pilot.press("t")
        await until(pilot, lambda: type(app.screen).__name__ == "CommandPalette")
        await pilot.press("escape")
        offered = {command.title for command in app.get_system_commands(app.screen)}
        fitting = {key for key in KEYS if key.where in ("everywhere", "main", "replay") and key.keys != "ctrl+p"}
        assert offered >= {f"{key.label} ({key.written})" for key in fitting}
        assert not any(title.startswith("Re-check") for title in offered)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: type(app.screen).__name__ == "CommandPalette")


async def test_another_theme_changes_colours_and_no_word() -> None:
    async with playing(rounds(SHUT_ROUND)) as (app, pilot):
        before, shot = text_of(app), app.export_screenshot()
        app.theme = "textual-light"
        await pilot.pause()
        assert text_of(app) == before
        assert app.export_screenshot() != shot


async def test_p_holds_a_recording_still_and_the_dot_steps() -> None:
    feed = Replay(recorded())
    feed.toggle_pause()
    app = watch(feed)
    async with app.run_test(size=(100, 30)) as pilot:
        assert "replay paused ×1" in text_of(app)
        await pilot.press("full_stop")
        await until(pilot, lambda: app.board.progress.total[0] == 1)
        await pilot.press("plus", "plus", "minus")
        await until(pilot, lambda: "replay paused ×2" in text_of(app))
        await pilot.press("p")
        await until(pilot, lambda: "replay ×2" in text_of(app))


class Asked:
    """Rounds that all go well, and remember what they were asked for."""

    def __init__(self) -> None:
        self.rounds: list[str | None] = []
        self.status = Status.PASS

    async def __call__(self, emit: Emit, asked: str | None) -> None:
        self.rounds.append(asked)
        for event in a_round(("a.b", self.status), number=len(self.rounds), targets=(TURN,)):
            emit(event)


async def test_r_checks_everything_and_capital_r_the_target_at_the_cursor() -> None:
    start = Asked()
    app = watch(Live(start, Pace(3600.0)))
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: "next in" in text_of(app) and "1 of 1 ok" in text_of(app))
        await pilot.press("r")
        await until(pilot, lambda: start.rounds == [None, None])
        await pilot.press("R")
        await until(pilot, lambda: start.rounds == [None, None, TURN])
        await pilot.press("p")
        await until(pilot, lambda: "paused" in text_of(app))


async def test_a_change_rings_and_is_told_once_a_round() -> None:
    start, news, rung = Asked(), [], []

    async def tell(what: Told) -> None:
        news.append(what)

    app = watch(Live(start, Pace(3600.0)), tell=tell, bell=True)
    app.bell = lambda: rung.append(1)  # type: ignore[method-assign]
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.board.rounds == 1)
        assert (news, rung) == ([], [])
        start.status = Status.FAIL
        await pilot.press("r")
        await until(pilot, lambda: len(news) == 1)
        assert rung == [1]
        assert [(change.before, change.after) for change in news[0].changes] == [(Status.PASS, Status.FAIL)]


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
async def test_quitting_waits_until_the_round_has_let_go(key: str) -> None:
    released = []

    async def start(emit: Emit, asked: str | None) -> None:
        for event in a_round(("a.b", Status.PASS))[:-1]:
            emit(event)
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            released.append(asked)

    app = watch(Live(start, Pace(3600.0)))
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.board.live)
        await pilot.press(key)
        await until(pilot, lambda: not app.is_running or app._exit)
    assert released == [None]


async def test_keys_of_a_replay_do_nothing_live_and_the_other_way_round() -> None:
    async with playing(rounds(1)) as (app, pilot):
        await pilot.press("r", "R")
        assert app.board.rounds == 1
    start = Asked()
    live = watch(Live(start, Pace(3600.0)))
    async with live.run_test() as pilot:
        await pilot.press("full_stop", "plus", "minus")
        await until(pilot, lambda: live.board.rounds == 1)


async def test_the_last_words_are_the_culprit() -> None:
    async with playing(rounds(SHUT_ROUND)) as (app, _):
        assert app.last_words() == f"FAIL  {culprit(app.board.report)}\n"


async def test_two_targets_stand_in_the_order_in_which_they_were_given() -> None:
    async with playing(rounds(1)) as (app, _):
        targets = [line.asked for line in main_of(app).board_sheet.lines if line.kind == "target"]
        assert targets == [TURN, TURNS]
