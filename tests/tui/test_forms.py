"""What is changed from inside the dashboard: a target, a credential, a recording; and a comparison with a report."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from natprobe.events import Emit
from natprobe.model import Status
from natprobe_reports import PLAIN, RENDERERS
from natprobe_tui.app import Watch
from natprobe_tui.desk import DeskError
from natprobe_tui.feed import Live
from natprobe_tui.form import FormScreen, Hidden
from natprobe_tui.main_screen import MainScreen
from natprobe_tui.pace import Pace
from natprobe_tui.since_screen import SinceScreen
from tests.tui.stage import SHUT_ROUND, a_round, board_of, playing, recorded, rounds, text_of, until, watch

SECRET = "the-horse-staple"


class Notes:
    """A desk that remembers what it was asked for, and refuses what it is told to."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.recording = ""
        self.refusal = ""

    def add(self, text: str) -> str:
        return self._note("add", text)

    def log_in(self, user: str, password: str, secret: str, target: str) -> str:
        return self._note("log in", user, password, secret, target)

    def record(self, name: str) -> str:
        self.recording = name
        return self._note("record", name)

    def stop_recording(self) -> str:
        self.recording = ""
        return self._note("stop")

    def _note(self, *words: str) -> str:
        if self.refusal:
            raise DeskError(self.refusal)
        self.asked.append(words)
        return "done"


class Asking(Notes):
    """A desk that takes no user name without a password."""

    def log_in(self, user: str, password: str, secret: str, target: str) -> str:
        if not password:
            raise DeskError("type the password")
        return super().log_in(user, password, secret, target)


class Rounds:
    """Rounds that go well, counted."""

    def __init__(self) -> None:
        self.count = 0

    async def __call__(self, emit: Emit, _asked: str | None) -> None:
        self.count += 1
        for event in a_round(("a.b", Status.PASS), number=self.count):
            emit(event)


def live(desk: Notes, start: Rounds) -> Watch:
    return watch(Live(start, Pace(3600.0)), desk=desk)


async def form_of(app: Watch, pilot: "Pilot[None]", key: str) -> FormScreen:
    await until(pilot, lambda: app.board.rounds > 0)
    await pilot.press(key)
    await until(pilot, lambda: isinstance(app.screen, FormScreen) and isinstance(app.focused, Input | OptionList))
    assert isinstance(app.screen, FormScreen)
    return app.screen


async def test_a_target_is_added_and_checked_at_once() -> None:
    desk, start = Notes(), Rounds()
    app = live(desk, start)
    async with app.run_test(size=(100, 30)) as pilot:
        await form_of(app, pilot, "a")
        await pilot.press(*"turn:192.0.2.1", "enter")
        await until(pilot, lambda: isinstance(app.screen, MainScreen) and start.count == 2)
        assert desk.asked == [("add", "turn:192.0.2.1")]


async def test_what_is_wrong_stands_in_the_dialog_in_one_line_and_nothing_is_lost() -> None:
    desk, start = Notes(), Rounds()
    desk.refusal = "turn: has no host"
    app = live(desk, start)
    async with app.run_test(size=(100, 30)) as pilot:
        form = await form_of(app, pilot, "a")
        await pilot.press(*"turn:", "enter")
        await until(pilot, lambda: "turn: has no host" in text_of(app))
        assert form.query_one(Input).value == "turn:"
        await pilot.press("escape")
        assert isinstance(app.screen, MainScreen)
        assert start.count == 1


async def test_a_credential_is_typed_without_echo_and_shows_nowhere() -> None:
    desk, start = Notes(), Rounds()
    app = live(desk, start)
    async with app.run_test(size=(100, 40)) as pilot:
        form = await form_of(app, pilot, "u")
        await pilot.press(*"alice", "tab", *SECRET)
        await until(pilot, lambda: "•" * len(SECRET) in text_of(app))
        assert SECRET not in text_of(app)
        assert SECRET not in app.export_screenshot()
        await pilot.press("home", "shift+end", "ctrl+c", "ctrl+x")
        assert app.clipboard == ""
        assert form.query(Hidden).first().value == SECRET
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, MainScreen) and start.count == 2)
        assert desk.asked == [("log in", "alice", SECRET, "", "")]
        assert not any(SECRET in note.message for note in app._notifications)


