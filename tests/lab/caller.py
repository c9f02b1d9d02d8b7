"""A real ICE agent (aioice) in a namespace, one call after the other: `Caller(world, box)`, then `Caller.begin`.

`python -m tests.lab.caller CONTROL` serves a socket (a path, which no network namespace hides). One connection is one
call: a `Begin` comes in and this side's `Offer` goes out; the other side's `Offer` comes in and how it ended goes out.
"""

import asyncio
import contextlib
import socket
import sys
from typing import Self

import aioice
import aioice.stun
import msgspec

from tests.lab.namespace import Namespace
from tests.lab.world import World

RTO_S, RETRIES = 0.1, 4
"""RFC 8445 section 14.3 asks for 0.5 s and RFC 8489 for 6; a lab's round trip takes some milliseconds."""
MOST_PAIRS = 100
"""RFC 8445 section 6.1.2.5's limit, which aioice does not keep. Where both NATs let everybody in and use a new port for
each destination, every check arrives from a new port, is answered by a check from another one, and so on for ever."""
_LIMIT_S, _LOOK_S = 60.0, 0.02
_MOST_BYTES = 1 << 17


class Begin(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent is started with."""

    controlling: bool
    stun: tuple[str, int]
    ipv6: bool = False


class Offer(msgspec.Struct, frozen=True):
    """What signalling carries."""

    username: str
    password: str
    candidates: tuple[str, ...]


class Ended(msgspec.Struct, frozen=True):
    """How a call ended for one agent."""

    connected: bool
    remote_type: str | None = None
    """As what the other side's end of the selected pair was known."""
    pairs: tuple[str, ...] = ()
    """Every pair with its state, for people."""


class Caller:
    """An agent's process; it ends with the world."""

    def __init__(self, world: World, box: Namespace) -> None:
        self._control = str(world.new_file("caller"))
        self._running = world.keep(box.start(sys.executable, "-m", "tests.lab.caller", self._control))

    def begin(self, how: Begin) -> "Half":
        """Starts a call; its candidates are there when this returns."""
        self._running.wait_for("ready", 30.0)
        return Half(self._control, how)


class Half:
    """One agent's half of a call. A context manager."""

    def __init__(self, control: str, how: Begin) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.settimeout(_LIMIT_S)
        self._socket.connect(control)
        self._socket.send(msgspec.json.encode(how))
        self.offer = msgspec.json.decode(self._socket.recv(_MOST_BYTES), type=Offer)

    def connect(self, other: Offer) -> None:
        """Tells it the other side's offer."""
        self._socket.send(msgspec.json.encode(other))

    def ended(self) -> Ended:
        """Waits for the end."""
        return msgspec.json.decode(self._socket.recv(_MOST_BYTES), type=Ended)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()


def call(one: Caller, other: Caller, stun: tuple[str, int]) -> tuple[Ended, Ended]:
    """How a call between two agents ends; the first is controlling (RFC 8445 section 6.1.1)."""
    roles = (Begin(controlling=role, stun=stun) for role in (True, False))
    with one.begin(next(roles)) as first, other.begin(next(roles)) as second:
        first.connect(second.offer)
        second.connect(first.offer)
        return first.ended(), second.ended()


async def _converse(own: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    how = msgspec.json.decode(await loop.sock_recv(own, _MOST_BYTES), type=Begin)
    agent = aioice.Connection(ice_controlling=how.controlling, stun_server=how.stun, use_ipv6=how.ipv6)
    try:
        await agent.gather_candidates()
        lines = tuple(candidate.to_sdp() for candidate in agent.local_candidates)
        own.send(msgspec.json.encode(Offer(agent.local_username, agent.local_password, lines)))
        other = msgspec.json.decode(await loop.sock_recv(own, _MOST_BYTES), type=Offer)
        own.send(msgspec.json.encode(await _connected(agent, other)))
        await loop.sock_recv(own, 1)  # until the other half has ended too: it may still be asking
    finally:
        await agent.close()


async def _connected(agent: aioice.Connection, other: Offer) -> Ended:
    agent.remote_username, agent.remote_password = other.username, other.password
    for line in other.candidates:
        await agent.add_remote_candidate(aioice.Candidate.from_sdp(line))
    await agent.add_remote_candidate(None)
    if not await _nominates(agent):
        return Ended(connected=False, pairs=_pairs(agent))
    nominated = agent._nominated[1]
    return Ended(connected=True, remote_type=nominated.remote_candidate.type, pairs=_pairs(agent))


async def _nominates(agent: aioice.Connection) -> bool:
    """Whether it connects before every pair has failed, or there are more pairs than an agent may have."""
    connecting = asyncio.create_task(agent.connect())
    try:
        while not connecting.done() and len(agent._check_list) <= MOST_PAIRS:
            await asyncio.wait((connecting,), timeout=_LOOK_S)
        return connecting.done() and connecting.exception() is None
    finally:
        connecting.cancel()
        await asyncio.wait((connecting,))


def _pairs(agent: aioice.Connection) -> tuple[str, ...]:
    checked = agent._check_list
    return tuple(f"{pair} {pair.remote_candidate.type} {pair.state.name}" for pair in checked)


async def _serve(listener: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[None]] = set()
    while True:
        own, _ = await loop.sock_accept(listener)
        task = asyncio.create_task(_one(own))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


async def _one(own: socket.socket) -> None:
    with own, contextlib.suppress(OSError, msgspec.DecodeError):
        own.settimeout(0)
        await _converse(own)


def main() -> None:
    """Serves until it is ended."""
    aioice.stun.RETRY_RTO, aioice.stun.RETRY_MAX = RTO_S, RETRIES
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.settimeout(0)
        listener.bind(sys.argv[1])
        listener.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_serve(listener))


if __name__ == "__main__":
    main()
