"""`natprobe watch` without a screen: its options, its rounds, what it runs at a change, and what it leaves behind."""

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import msgspec
import pytest

from natprobe.cli import replay, watch
from natprobe.cli.alarms import alarm
from natprobe.cli.beside import Beside, beside
from natprobe.cli.desk import Desk
from natprobe.cli.parser import UsageError, parse
from natprobe.cli.planning import wanted
from natprobe.credential import Credential, Given, Secret, matches
from natprobe.events import CheckEnded, CheckStarted, Event, Packet, RunEnded, RunStarted
from natprobe.model import Status
from natprobe.plan import Plan
from natprobe.probe import Settings
from natprobe.probes import all_probes
from natprobe.runner import run
from natprobe.server import FAULTS, Server, ServerConfig
from natprobe.server.beside import serve_beside
from natprobe.target import parse as target_of
from natprobe.wire.redact import redact
from natprobe_tui.desk import DeskError
from natprobe_tui.pace import RULE

ALICE = Credential("alice", Secret("correct horse"))


@pytest.fixture
def server() -> Iterator[Server]:
    with serve_beside(ServerConfig(users=(ALICE,))) as running:
        yield running


def plan_for(server: Server) -> Plan:
    return Plan(
        command="watch",
        targets=(target_of(f"turn:{server.address}?transport=udp"),),
        probes=all_probes(),
        settings=Settings(credential=ALICE, now_s=time.time()),
    )


async def eventually(told: asyncio.Event) -> None:
    async with asyncio.timeout(30):
        await told.wait()


async def test_a_round_in_the_thread_tells_its_events_here_in_order_and_redacted(server: Server) -> None:
    heard: list[Event] = []
    with beside() as thread:
        await thread.start(partial(run, plan_for(server)), heard.append)
    assert isinstance(heard[0], RunStarted)
    assert heard[-1] == RunEnded(at_ms=heard[-1].at_ms if isinstance(heard[-1], RunEnded) else 0)
    assert {event.status for event in heard if isinstance(event, CheckEnded)} == {Status.PASS}
    packets = [event.data for event in heard if isinstance(event, Packet)]
    assert packets
    assert all(redact(data) == data for data in packets)


async def test_a_round_that_is_cancelled_has_released_its_allocations_when_it_returns(server: Server) -> None:
    server.fail(FAULTS["relay-in-dead"].faults[0])  # so that the allocation is held for a while
    relaying = asyncio.Event()
    heard: list[Event] = []

    def hear(event: Event) -> None:
        heard.append(event)
        if isinstance(event, CheckStarted) and event.id == "turn.relay-in":
            relaying.set()

    with beside() as thread:
        task = asyncio.create_task(thread.start(partial(run, plan_for(server)), hear))
        await eventually(relaying)
        assert server.allocations
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert server.allocations == ()
    last = heard[-1]
    assert isinstance(last, RunEnded)
    assert last.interrupted


async def test_the_end_of_the_thread_releases_what_nobody_cancelled(server: Server) -> None:
    server.fail(FAULTS["relay-in-dead"].faults[0])
    relaying = asyncio.Event()

    def hear(event: Event) -> None:
        if isinstance(event, CheckStarted) and event.id == "turn.relay-in":
            relaying.set()

    with beside() as thread:
        task = asyncio.create_task(thread.start(partial(run, plan_for(server)), hear))
        await eventually(relaying)
    assert server.allocations == ()
    await task


async def test_a_run_that_fails_by_itself_raises_here() -> None:
    def emit(event: Event) -> None:
        del event

    broken = Plan(command="watch", targets=(), probes=(), settings=Settings(), deadline_s=None)  # type: ignore[arg-type]
    with beside() as thread:
        assert isinstance(thread, Beside)
        with pytest.raises(TypeError):
            await thread.start(partial(run, broken), emit)


async def test_the_command_gets_the_changes_on_its_stdin_and_no_shell_sees_them(tmp_path: Path) -> None:
    file = tmp_path / "$(news) here"
    tell = alarm(f"tee -a '{file}'")
    await asyncio.gather(tell(_News(n=1)), tell(_News(n=2)))
    assert [msgspec.json.decode(line) for line in file.read_bytes().splitlines()] == [{"n": 1}, {"n": 2}]


