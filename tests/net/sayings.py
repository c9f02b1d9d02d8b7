"""What the tests say over the wire, and how they read an answer."""

import struct

from natprobe.net.endpoint import Datagram, Endpoint
from natprobe.net.trouble import Trouble

COOKIE = 0x2112A442
ID = bytes(range(12))
BINDING = struct.pack("!HHI", 0x0001, 0, COOKIE) + ID


def stun(number: int) -> bytes:
    """A whole STUN message without attributes, told apart by its transaction id."""
    return struct.pack("!HHI", 0x0001, 0, COOKIE) + number.to_bytes(12, "big")


async def message(endpoint: Endpoint) -> Datagram:
    got = await endpoint.receive()
    assert isinstance(got, Datagram), got
    return got


async def trouble(endpoint: Endpoint) -> Trouble:
    got = await endpoint.receive()
    assert isinstance(got, Trouble), got
    return got
