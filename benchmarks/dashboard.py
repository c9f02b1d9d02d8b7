"""Does the dashboard stay responsive with 500 targets, and its memory flat over a long replay?

    python -m benchmarks.dashboard

Rounds made by hand: each target has one cell with eleven checks and twenty packets, and every round a tenth of the
targets change. The dashboard runs without a terminal. A key's answer is the time from the key to the painted screen,
pressed while a round is heard, and at the worst moment: together with a round's end. It is told as the clock has it,
and as CPU time, which is the same on a machine that does nothing else. Memory is what Python holds (tracemalloc) after
each tenth of the replay.
"""

import asyncio
import gc
import statistics
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import NamedTuple

from textual.events import Key

from benchmarks.show import Row, arguments, show
from natprobe.address import Address
from natprobe.cli.desk import older
from natprobe.cli.garbage import leave_what_is_there, look_seldom
from natprobe.events import CheckEnded, CheckPlanned, CheckStarted, Emit, Event, Packet, RunEnded, RunStarted
from natprobe.model import Status, Vantage
from natprobe.wire.describe import described
from natprobe_tui.app import Watch
from natprobe_tui.feed import Replay
from natprobe_tui.sheet import Sheet

RUNGS = ("reach", "binding", "challenge", "allocate", "permission", "relay-in", "relay-out", "relay-loop", "channel",
         "refresh", "release")  # fmt: skip
KEYS = ("down", "end", "up", "home")
SLICES = 8
"""How many keys are pressed while a round is heard."""
LIMIT_MS = 100.0
PACKETS = 20
_ANSWERED = {"sends_ms": [1.0], "answered_ms": 2.0}
_DATA = bytes.fromhex("000100002112a442") + bytes(12)
_HERE = Vantage(hostname="probe.example.org", platform="Linux")


class Silent:
    """A feed that tells nothing by itself."""

    live = False
    paused = False
    trouble = ""

    async def run(self, hear: Emit, calm_rounds: object) -> None:
        """Waits for the end."""
        del hear, calm_rounds
        await asyncio.Event().wait()

    def words(self) -> str:
        """Nothing."""
        return "benchmark"

    def toggle_pause(self) -> None:
        """Nothing."""


def main() -> None:
    """Measures and prints."""
    told = arguments(__doc__, runs=3)
    look_seldom()  # as `natprobe watch` does
    leave_what_is_there()
    show([asyncio.run(_keys(targets, told.runs)) for targets in (1, 50, 500)], as_json=told.json)
    show([asyncio.run(_memory(20, 100 * told.runs))], as_json=told.json)


class Took(NamedTuple):
    """How long something took, in milliseconds."""

    clock_ms: float
    cpu_ms: float


async def _keys(targets: int, runs: int) -> Row:
    app = Watch(Silent(), describe=described, older=older)
    answers: list[Took] = []
    ends: list[Took] = []
    paints: list[Took] = []
    async with app.run_test(size=(120, 40)) as pilot:
        for number in range(runs + 1):
            events = tuple(a_round(targets, number))
            chunk = len(events) // SLICES + 1
            for start in range(0, len(events), chunk):
                part = events[start : start + chunk]
                last = start + chunk >= len(events)
                _hear(app, part[:-1])
                if app.board.checks:
                    key = KEYS[(len(answers) + len(ends)) % len(KEYS)]
                    (ends if last else answers).append(await _answer(app, key, part[-1:]))
                else:
                    _hear(app, part[-1:])
                paints.append(_took(app.paint))
                await pilot.pause()
    return {
        "targets": float(targets),
        "rows": float(len(app.board.checks)),
        "key ms": statistics.median(took.clock_ms for took in answers),
        "worst key ms": max(took.clock_ms for took in answers),
        "key at the end ms": statistics.median(took.clock_ms for took in ends),
        "worst at the end ms": max(took.clock_ms for took in ends),
        "its CPU ms": max(took.cpu_ms for took in ends),
        "limit ms": LIMIT_MS,
        "paint CPU ms": statistics.median(took.cpu_ms for took in paints),
    }


