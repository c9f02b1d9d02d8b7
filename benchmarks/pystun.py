"""pystun3's opinion of a NAT, on natprobe's short lead: `python -m benchmarks.pystun HOST PORT` prints one word.

Without the lead it can flood a server without end, so it is not run in any other way here.
"""

import asyncio
import sys
from contextlib import AsyncExitStack

from natprobe.address import Address
from natprobe.client.classic import classify
from natprobe.client.hold import Hold
from natprobe.net.clock import Clock
from natprobe.net.endpoint import ignore
from natprobe.net.handshake import Roots

_RTT_S = 0.05


async def opinion(server: Address) -> str:
    """RFC 3489's word, or why there is none."""
    async with asyncio.TaskGroup() as tasks, AsyncExitStack() as closing:
        hold = Hold(Clock(), ignore, Roots(None), tasks, closing)
        classic = await classify(hold, server, None, _RTT_S)
    return classic.type or f"none: {classic.trouble}"


if __name__ == "__main__":
    print(asyncio.run(opinion(Address(sys.argv[1], int(sys.argv[2])))))
