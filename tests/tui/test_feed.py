"""When events come: the pace of rounds, and a recording that is played, held and stepped."""

import asyncio
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from natprobe.events import CheckEnded, Emit, Event, RunEnded
from natprobe.model import Status
from natprobe_tui.feed import Live, Replay
from natprobe_tui.pace import Pace
from tests.tui.stage import a_round, recorded

WELL = a_round(("a.b", Status.PASS), ("a.c", Status.PASS))


@pytest.mark.parametrize(
    ("calm_rounds", "chance", "wait_s"),
    [
        (0, 0.5, 10.0),
        (0, 0.0, 9.0),
        (0, 1.0, 11.0),
        (19, 0.5, 10.0),
        (20, 0.5, 12.5),
        (21, 0.5, 15.625),
        (10**6, 0.5, 40.0),
    ],
)
def test_the_wait_is_jittered_and_grows_where_nothing_changes(calm_rounds: int, chance: float, wait_s: float) -> None:
    assert Pace(10.0).wait_s(calm_rounds, chance) == pytest.approx(wait_s)


class Rounds:
    """A `start` that tells which rounds were asked for, and ends each when it is told to."""

    def __init__(self) -> None:
        self.asked: list[str | None] = []
        self.let_go = 0
        self.gate = asyncio.Semaphore(0)
        self.trouble: Exception | None = None

    async def __call__(self, _: Emit, asked: str | None) -> None:
        self.asked.append(asked)
        try:
            await self.gate.acquire()
        except asyncio.CancelledError:
            self.let_go += 1
            raise
        if self.trouble is not None:
            raise self.trouble


async def settled(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  what is waited for has no event
            await asyncio.sleep(0)


async def test_a_round_that_is_asked_for_comes_next_and_never_beside_another() -> None:
    start, heard = Rounds(), list[Event]()
    feed = Live(start, Pace(3600.0))
    task = asyncio.create_task(feed.run(heard.append, lambda: 0))
    await settled(lambda: start.asked == [None])
    feed.again("turn:a")
    feed.again("turn:a")
    feed.again()
    await asyncio.sleep(0)
    assert (start.asked, feed.words()) == ([None], "checking")
    start.gate.release()
    await settled(lambda: start.asked == [None, "turn:a"])
    start.gate.release()
    await settled(lambda: start.asked == [None, "turn:a", None])
    start.gate.release()
    await settled(lambda: feed.words().startswith("next in 3"))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancelled_round_is_awaited() -> None:
    start = Rounds()
    feed = Live(start, Pace(3600.0))
    task = asyncio.create_task(feed.run(lambda _: None, lambda: 0))
    await settled(lambda: start.asked == [None])
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert start.let_go == 1


async def test_while_it_is_paused_only_what_is_asked_for_is_checked() -> None:
    start = Rounds()
    feed = Live(start, Pace(0.0))
    feed.toggle_pause()
    task = asyncio.create_task(feed.run(lambda _: None, lambda: 0))
    await settled(lambda: start.asked == [None])
    start.gate.release()
    for _ in range(50):
        await asyncio.sleep(0)
    assert (start.asked, feed.words()) == ([None], "paused")
    feed.again()
    await settled(lambda: len(start.asked) == 2)
    start.gate.release()
    feed.toggle_pause()
    await settled(lambda: len(start.asked) == 3)
    task.cancel()
    await asyncio.wait([task])


async def test_a_fault_of_ours_is_told_without_its_text_and_the_watch_goes_on() -> None:
    start = Rounds()
    start.trouble = RuntimeError("correct horse")
    feed = Live(start, Pace(0.0))
    task = asyncio.create_task(feed.run(lambda _: None, lambda: 0))
    start.gate.release()
    await settled(lambda: len(start.asked) == 2)
    assert feed.words() == "natprobe itself failed: RuntimeError"
    task.cancel()
    await asyncio.wait([task])


async def test_a_replay_tells_every_event_in_order() -> None:
    heard: list[Event] = []
    await Replay(recorded(), 1e9).run(heard.append, lambda: 0)
    assert tuple(heard) == recorded()


async def test_a_step_plays_to_the_next_result_and_holds_there() -> None:
    heard: list[Event] = []
    feed = Replay(WELL, 1e9)
    feed.toggle_pause()
    task = asyncio.create_task(feed.run(heard.append, lambda: 0))
    await asyncio.sleep(0)
    assert heard == []
    for results in (1, 2, 3):
        feed.step()
        await settled(partial(_has_heard, heard, results))
    await task
    assert (heard[-1], feed.words()) == (WELL[-1], "replay ended")


def _has_heard(heard: list[Event], results: int) -> bool:
    return sum(isinstance(event, CheckEnded | RunEnded) for event in heard) == results


async def test_a_held_replay_goes_on_where_it_was() -> None:
    heard: list[Event] = []
    feed = Replay(WELL, 1e9)
    feed.toggle_pause()
    assert feed.words() == "replay paused ×1e+09"
    task = asyncio.create_task(feed.run(heard.append, lambda: 0))
    await asyncio.sleep(0)
    feed.toggle_pause()
    await task
    assert tuple(heard) == WELL


async def test_speeds_go_up_and_down_and_end_somewhere() -> None:
    feed = Replay(())
    for _ in range(20):
        feed.faster()
    assert feed.words() == "replay ×50"
    for _ in range(20):
        feed.slower()
    assert feed.words() == "replay ×0.25"


async def test_a_recording_that_breaks_off_says_where() -> None:
    def broken() -> Iterator[Event]:
        yield from WELL[:3]
        raise ValueError("line 5 is no event")

    heard: list[Event] = []
    feed = Replay(broken(), 1e9)
    await feed.run(heard.append, lambda: 0)
    assert (tuple(heard), feed.words()) == (WELL[:3], "the recording ends here: line 5 is no event")
