"""Knocks at TCP ports: open, refused, rejected, unreachable or silent; nothing is said on the connection.

The kernel repeats a SYN after one second and after three (RFC 6298), so a knock that waits longer than that has asked
three times, and one lost packet changes no answer.
"""

from natprobe.address import Address
from natprobe.client.hold import Hold
from natprobe.client.ports import PortAnswer, word_of
from natprobe.net.tcp import TcpStream, open_stream
from natprobe.net.trouble import Trouble

KNOCK_S = 3.5
SHORT_KNOCK_S = 2.5
"""For many ports: two SYN, and time for the answer to the second."""


async def knock(hold: Hold, address: Address, timeout_s: float = KNOCK_S) -> PortAnswer:
    """How the port answers; the connection is closed again."""
    answer, stream = await open_knock(hold, address, timeout_s)
    if stream is not None:
        await stream.close()
    return answer


async def open_knock(hold: Hold, address: Address, timeout_s: float) -> tuple[PortAnswer, TcpStream | None]:
    """The same, with the connection where the port is open."""
    stream = await open_stream(address, hold.clock, timeout_s=timeout_s)
    if isinstance(stream, Trouble):
        return refusal(address.port, stream, timeout_s), None
    return PortAnswer(port=address.port, word="open", rtt_ms=round(stream.connect_ms, 3)), stream


def refusal(port: int, trouble: Trouble, timeout_s: float) -> PortAnswer:
    """The answer of a port to which no connection came about."""
    word = word_of(trouble, "tcp")
    waited_ms = timeout_s * 1000 if word == "silent" else None
    return PortAnswer(port=port, word=word, detail=trouble.detail, sends=trouble.sends, waited_ms=waited_ms)
