"""Asks many ports of one host, gently: a bounded number at once, a bounded number a second, and progress told."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from natprobe.client.ports import PortAnswer

AT_ONCE = 128
PAUSE_S = 0.004
"""Between two beginnings: no more than 250 a second."""

Ask = Callable[[int], Awaitable[PortAnswer]]
Progress = Callable[[float, float, str], None]


async def scan(ports: Iterable[int], ask: Ask, advance: Progress) -> tuple[PortAnswer, ...]:
    """One answer a port, in the order of `ports`."""
    wanted = tuple(ports)
    room = asyncio.Semaphore(AT_ONCE)
    done = 0

    async def one(port: int) -> PortAnswer:
        nonlocal done
        try:
            return await ask(port)
        finally:
            room.release()
            done += 1
            advance(done, len(wanted), "ports")

    tasks: list[asyncio.Task[PortAnswer]] = []
    async with asyncio.TaskGroup() as group:
        for port in wanted:
            await room.acquire()
            tasks.append(group.create_task(one(port)))
            await asyncio.sleep(PAUSE_S if len(wanted) > 1 else 0)
    return tuple(task.result() for task in tasks)
