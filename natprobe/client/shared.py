"""What several targets of a run would ask alike is asked once: the first that asks begins it, the others wait for it.

The work belongs to the run, and not to whoever began it: a target that is cut off takes nothing from the others.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Once(Protocol):
    """Makes an inquiry that other targets of the run make as well, and shares its answer among them."""

    async def __call__(self, key: Hashable, work: Callable[[], Awaitable[T]]) -> T:
        """What `work` gives, begun by whoever asks first. `key` says all that the answer depends on."""


async def each_time(key: Hashable, work: Callable[[], Awaitable[T]]) -> T:  # noqa: ARG001
    """For runs that share nothing."""
    return await work()


class Shared:
    """The works of one run, by what they ask."""

    def __init__(self, tasks: asyncio.TaskGroup) -> None:
        """`tasks` is the run's own group."""
        self._tasks = tasks
        self._works: dict[Hashable, asyncio.Task[tuple[Any, Exception | None]]] = {}

    async def once(self, key: Hashable, work: Callable[[], Awaitable[T]]) -> T:
        """What `work` gives, or gave to whoever asked first under this key. Raises what it raises, to everybody."""
        if key not in self._works:
            self._works[key] = self._begun(work)
        given, error = await asyncio.shield(self._works[key])
        if error is not None:
            raise error
        result: T = given
        return result

    def _begun(self, work: Callable[[], Awaitable[T]]) -> asyncio.Task[tuple[Any, Exception | None]]:
        kept = _kept(work)
        try:
            return self._tasks.create_task(kept)
        except RuntimeError:  # the run is being ended, and whoever asks is about to hear of it
            kept.close()
            raise asyncio.CancelledError from None


async def _kept(work: Callable[[], Awaitable[T]]) -> tuple[T | None, Exception | None]:
    try:
        return await work(), None
    except Exception as error:  # a fault of one work is told where it is asked for, and ends no other
        return None, error
