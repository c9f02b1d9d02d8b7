"""What live things of one cell are opened with, and what closes them."""

from asyncio import TaskGroup
from contextlib import AsyncExitStack

import msgspec

from natprobe.events import Trace
from natprobe.net.clock import Clock
from natprobe.net.handshake import Roots


class Hold(msgspec.Struct, frozen=True):
    """Handed to whoever opens sockets or starts pumps."""

    clock: Clock
    trace: Trace
    roots: Roots
    tasks: TaskGroup
    """Runs what must go on between probes; its tasks are cancelled when `closing` has run."""
    closing: AsyncExitStack
    """Releases what is held, on success, failure and interruption alike; last in, first out."""