class _News(msgspec.Struct):
    n: int


async def test_a_command_that_hangs_is_ended_with_its_round(tmp_path: Path) -> None:
    began = tmp_path / "began"
    script = f"import pathlib,time; pathlib.Path({str(began)!r}).touch(); time.sleep(600)"
    task = asyncio.ensure_future(alarm(f'{sys.executable} -c "{script}"')(_News(n=1)))
    async with asyncio.timeout(30):
        while not began.exists():  # noqa: ASYNC110  another program makes it
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_command_that_fails_is_told() -> None:
    with pytest.raises(DeskError, match=r"false ended with exit code 1"):
        await alarm("false")(_News(n=1))


@pytest.mark.parametrize("command", ["", "no-such-program-anywhere --x", "'"])
def test_a_command_that_is_none_is_told_before_anything_is_sent(command: str) -> None:
    with pytest.raises(UsageError, match="--on-change"):
        alarm(command)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["turn:192.0.2.1", "--interval", "1"], "--interval: 1 s is out of bounds; give 2 to 86400"),
        (["turn:192.0.2.1", "--interval", "nan"], "--interval: nan s is out of bounds"),
        (["turn:"], "turn:"),
        (["turn:192.0.2.1", "-u", "alice", "-p", "x"], "watch: the dashboard needs a terminal"),
        (["turn:192.0.2.1", "--timeout", "0"], "--timeout"),
    ],
)
def test_mistakes_are_one_line(arguments: list[str], message: str) -> None:
    args = parse(["watch", *arguments])
    with pytest.raises(UsageError) as caught:
        args.run(args)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_help_says_the_rule_of_the_pace() -> None:
    parser = argparse.ArgumentParser()
    watch.configure(parser)
    assert RULE in " ".join((parser.epilog or "").split())


def test_a_round_of_one_target_plans_that_one_only() -> None:
    args = parse(["watch", "turn:192.0.2.1", "turn:192.0.2.2"])
    plan = Desk(args, wanted(args)).plan
    targets = plan().targets
    assert list(map(str, targets)) == ["turn:192.0.2.1", "turn:192.0.2.2"]
    assert plan("turn:192.0.2.2").targets == targets[1:]
    assert plan("turn:192.0.2.2").command == "watch"


def test_a_minted_credential_is_minted_anew_for_each_round() -> None:
    args = parse(["watch", "turn:192.0.2.1", "--secret", "north", "-u", "alice"])
    secret = Secret("north")
    given = Given(credential=Credential("1000:alice", Secret("old")), origin="--secret", secret=secret)
    settings = Desk(args, replace(wanted(args), given=given)).plan().settings
    assert settings.credential is not None
    assert settings.minted
    assert matches(secret, settings.credential)
    expiry, _, user = settings.credential.username.partition(":")
    assert int(expiry) > 1_700_000_000
    assert user == "alice"


@pytest.mark.parametrize(
    ("text", "speed", "message"),
    [
        (b"nonsense\n", "1", "line 1 is no recording's header"),
        (None, "1", "cannot be read"),
        (b'{"recording":"natprobe/recording/1"}\n', "0", "--speed: 0 is out of bounds"),
        (b'{"recording":"natprobe/recording/1"}\n', "1", "the dashboard needs a terminal"),
    ],
)
def test_a_replay_in_the_dashboard_tells_its_mistakes_first(
    tmp_path: Path, text: bytes | None, speed: str, message: str
) -> None:
    file = tmp_path / "run.jsonl"
    if text is not None:
        file.write_bytes(text)
    parser = argparse.ArgumentParser()
    replay.configure(parser)
    with pytest.raises(UsageError, match=message):
        replay.run(parser.parse_args([str(file), "--watch", "--speed", speed]))


def test_of_a_recording_of_many_rounds_the_report_is_that_of_the_newest(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    replay.configure(parser)
    recording = Path(__file__).parents[1] / "tui" / "deployment.jsonl"
    assert replay.run(parser.parse_args([str(recording), "--json"])) == 0
    report = msgspec.json.decode(capsys.readouterr().out)
    assert (report["started"], len(report["checks"])) == ("2026-11-21T09:03:00.000Z", 25)
