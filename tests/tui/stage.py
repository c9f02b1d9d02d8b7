"""What the dashboard's tests share: the recorded deployment, events made by hand, and a dashboard that plays them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

from textual.pilot import Pilot

from natprobe.address import Address
from natprobe.cli.desk import older
from natprobe.events import CheckEnded, CheckPlanned, CheckStarted, Event, Raised, RunEnded, RunStarted
from natprobe.model import Status, Vantage
from natprobe.record import read
from natprobe.wire.describe import described
from natprobe_tui.app import Watch
from natprobe_tui.board import Board
from natprobe_tui.desk import Desk
from natprobe_tui.feed import Feed, Replay
from natprobe_tui.player import Tell

RECORDING = Path(__file__).parent / "deployment.jsonl"
HOME = Path(__file__).parent / "home.jsonl"
SHUT_ROUND = 3
"""The round in which the relay's ports are closed."""
REFUSED_ROUND = 5
STOPPED_ROUND = 6
ROUNDS = 7
SERVER = Address("203.0.113.10", 3478)
TURN = "turn:turn.example.org:3478?transport=udp"
TURNS = "turns:turn.example.org:5349?transport=tcp"
_PATIENCE_S = 30.0


@cache
def recorded() -> tuple[Event, ...]:
    """The whole recording."""
    with RECORDING.open("rb") as lines:
        return tuple(read(lines))


@cache
def at_home() -> tuple[Event, ...]:
    """The recording from behind a NAT: a round, and a look at this host."""
    with HOME.open("rb") as lines:
        return tuple(read(lines))


def watch(feed: Feed, *, desk: Desk | None = None, tell: Tell | None = None, bell: bool = False) -> Watch:
    """A dashboard as the command line makes it."""
    return Watch(feed, describe=described, older=older, desk=desk, tell=tell, bell=bell)


def rounds(last: int) -> tuple[Event, ...]:
    """The recording up to the end of round `last`, counted from 1."""
    ends = [number for number, event in enumerate(recorded(), start=1) if isinstance(event, RunEnded)]
    return recorded()[: ends[last - 1]]


def board_of(events: Iterable[Event]) -> Board:
    """A board that has heard `events`."""
    board = Board()
    for event in events:
        board.hear(event)
    board.settle()
    return board


Result = tuple[str, Status]


def a_round(
    *results: Result, targets: tuple[str, ...] = (TURN,), number: int = 1, asked: str = TURN, interrupted: bool = False
) -> tuple[Event, ...]:
    """A round made by hand: one cell, its checks and how they ended."""
    planned = tuple(
        CheckPlanned(at_ms=0, id=id_, title=id_, target=asked, asked=asked, address=SERVER, transport="udp")
        for id_, _ in results
    )
    ended = tuple(
        event
        for id_, status in results
        for event in (
            CheckStarted(at_ms=1, id=id_, target=asked, address=SERVER, transport="udp"),
            an_end(id_, status, asked=asked),
        )
    )
    return (a_start(number, targets), *planned, *ended, RunEnded(at_ms=100, interrupted=interrupted))


def a_start(number: int = 1, targets: tuple[str, ...] = (TURN,)) -> RunStarted:
    """The start of the round in that minute of nine o'clock."""
    return RunStarted(
        natprobe="0.1.0",
        command="watch",
        started=f"2026-11-21T09:{number:02}:00.000Z",
        deadline_ms=20000,
        vantage=Vantage(hostname="probe.example.org", platform="Linux"),
        targets=targets,
    )


def an_end(
    id_: str, status: Status, *, asked: str = TURN, summary: str = "", raised: tuple[Raised, ...] = ()
) -> CheckEnded:
    """A check that has ended."""
    return CheckEnded(
        id=id_,
        target=asked,
        asked=asked,
        address=SERVER,
        transport="udp",
        status=status,
        summary=summary or f"{id_} {status}",
        started_ms=10,
        duration_ms=20,
        raised=raised,
    )


@asynccontextmanager
async def playing(
    events: Iterable[Event], size: tuple[int, int] = (100, 30)
) -> AsyncIterator[tuple[Watch, "Pilot[None]"]]:
    """A dashboard that has played `events` to their end."""
    feed = Replay(events, 1e9)
    app = watch(feed)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: feed.ended)
        app.paint()
        await pilot.pause()
        yield app, pilot


async def until(pilot: "Pilot[None]", condition: Callable[[], bool]) -> None:
    """Lets the dashboard work until `condition` holds. Raises TimeoutError where it never does."""
    async with asyncio.timeout(_PATIENCE_S):
        while not condition():
            await pilot.pause(0.01)


def text_of(app: Watch) -> str:
    """What stands on the screen."""
    width, height = app.size
    lines = app.screen._compositor.render_strips(app.size) if (width and height) else []
    return "\n".join(strip.text.rstrip() for strip in lines)
