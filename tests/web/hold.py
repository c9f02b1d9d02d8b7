"""What probes are handed to open connections with, outside a run."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

from natprobe.client.hold import Hold
from natprobe.net.clock import Clock
from natprobe.net.endpoint import ignore
from natprobe.net.handshake import Roots


@contextlib.asynccontextmanager
async def holding(roots: Roots | None = None) -> AsyncIterator[Hold]:
    """A hold that closes what is opened with it."""
    async with asyncio.TaskGroup() as tasks, AsyncExitStack() as closing:
        yield Hold(Clock(), ignore, roots or Roots(), tasks, closing)
