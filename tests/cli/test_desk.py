"""What the dashboard may change: which targets are watched, by which credential, and what is recorded."""

from pathlib import Path

import pytest

from natprobe.cli.desk import Desk, older, typed
from natprobe.cli.parser import parse
from natprobe.cli.planning import wanted
from natprobe.cli.tape import Tape
from natprobe.credential import Secret, matches
from natprobe.events import Event
from natprobe.record import read
from natprobe_tui.desk import DeskError
from tests.tui.stage import a_round


def desk_for(*targets: str, tape: Tape | None = None) -> Desk:
    args = parse(["watch", *targets])
    return Desk(args, wanted(args), tape)


def test_an_added_target_is_planned_from_the_next_round_on() -> None:
    desk = desk_for("turn:192.0.2.1")
    assert desk.add("stun:192.0.2.2") == "stun:192.0.2.2 is watched as well"
    assert [str(target) for target in desk.plan(None).targets] == ["turn:192.0.2.1", "stun:192.0.2.2"]
    assert [str(target) for target in desk.plan("stun:192.0.2.2").targets] == ["stun:192.0.2.2"]


@pytest.mark.parametrize(
    ("text", "message"), [("", "empty"), ("turn:", "has no host"), ("turn:192.0.2.1", "is watched already")]
)
def test_what_is_no_new_target_is_refused_in_one_line(text: str, message: str) -> None:
    with pytest.raises(DeskError, match=message) as caught:
        desk_for("turn:192.0.2.1").add(text)
    assert "\n" not in str(caught.value)


def test_a_credential_that_was_typed_is_used_for_every_target() -> None:
    desk = desk_for("turn:192.0.2.1", "turn:192.0.2.2")
    assert desk.plan(None).settings.credential is None
    assert "hunter2" not in desk.log_in("alice", "hunter2", "", "")
    settings = desk.plan(None).settings
    assert settings.credential is not None
    assert (settings.credential.username, settings.credential.password.reveal()) == ("alice", "hunter2")
    assert "hunter2" not in repr(desk.plan(None))


def test_a_shared_secret_that_was_typed_mints_the_credential() -> None:
    given = typed("alice", "", "north")
    assert given.credential.username.endswith(":alice")
    assert matches(Secret("north"), given.credential)
    assert typed("", "", "north").credential.username.isdigit()


@pytest.mark.parametrize(
    ("user", "password", "secret", "message"),
    [
        ("alice", "", "", "type the password"),
        ("", "hunter2", "", "type the user name"),
        ("alice", "hunter2", "north", "exclude each other"),
        ("alice", "hunter2\t", "", "control character"),
        ("a" * 600, "hunter2", "", "longer than"),
    ],
)
def test_a_credential_that_cannot_be_is_refused_without_showing_it(
    user: str, password: str, secret: str, message: str
) -> None:
    with pytest.raises(DeskError, match=message) as caught:
        typed(user, password, secret)
    assert "hunter2" not in str(caught.value)
    assert "north" not in str(caught.value)


def recorded(file: Path) -> list[Event]:
    with file.open("rb") as lines:
        return list(read(lines))


def test_a_recording_begins_with_the_next_run_and_ends_with_the_one_that_goes_on(tmp_path: Path) -> None:
    tape = Tape()
    desk = desk_for("turn:192.0.2.1", tape=tape)
    file = tmp_path / "run.jsonl"
    first, second, third = (a_round(number=number) for number in (1, 2, 3))
    tape(first[0])
    desk.record(str(file))
    assert desk.recording == str(file)
    tape(first[1])
    for event in second[:-1]:
        tape(event)
    assert desk.stop_recording() == f"{file} is complete"
    assert desk.recording == ""
    tape(second[-1])
    for event in third:
        tape(event)
    assert recorded(file) == list(second)


def test_a_recording_that_is_stopped_between_two_rounds_is_closed_at_once(tmp_path: Path) -> None:
    desk = desk_for("turn:192.0.2.1")
    desk.record(str(tmp_path / "run.jsonl"))
    desk.stop_recording()
    assert recorded(tmp_path / "run.jsonl") == []


@pytest.mark.parametrize("name", ["there.jsonl", "no/folder/run.jsonl", "", "nul\0name"])
def test_a_file_that_cannot_be_recorded_in_is_refused_and_not_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("there.jsonl").write_text("kept")
    desk = desk_for("turn:192.0.2.1")
    with pytest.raises(DeskError):
        desk.record(name)
    assert Path("there.jsonl").read_text() == "kept"
    assert desk.recording == ""


@pytest.mark.parametrize("name", ["", "-"])
def test_stdin_is_no_older_report(name: str) -> None:
    with pytest.raises(DeskError, match="name a file"):
        older(name)
