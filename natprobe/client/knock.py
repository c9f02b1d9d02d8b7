"""Knocks at TCP ports: open, refused, rejected, unreachable or silent; and who is it that opens?

The kernel repeats a SYN after one second and after three (RFC 6298), so a knock that waits longer than that has asked
three times, and one lost packet changes no answer.
"""

import asyncio
import contextlib

import msgspec

from natprobe.address import Address
from natprobe.client.hold import Hold
from natprobe.client.ports import PortAnswer, word_of
from natprobe.net.tcp import TcpStream, open_stream
from natprobe.net.trouble import Reason, Trouble
from natprobe.wire.greetings import question, recognised, shown
from natprobe.wire.registry import Method
from natprobe.wire.session import Session

KNOCK_S = 3.5
SHORT_KNOCK_S = 2.5
"""For many ports: two SYN, and time for the answer to the second."""
WAITS_S = 0.5
"""How long a service is given to speak first."""
ANSWERS_S = 1.5
_GOES_ON_S = 0.2
_ENOUGH = 2048


async def knock(hold: Hold, address: Address, timeout_s: float = KNOCK_S) -> PortAnswer:
    """How the port answers; the connection is closed again, and nothing is said on it."""
    answer, stream = await opened(hold, address, timeout_s)
    if stream is not None:
        await stream.close()
    return answer


async def meet(answer: PortAnswer, stream: TcpStream, authority: str) -> PortAnswer:
    """`answer` of an open port, and who listens there: its own first words, or its answer to a harmless question.

    The stream is closed again. `authority` is the host and port as the user wrote them.
    """
    try:
        said = await _first_words(stream, WAITS_S) or await _answer(stream, answer.port, authority)
    finally:
        await stream.close()
    if not said:
        hung_up = stream.ended is not None and stream.ended.reason in {Reason.CLOSED, Reason.RESET}
        return msgspec.structs.replace(answer, detail="it hangs up without a word") if hung_up else answer
    return msgspec.structs.replace(answer, service=recognised(said, answer.port), says=shown(said) or None)


async def opened(hold: Hold, address: Address, timeout_s: float) -> tuple[PortAnswer, TcpStream | None]:
    """How the port answers, and the connection where one came about; the caller closes it."""
    stream = await open_stream(address, hold.clock, timeout_s=timeout_s)
    if isinstance(stream, Trouble):
        return _refusal(address.port, stream, timeout_s), None
    return PortAnswer(port=address.port, word="open", rtt_ms=round(stream.connect_ms, 3)), stream


async def _answer(stream: TcpStream, port: int, authority: str) -> bytes:
    words = question(port, authority, Session().compose(Method.BINDING).data)
    if words:
        stream.send(words)
    return await _first_words(stream, ANSWERS_S)


async def _first_words(stream: TcpStream, within_s: float) -> bytes:
    """What comes until a pause, bounded; nothing where nothing comes in time."""
    said = b""
    with contextlib.suppress(TimeoutError):
        while len(said) < _ENOUGH:
            async with asyncio.timeout(_GOES_ON_S if said else within_s):
                arrival = await stream.receive()
            if isinstance(arrival, Trouble):
                break
            said += arrival.data
    return said


def _refusal(port: int, trouble: Trouble, timeout_s: float) -> PortAnswer:
    """The answer of a port to which no connection came about."""
    word = word_of(trouble, "tcp")
    waited_ms = timeout_s * 1000 if word == "silent" else None
    return PortAnswer(port=port, word=word, detail=trouble.detail, sends=trouble.sends, waited_ms=waited_ms)
