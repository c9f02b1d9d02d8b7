"""Asks many ports of one host, gently: a bounded number at once, a bounded number a second, and progress told."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from natprobe.client.ports import PortAnswer

AT_ONCE = 128
PAUSE_S = 0.004
"""Between two beginnings: no more than 250 a second."""

Ask = Callable[[int], Awaitable[PortAnswer]]
Progress = Callable[[float, float, str], None]


@dataclass(frozen=True, slots=True)
class Scan:
    """The ports to ask, and what they have answered so far: whoever is cut off in between has that."""

    ports: tuple[int, ...]
    answers: dict[int, PortAnswer] = field(default_factory=dict)

    @property
    def left(self) -> tuple[int, ...]:
        """The ports that have neither answered nor been silent long enough."""
        return tuple(port for port in self.ports if port not in self.answers)

    def note(self, answer: PortAnswer) -> None:
        """Keeps what a port answered; a later answer of it, which knows more, takes the place."""
        self.answers[answer.port] = answer

    async def ask_all(self, ask: Ask, advance: Progress) -> None:
        """Asks each port once."""
        room = asyncio.Semaphore(AT_ONCE)

        async def one(port: int) -> None:
            try:
                self.note(await ask(port))
            finally:
                room.release()
            advance(len(self.answers), len(self.ports), "ports")

        async with asyncio.TaskGroup() as group:
            for port in self.ports:
                await room.acquire()
                group.create_task(one(port))
                await asyncio.sleep(PAUSE_S if len(self.ports) > 1 else 0)
