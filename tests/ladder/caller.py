"""Another client of the server, which allocates a relay and keeps it.

The process: `python -m tests.ladder.caller HOST USER PASSWORD`, with aioice for a client, which is nothing of ours.
"""

import asyncio
import sys

from aioice.turn import create_turn_endpoint


async def hold(host: str, user: str, password: str) -> None:
    """Says "holding" once it has a relay, and keeps it until standard input ends."""
    await create_turn_endpoint(asyncio.DatagramProtocol, (host, 3478), user, password)
    sys.stdout.write("holding\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.buffer.read)


if __name__ == "__main__":
    asyncio.run(hold(*sys.argv[1:]))
