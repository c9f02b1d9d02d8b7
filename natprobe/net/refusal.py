"""Is a UDP port closed, where this system tells an unconnected socket of no ICMP error (macOS, at times Windows)?

Every system tells a connected one. That hides what comes from another source, so it asks beside the question itself,
never in its place.
"""

import asyncio
import itertools
import socket

from natprobe.address import Address
from natprobe.events import Trace
from natprobe.net.clock import Clock
from natprobe.net.endpoint import Datagram
from natprobe.net.sockets import FAMILIES, to_address, to_name
from natprobe.net.telling import Teller
from natprobe.net.trouble import Trouble, datagram_trouble, silent

_LARGEST = 65535


async def ask_connected(
    remote: Address, data: bytes, clock: Clock, trace: Trace, *, sends_s: tuple[float, ...], give_up_s: float
) -> Datagram | Trouble:
    """Sends `data` at `sends_s` (seconds from now) until something comes back: a datagram, or word of an ICMP error.

    Silent after `give_up_s`.
    """
    began = clock.now()
    try:
        with socket.socket(FAMILIES[remote.family], socket.SOCK_DGRAM) as sock:
            sock.settimeout(0)
            sock.connect(to_name(remote))
            tell = Teller(trace, "udp", to_address(sock.getsockname()))
            for _, until_s in itertools.pairwise((*sends_s, give_up_s)):
                tell("sent", data, remote, clock.now_ms())
                answer = await _exchange(sock, data, began + until_s - clock.now())
                if answer is not None:
                    tell("received", answer, remote, clock.now_ms())
                    return Datagram(answer, remote, clock.now())
    except OSError as error:
        return datagram_trouble(error, about=remote, at_ms=clock.now_ms())
    return silent(remote, waited_s=clock.now() - began, at_ms=clock.now_ms(), sends=len(sends_s))


async def _exchange(sock: socket.socket, data: bytes, within_s: float) -> bytes | None:
    """Sends, and takes what comes in time. Raises OSError for what ICMP says."""
    hearing = asyncio.create_task(_heard(sock, within_s))
    try:
        await asyncio.sleep(0)  # Windows tells the reader that is there already, and may tell no later one
        sock.send(data)
        return await hearing
    finally:
        hearing.cancel()
        await asyncio.gather(hearing, return_exceptions=True)


async def _heard(sock: socket.socket, within_s: float) -> bytes | None:
    try:
        async with asyncio.timeout(max(0.0, within_s)):
            return await asyncio.get_running_loop().sock_recv(sock, _LARGEST)
    except TimeoutError:
        return None
