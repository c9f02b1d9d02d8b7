"""What several targets ask alike is asked once, and in no run that is ending."""

import asyncio
import contextlib

import pytest

from natprobe.client.shared import Shared


async def test_the_second_who_asks_gets_the_first_ones_answer() -> None:
    begun: list[str] = []

    async def work() -> str:
        begun.append("work")
        await asyncio.sleep(0)
        return "answer"

    async with asyncio.TaskGroup() as tasks:
        shared = Shared(tasks)
        answers = await asyncio.gather(shared.once("key", work), shared.once("key", work))
    assert [*answers] == ["answer", "answer"]
    assert begun == ["work"]


async def test_who_asks_in_a_run_that_is_ending_is_cancelled_and_nothing_is_begun() -> None:
    begun: list[str] = []

    async def work() -> None:
        begun.append("work")

    async def late(shared: Shared) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        asking = asyncio.create_task(shared.once("key", work))
        await asyncio.wait([asking])
        assert asking.cancelled()
        begun.append("nothing")

    async def ending() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(late(Shared(tasks)))
            await asyncio.sleep(0)
            raise ValueError

    with pytest.raises(ExceptionGroup):
        await ending()
    assert begun == ["nothing"]