def _hear(app: Watch, events: tuple[Event, ...]) -> None:
    for event in events:
        app.hear(event)


def _took(work: Callable[[], object]) -> Took:
    began, used = time.perf_counter(), time.process_time()
    work()
    return Took((time.perf_counter() - began) * 1000, (time.process_time() - used) * 1000)


async def _answer(app: Watch, key: str, events: tuple[Event, ...]) -> Took:
    """From the key, pressed just before `events` are heard and shown, to the screen that is painted with its effect."""
    sheet = app.screen.query_one("#board", Sheet)
    before, painted = sheet.cursor, asyncio.Event()
    began, used = time.perf_counter(), time.process_time()
    app.post_message(Key(key, None))
    _hear(app, events)
    app.paint()
    while sheet.cursor == before:  # noqa: ASYNC110  nothing else tells it
        await asyncio.sleep(0)
    sheet.call_after_refresh(painted.set)
    await painted.wait()
    return Took((time.perf_counter() - began) * 1000, (time.process_time() - used) * 1000)


async def _memory(targets: int, rounds: int) -> Row:
    feed = Replay((event for number in range(rounds) for event in a_round(targets, number)), 1e9)
    app = Watch(feed, describe=described, older=older)
    kept: list[float] = []
    tracemalloc.start()
    async with app.run_test(size=(120, 40)) as pilot:
        seen = 0
        while not feed.ended:
            await pilot.pause(0.01)
            if app.board.rounds >= seen + rounds // 10:
                seen = app.board.rounds
                gc.collect()
                kept.append(tracemalloc.get_traced_memory()[0] / 1e6)
    tracemalloc.stop()
    middle = kept[len(kept) // 2]
    return {
        "targets": float(targets),
        "rounds": float(rounds),
        "MB at half": middle,
        "MB at the end": kept[-1],
        "ratio": kept[-1] / middle,
    }


def a_round(targets: int, number: int) -> Iterator[Event]:
    """One round, in the order in which a run tells it."""
    names = [f"turn:192.0.2.{index % 250}:{3478 + index // 250}" for index in range(targets)]
    started = f"2026-11-21T{number // 60 % 24:02}:{number % 60:02}:00.000Z"
    yield RunStarted(
        natprobe="0.1.0", command="watch", started=started, deadline_ms=20000, vantage=_HERE, targets=tuple(names)
    )
    for index, name in enumerate(names):
        address = Address(f"192.0.2.{index % 250}", 3478 + index // 250)
        for rung in RUNGS:
            yield CheckPlanned(at_ms=0, id=f"turn.{rung}", title=rung, target=name, address=address, transport="udp")
    for index, name in enumerate(names):
        yield from _of_target(name, Address(f"192.0.2.{index % 250}", 3478 + index // 250), index, number)
    yield RunEnded(at_ms=1000)


def _of_target(name: str, address: Address, index: int, number: int) -> Iterator[Event]:
    local = Address("198.51.100.20", 20000 + index)
    for _ in range(PACKETS):
        yield Packet(at_ms=1, transport="udp", direction="sent", local=local, remote=address, data=_DATA)
    broken = (index + number) % 10 == 0
    for rung in RUNGS:
        yield CheckStarted(at_ms=1, id=f"turn.{rung}", target=name, address=address, transport="udp")
        yield CheckEnded(
            id=f"turn.{rung}", target=name, address=address, transport="udp",
            status=Status.FAIL if broken and rung == "relay-in" else Status.PASS,
            summary="nothing came in" if broken else "all is well", started_ms=10, duration_ms=20,
            evidence={"exchanges": [_ANSWERED | {"request": rung, "rtt_ms": 1.0 + index % 9}]},
        )  # fmt: skip


if __name__ == "__main__":
    main()
