"""Single TCP segments, sent and heard below the kernel's own TCP: whose reset is it? The one module that loads scapy.

A plain socket tells that a connection was reset, and not by whom. The reset's hop limit (TTL) tells: one of the host
itself has crossed as many routers as the host's other answers. That needs the right to open raw sockets (root, or
CAP_NET_RAW), Linux, and scapy, which builds and reads the segments. The kernel ends what it did not begin: it answers a
SYN-ACK with a reset by itself, so no connection is left half open.
"""

import asyncio
import contextlib
import importlib.util
import logging
import secrets
import socket
import sys
from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from natprobe.address import Address
from natprobe.net.clock import Clock
from natprobe.net.sockets import FAMILIES, source_address_for, to_name
from natprobe.net.trouble import Family

INSTALL = "pip install 'natprobe[capture]'"
SENDS_S = (0.0, 0.4, 1.0)
"""A SYN, and its repetitions where nothing comes back."""
_LISTENS_S = 1.5
_NOT_TOLD = "it is not told who sent the reset of a port"
_ROUND_TRIPS, _AFTER_S = 3, 0.1
_RST, _SYN = 0x04, 0x02
_HEADER = 20  # RFC 9293 section 3.1
_LARGEST = 65535


class ScapyMissing(Exception):  # noqa: N818  it is a state of this installation
    """What is wanted needs scapy. The message goes on from "needs"."""


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a SYN."""

    kind: Literal["accepted", "reset"]
    ttl: int
    """The hop limit with which it arrived."""


def load() -> Any:
    """scapy, where it is installed. Raises ScapyMissing."""
    logging.getLogger("scapy").setLevel(logging.ERROR)  # it warns of this host's routes, which do not matter here
    try:
        import scapy.layers.inet  # noqa: PLC0415  an extra, GPL, and slow to load
        import scapy.layers.inet6  # noqa: PLC0415
        import scapy.utils  # noqa: PLC0415
    except ImportError as error:
        raise ScapyMissing(f"scapy, which is not installed; {INSTALL}") from error
    except Exception as error:  # it looks around on this host as it loads, and raises what it likes
        raise ScapyMissing(f"scapy, which does not load here ({type(error).__name__}: {error})") from error
    return scapy


def may_send() -> bool:
    """Whether this process may open raw sockets, and this system shows what arrives on them."""
    if sys.platform != "linux":
        return False
    try:
        with _opened(4):
            return True
    except OSError:
        return False


def limits() -> tuple[str, ...]:
    """What cannot be told without that, in a sentence."""
    if not may_send():
        return (f"without the right to open raw sockets (root, or CAP_NET_RAW) {_NOT_TOLD}",)
    return () if importlib.util.find_spec("scapy") else (f"without scapy ({INSTALL}) {_NOT_TOLD}",)


async def answers(targets: tuple[Address, ...], clock: Clock) -> dict[Address, Segment]:
    """What each of `targets` (one host's ports) answers to a SYN; those that are silent, or not asked, are left out.

    Takes a second and a half at most, and a few round trips where the first one answers. Without scapy, privilege or
    a route nobody is asked.
    """
    source = source_address_for(targets[0])
    if source is None or not may_send():
        return {}
    try:
        scapy = await asyncio.to_thread(load)
        with _opened(source.family) as sock, _reserved(source) as port:
            return await _Asking(scapy, sock, Address(source.host, port), clock).ask(targets)
    except (ScapyMissing, OSError):
        return {}


class _Asking:
    """One raw socket and what was sent from it."""

    def __init__(self, scapy: Any, sock: socket.socket, source: Address, clock: Clock) -> None:
        self._scapy, self._sock, self._source, self._clock = scapy, sock, source, clock
        self._sequence = secrets.randbelow(1 << 32)
        self._heard: dict[Address, Segment] = {}
        self._heard_s: dict[Address, float] = {}
        self._arrived = asyncio.Event()

    async def ask(self, targets: tuple[Address, ...]) -> dict[Address, Segment]:
        """Sends and listens; once the first target has answered, only as long as the others are likely to take."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._sock, self._readable)
        began = self._clock.now()
        moments = [began + at_s for at_s in (*SENDS_S, _LISTENS_S)]
        try:
            while moments and not self._heard.keys() >= {*targets}:
                until_s = min(moments[0], self._enough_s(targets[0], began))
                if await self._hears(until_s):
                    continue
                if until_s < moments.pop(0) or not moments:
                    break
                self._send(target for target in targets if target not in self._heard)
        finally:
            loop.remove_reader(self._sock)
        return {target: self._heard[target] for target in targets if target in self._heard}

    def _enough_s(self, first: Address, began: float) -> float:
        answered_s = self._heard_s.get(first)
        return float("inf") if answered_s is None else answered_s + _ROUND_TRIPS * (answered_s - began) + _AFTER_S

    async def _hears(self, until_s: float) -> bool:
        """Whether something arrived by then."""
        self._arrived.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, until_s - self._clock.now())):
                await self._arrived.wait()
                return True
        return False

    def _send(self, targets: Iterator[Address]) -> None:
        for target in targets:
            with contextlib.suppress(OSError):
                self._sock.sendto(self._syn(target), to_name(Address(target.host, 0)))

    def _syn(self, target: Address) -> bytes:
        """The TCP segment alone: the kernel puts the IP header before it."""
        inet, inet6 = self._scapy.layers.inet, self._scapy.layers.inet6
        network = inet.IP if target.family == 4 else inet6.IPv6
        tcp = inet.TCP(
            sport=self._source.port, dport=target.port, flags="S", seq=self._sequence, options=[("MSS", 1400)]
        )
        whole = network(bytes(network(src=self._source.host, dst=target.host) / tcp))
        return bytes(whole[inet.TCP])

    def _readable(self) -> None:
        for data, host, ttl in _received(self._sock, self._source.family):
            if len(data) < _HEADER or int.from_bytes(data[2:4], "big") != self._source.port:
                continue
            segment = self._scapy.layers.inet.TCP(data)
            if segment.ack == (self._sequence + 1) % (1 << 32):
                self._take(Address(host, segment.sport), int(segment.flags), ttl)

    def _take(self, whose: Address, flags: int, ttl: int) -> None:
        if whose in self._heard or not flags & (_RST | _SYN):
            return
        self._heard[whose] = Segment(kind="reset" if flags & _RST else "accepted", ttl=ttl)
        self._heard_s[whose] = self._clock.now()
        self._arrived.set()


