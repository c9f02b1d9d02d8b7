"""A bounded queue between a socket and its one reader."""

import asyncio
from collections import deque

from natprobe.net.endpoint import Datagram
from natprobe.net.trouble import Trouble


class Inbox:
    """Keeps what arrived until it is asked for. What does not fit is counted in `dropped` and forgotten."""

    def __init__(self, limit: int) -> None:
        self.dropped = 0
        self.final: Trouble | None = None
        self._limit = limit
        self._items: deque[Datagram | Trouble] = deque()
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: Datagram | Trouble) -> None:
        """Adds an arrival. Does nothing once the inbox has ended."""
        if self.final is not None:
            return
        if len(self._items) >= self._limit:
            self.dropped += 1
            return
        self._items.append(item)
        self._changed.set()

    def end(self, trouble: Trouble) -> None:
        """Says that nothing comes after what is already here. The first end counts."""
        if self.final is None:
            self.final = trouble
            self._changed.set()

    async def take(self) -> Datagram | Trouble:
        """The next arrival in order, then the final trouble for ever."""
        while not self._items:
            if self.final is not None:
                return self.final
            self._changed.clear()
            await self._changed.wait()
        return self._items.popleft()
