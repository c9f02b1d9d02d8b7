"""A real run, kept and replayed: the report is what its events add up to, and no secret is in anything kept."""

import asyncio
import io
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from natprobe.credential import Credential, Secret
from natprobe.diagnose import diagnose
from natprobe.events import Event, Packet
from natprobe.fold import fold
from natprobe.model import Report
from natprobe.plan import Plan
from natprobe.probe import Settings
from natprobe.probes import all_probes
from natprobe.record import FORMAT, Recorder, RecordingError, read
from natprobe.runner import run
from natprobe.server import ServerConfig, serve
from natprobe.target import parse
from natprobe.wire.message import Message
from natprobe.wire.message import parse as parse_message
from natprobe.wire.registry import Attribute
from natprobe_reports import PLAIN, RENDERERS

PASSWORD = "a-password-that-must-not-show"
ALICE = Credential("alice", Secret(PASSWORD))


class Kept(NamedTuple):
    """One run against the embedded server."""

    events: tuple[Event, ...]
    recording: bytes
    report: Report


@pytest.fixture(scope="module")
def kept() -> Kept:
    """A healthy run over every transport of the server, recorded."""
    events: list[Event] = []
    file = io.BytesIO()
    recorder = Recorder(file)

    def emit(event: Event) -> None:
        events.append(event)
        recorder(event)

    async def checked() -> None:
        async with serve(ServerConfig(users=(ALICE,), offers_sha256=True)) as server:
            target = parse(f"turn:{server.address}")
            settings = Settings(credential=ALICE, now_s=time.time())
            await run(Plan("check", (target,), all_probes(), settings), emit)

    asyncio.run(checked())
    return Kept(tuple(events), file.getvalue(), diagnose(fold(events)))


def sensitive(events: tuple[Event, ...]) -> set[bytes]:
    """Every nonce and integrity value that crossed a socket."""
    messages = (parse_message(event.data) for event in events if isinstance(event, Packet))
    kinds = {Attribute.NONCE, Attribute.MESSAGE_INTEGRITY, Attribute.MESSAGE_INTEGRITY_SHA256}
    return {
        each.value
        for message in messages
        if isinstance(message, Message)
        for each in message.attributes
        if each.type in kinds
    }


def test_the_report_is_what_its_events_add_up_to(kept: Kept) -> None:
    assert {str(check.status) for check in kept.report.checks} == {"pass"}
    assert diagnose(fold(iter(kept.events))) == kept.report
    assert diagnose(kept.report) == kept.report


def test_packets_change_no_report(kept: Kept) -> None:
    assert diagnose(fold(event for event in kept.events if not isinstance(event, Packet))) == kept.report


def test_a_run_folds_at_every_moment(kept: Kept) -> None:
    for end in range(0, len(kept.events), 7):
        partial = diagnose(fold(kept.events[:end]))
        assert len(partial.checks) <= len(kept.report.checks)
        assert RENDERERS["text"](partial, PLAIN)


def test_a_recording_replays_to_the_same_report_in_every_form(kept: Kept) -> None:
    replayed = diagnose(fold(read(io.BytesIO(kept.recording))))
    for name, render in RENDERERS.items():
        assert render(replayed, PLAIN) == render(kept.report, PLAIN), name


def test_no_nonce_and_no_integrity_value_is_kept(kept: Kept) -> None:
    values = sensitive(kept.events)
    assert len(values) > 10
    again = tuple(read(io.BytesIO(kept.recording)))
    assert {value for value in sensitive(again) if any(value)} == set()
    assert sum(isinstance(event, Packet) for event in again) == sum(isinstance(event, Packet) for event in kept.events)


def test_no_secret_is_in_anything_that_a_run_tells(kept: Kept) -> None:
    forms = [render(kept.report, PLAIN) for render in RENDERERS.values()]
    told = "".join((*forms, kept.recording.decode(), *map(repr, kept.events)))
    nonces = {value.decode() for value in sensitive(kept.events) if value.isascii()}
    assert nonces
    assert PASSWORD not in told
    assert not [nonce for nonce in nonces if nonce in "".join(forms) + kept.recording.decode()]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "line 1 is no recording's header"),
        ([b"{}"], "line 1 is no recording's header"),
        ([b'{"recording": "natprobe/recording/99"}'], "line 1 says 'natprobe/recording/99'"),
        ([f'{{"recording": "{FORMAT}"}}'.encode(), b'{"type": "weather"}'], "line 2 is no event"),
        ([f'{{"recording": "{FORMAT}"}}'.encode(), b"\xff\xfe"], "line 2 is no event"),
        ([f'{{"recording": "{FORMAT}"}}'.encode(), b"", b"["], "line 3 is no event"),
    ],
)
def test_what_is_no_recording_is_refused_by_its_line(lines: list[bytes], said: str) -> None:
    with pytest.raises(RecordingError) as refusal:
        tuple(read(lines))
    assert str(refusal.value).startswith(said)
    assert "\n" not in str(refusal.value)


def test_each_event_is_written_at_once(tmp_path: Path, kept: Kept) -> None:
    with (tmp_path / "run.jsonl").open("wb") as file:
        recorder = Recorder(file)
        for number, event in enumerate(kept.events[:5], start=2):
            recorder(event)
            assert len((tmp_path / "run.jsonl").read_bytes().splitlines()) == number