@contextlib.contextmanager
def _opened(family: Family) -> Iterator[socket.socket]:
    """A raw socket that hears every TCP segment of this host. Raises OSError without the right to it."""
    with socket.socket(FAMILIES[family], socket.SOCK_RAW, socket.IPPROTO_TCP) as sock:
        sock.settimeout(0)
        if family == 6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
        yield sock


@contextlib.contextmanager
def _reserved(source: Address) -> Iterator[int]:
    """A port from which nobody else sends meanwhile."""
    with socket.socket(FAMILIES[source.family], socket.SOCK_STREAM) as sock:
        sock.bind(to_name(source))
        yield int(sock.getsockname()[1])


def _received(sock: socket.socket, family: Family) -> Iterator[tuple[bytes, str, int]]:
    """What waits on the socket: the TCP segment, its sender, its hop limit. IPv4 comes with its header."""
    for _ in range(64):
        try:
            data, ancillary, _flags, name = sock.recvmsg(_LARGEST, 64)
        except OSError:
            return
        if family == 4:
            length = (data[0] & 0x0F) * 4
            yield data[length:], str(name[0]), data[8]
            continue
        limits = [
            int.from_bytes(value, sys.byteorder) for level, kind, value in ancillary if _is_hop_limit(level, kind)
        ]
        yield data, str(name[0]).partition("%")[0], limits[0] if limits else 0


def _is_hop_limit(level: int, kind: int) -> bool:
    return (level, kind) == (socket.IPPROTO_IPV6, socket.IPV6_HOPLIMIT)
