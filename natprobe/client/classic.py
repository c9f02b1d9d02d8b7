"""RFC 3489's classification by pystun3, held on a short lead: a second opinion, never the verdict.

pystun3 asks over a blocking socket, and resends without end and without pause where an error comes back. Here it gets
an object that looks like a socket: it sends over an endpoint of ours, with a budget of sends and a deadline, after
which every call raises, so its thread ends. CHANGE-REQUEST passes only once a server has named another address, since
there are servers that crash on it.
"""

import asyncio
import importlib
import importlib.util
from typing import Any, Final

import msgspec

from natprobe.address import Address
from natprobe.client.hold import Hold
from natprobe.net.endpoint import Datagram, Endpoint
from natprobe.net.trouble import Reason, Trouble
from natprobe.net.udp import open_udp
from natprobe.wire.attributes import change_request, changed_address, other_address
from natprobe.wire.behaviour import NatType
from natprobe.wire.message import Malformed, parse

MOST_SENDS: Final = 40
DEADLINE_S: Final = 6.0
_PATIENCE_S: Final = 0.35
MISSING: Final = "pystun3 is not installed; `pip install 'natprobe[classic]'` brings it"

_WORDS: Final[dict[str, NatType]] = {
    "Blocked": "udp-blocked",
    "Open Internet": "open-internet",
    "Full Cone": "full-cone",
    "Symmetric UDP Firewall": "symmetric-udp-firewall",
    "Restric NAT": "restricted-cone",
    "Restric Port NAT": "port-restricted-cone",
    "Symmetric NAT": "symmetric",
}


class Classic(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What pystun3 said."""

    server: Address
    said: str | None = None
    """Its own words."""
    type: NatType | None = None
    """RFC 3489's word for it; None where it has said none."""
    trouble: str | None = None
    """Why it came to no end: a clause."""
    sends: int = 0


class _Stopped(Exception):  # noqa: N818  what ends the thread, and no error
    """The lead is at its end; says why."""


async def classify(hold: Hold, server: Address, source: Address | None, rtt_s: float) -> Classic:
    """pystun3's opinion by `server`, within `DEADLINE_S`. Trouble is told, never raised."""
    if server.family != 4:
        return Classic(server=server, trouble="pystun3 knows IPv4 alone")
    module = _module()
    if module is None:
        return Classic(server=server, trouble=MISSING)
    endpoint = open_udp(hold.clock, hold.trace, family=4, local=source, remote=server)
    if isinstance(endpoint, Trouble):
        return Classic(server=server, trouble=endpoint.detail)
    lead = _Lead(endpoint, asyncio.get_running_loop(), _PATIENCE_S + 2 * rtt_s)
    try:
        return await asyncio.to_thread(_asked, module, lead, server, endpoint.local)
    finally:
        lead.stop("the run ended")
        await endpoint.close()


def _module() -> Any:
    if importlib.util.find_spec("stun") is None:
        return None
    module = importlib.import_module("stun")
    return module if hasattr(module, "get_nat_type") else None


def _asked(module: Any, lead: "_Lead", server: Address, local: Address) -> Classic:
    try:
        said, _ = module.get_nat_type(lead, local.host, local.port, stun_host=server.host, stun_port=server.port)
    except _Stopped as stopped:
        return Classic(server=server, trouble=str(stopped), sends=lead.sends)
    except Exception as error:  # whatever its parser makes of hostile bytes is its opinion's end, and not ours
        return Classic(server=server, trouble=f"it failed with {type(error).__name__}", sends=lead.sends)
    return Classic(server=server, said=str(said), type=_WORDS.get(str(said)), sends=lead.sends)


class _Lead:
    """Looks like a socket to pystun3's thread; the event loop does what it asks for."""

    def __init__(self, endpoint: Endpoint, loop: asyncio.AbstractEventLoop, patience_s: float) -> None:
        self.sends = 0
        self._endpoint = endpoint
        self._loop = loop
        self._patience_s = patience_s
        self._until = loop.time() + DEADLINE_S
        self._offered = False
        self._stopped: str | None = None

    def stop(self, why: str) -> None:
        """From now on every call raises."""
        self._stopped = self._stopped or why

    def sendto(self, data: bytes, to: tuple[str, int]) -> int:
        """Sends within the budget. Raises _Stopped beyond it."""
        message = parse(data)
        if not isinstance(message, Malformed) and change_request(message) and not self._offered:
            raise _Stopped(f"{to[0]} names no other address, so it is not asked to write from one")
        if self.sends >= MOST_SENDS:
            raise _Stopped(f"it wanted to send more than {MOST_SENDS} requests")
        self._go_on()
        self.sends += 1
        self._loop.call_soon_threadsafe(self._endpoint.send, data, Address(to[0], to[1]))
        return len(data)

    def recvfrom(self, _size: int) -> tuple[bytes, tuple[str, int]]:
        """The next datagram. Raises TimeoutError where none comes in time, _Stopped at the end."""
        self._go_on()
        future = asyncio.run_coroutine_threadsafe(self._next(), self._loop)
        datagram = future.result()
        if datagram is None:
            raise TimeoutError
        message = parse(datagram.data)
        if not isinstance(message, Malformed):
            other = changed_address(message) or other_address(message)
            self._offered = self._offered or (other is not None and other.host != datagram.source.host)
        return datagram.data, (datagram.source.host, datagram.source.port)

    async def _next(self) -> Datagram | None:
        try:
            async with asyncio.timeout(self._patience_s):
                arrived = await self._endpoint.receive()
                while isinstance(arrived, Trouble) and arrived.reason is not Reason.CLOSED:
                    arrived = await self._endpoint.receive()
        except TimeoutError:
            return None
        return None if isinstance(arrived, Trouble) else arrived

    def _go_on(self) -> None:
        if self._stopped is not None:
            raise _Stopped(self._stopped)
        if self._loop.time() > self._until:
            raise _Stopped(f"it came to no end within {DEADLINE_S:g} s")