async def test_what_is_missing_is_asked_for_in_the_next_line() -> None:
    desk, start = Notes(), Rounds()
    desk.refusal = "type the password"
    app = live(desk, start)
    async with app.run_test(size=(100, 40)) as pilot:
        form = await form_of(app, pilot, "u")
        await pilot.press(*"alice", "enter")
        await until(pilot, lambda: form.query(Hidden).first().has_focus)
        assert "type the password" in text_of(app)


@pytest.mark.parametrize("goes_on", ["enter", "tab"])
async def test_who_types_fast_across_lines_has_the_whole_password_in_its_own(goes_on: str) -> None:
    desk, start = Asking(), Rounds()
    app = live(desk, start)
    async with app.run_test(size=(100, 40)) as pilot:
        form = await form_of(app, pilot, "u")
        for key in (*"alice", goes_on, *SECRET, "enter"):
            app.post_message(Key(key_of(key), key if len(key) == 1 else None))
        await until(pilot, lambda: bool(desk.asked))
        assert form.query(Input).first().value == "alice"
        assert desk.asked == [("log in", "alice", SECRET, "", "")]


def key_of(letter: str) -> str:
    return "minus" if letter == "-" else letter


async def test_w_records_and_w_again_ends_it() -> None:
    desk, start = Notes(), Rounds()
    app = live(desk, start)
    async with app.run_test(size=(100, 30)) as pilot:
        await form_of(app, pilot, "w")
        await pilot.press("enter")
        await until(pilot, lambda: "● recording natprobe.jsonl" in text_of(app))
        await pilot.press("w")
        await until(pilot, lambda: "● recording" not in text_of(app))
        assert desk.asked == [("record", "natprobe.jsonl"), ("stop",)]
        assert start.count == 1


async def test_in_a_replay_nothing_is_added_logged_in_or_recorded() -> None:
    async with playing(rounds(1)) as (app, pilot):
        await pilot.press("a", "u", "w")
        assert isinstance(app.screen, MainScreen)


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Path]:
    """Keeps the report of a round where the dashboard looks for one."""
    monkeypatch.chdir(tmp_path)

    def keep(number: int) -> Path:
        file = tmp_path / f"round-{number}.json"
        file.write_text(RENDERERS["json"](board_of(rounds(number)).report, PLAIN))
        return file

    return keep


async def test_d_offers_the_reports_that_are_here_and_says_what_broke_since(kept: Callable[[int], Path]) -> None:
    kept(1)
    async with playing(rounds(SHUT_ROUND), (120, 40)) as (app, pilot):
        form = await form_of(app, pilot, "d")
        assert [option.prompt.plain for option in form.query_one(OptionList).options] == ["round-1.json"]  # type: ignore[union-attr]
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, SinceScreen) and "BROKE" in text_of(app))
        text = text_of(app)
        assert text.splitlines()[0].strip() == "since round-1.json, 2026-11-21T09:00:00.000Z"
        assert "turn.relay-in of turn:turn.example.org:3478?transport=udp" in text
        await pilot.press("y")
        assert app.clipboard.startswith("BROKE")
        for event in recorded()[len(rounds(SHUT_ROUND)) : len(rounds(SHUT_ROUND + 1))]:
            app.hear(event)
        await until(pilot, lambda: "SAME" in text_of(app))
        await pilot.press("escape")
        assert isinstance(app.screen, MainScreen)


async def test_d_says_what_was_mended(kept: Callable[[int], Path]) -> None:
    file = kept(SHUT_ROUND)
    async with playing(rounds(SHUT_ROUND + 1), (120, 40)) as (app, pilot):
        form = await form_of(app, pilot, "d")
        form.query_one(Input).value = str(file)
        form.query_one(Input).focus()
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, SinceScreen) and "MENDED" in text_of(app))


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("gone.json", None, "gone.json cannot be read"),
        ("empty.json", "", "empty.json"),
        ("other.json", msgspec.json.encode({"a": 1}).decode(), "other.json"),
    ],
)
async def test_a_file_that_is_no_report_is_told_in_the_dialog(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str | None, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if text is not None:
        (tmp_path / name).write_text(text)
    async with playing(rounds(1), (120, 40)) as (app, pilot):
        form = await form_of(app, pilot, "d")
        form.query_one(Input).value = name
        form.query_one(Input).focus()
        await pilot.press("enter")
        await until(pilot, lambda: message in text_of(app))
        assert app.screen is form
