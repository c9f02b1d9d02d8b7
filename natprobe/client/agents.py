"""A call between two agents of this host: real ICE (aioice), then data both ways. The one module that knows aioice.

Theory of operation. aioice tells little of itself, so two of its methods are overridden: `check_state` hears how each
pair ends, `get_component_candidates` sets a time limit of ours. Its `connect` retransmits for up to a minute, hence the
limit around it. The agents differ in their role alone: the first is controlling (RFC 8445 section 6.1.1).
"""

import asyncio
import contextlib
import statistics
import struct
from typing import Any, Literal

import aioice
import msgspec
from aioice.ice import CandidatePair

from natprobe.address import Address
from natprobe.client.call import Call, Pair, Policy, Quality, Service, jitter_ms
from natprobe.events import TransportName
from natprobe.net.clock import Clock

GATHER_S = 2
CONNECT_S = 4.0
_COUNT, _GAP_S, _LAST_S = 50, 0.01, 1.0
_PARCEL = struct.Struct("!I")
_TRANSPORTS: dict[TransportName, Literal["udp", "tcp"]] = {"udp": "udp", "tcp": "tcp", "tls": "tcp"}


class _Agent(aioice.Connection):
    """An agent that remembers its pairs."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.seen: dict[str, CandidatePair] = {}

    def check_state(self, pair: CandidatePair, state: CandidatePair.State) -> None:
        """See aioice: called whenever a pair's state changes."""
        super().check_state(pair, state)
        self.seen[repr(pair)] = pair

    async def get_component_candidates(
        self,
        component: int,
        addresses: list[str],
        timeout: int = 5,  # noqa: ARG002
    ) -> list[aioice.Candidate]:
        """See aioice: gathers, within our own limit."""
        return await super().get_component_candidates(component, addresses, GATHER_S)


async def call(service: Service, policy: Policy, clock: Clock) -> Call:
    """Connects two agents through `service`, sends data both ways, and hangs up. Trouble is told, never raised."""
    caller, called = (_agent(service, policy, controlling=role) for role in (True, False))
    try:
        await asyncio.gather(caller.gather_candidates(), called.gather_candidates())
        await _exchange(caller, called)
        return await _connected(caller, called, policy, clock)
    finally:
        await asyncio.gather(_hang_up(caller), _hang_up(called))


def _agent(service: Service, policy: Policy, *, controlling: bool) -> _Agent:
    at = (service.address.host, service.address.port)
    return _Agent(
        ice_controlling=controlling,
        stun_server=at if service.transport == "udp" else None,
        turn_server=(service.host, service.address.port) if service.transport == "tls" else at,
        turn_username=service.login.username if service.login else None,
        turn_password=service.login.password if service.login else None,
        turn_ssl=service.trust or True if service.transport == "tls" else False,
        turn_transport=_TRANSPORTS[service.transport],
        transport_policy=aioice.TransportPolicy.RELAY if policy == "relay" else aioice.TransportPolicy.ALL,
    )


async def _exchange(caller: _Agent, called: _Agent) -> None:
    """What signalling would carry."""
    for one, other in ((caller, called), (called, caller)):
        for candidate in one.local_candidates:
            await other.add_remote_candidate(candidate)
        await other.add_remote_candidate(None)
        other.remote_username, other.remote_password = one.local_username, one.local_password


async def _connected(caller: _Agent, called: _Agent, policy: Policy, clock: Clock) -> Call:
    began = clock.now_ms()
    trouble: str | None = None
    try:
        async with asyncio.timeout(CONNECT_S):
            await asyncio.gather(caller.connect(), called.connect())
    except TimeoutError:
        trouble = f"no pair was nominated within {CONNECT_S:g} s"
    except ConnectionError as error:
        trouble = str(error) or "every pair failed"
    connect_ms = round(clock.now_ms() - began, 3)
    made = Call(policy=policy, candidates=(_types(caller), _types(called)), pairs=_pairs(caller), trouble=trouble)
    if trouble is not None:
        return made
    nominated = next((pair for pair in caller.seen.values() if pair.nominated), None)
    return msgspec.structs.replace(
        made,
        connect_ms=connect_ms,
        selected=_pair(nominated) if nominated else None,
        quality=await _talk(caller, called, clock),
    )


async def _talk(caller: _Agent, called: _Agent, clock: Clock) -> Quality:
    """Numbered parcels at an even pace, each returned by the other agent."""
    arrived: set[int] = set()
    returned: dict[int, float] = {}
    sent: dict[int, float] = {}
    complete = asyncio.Event()
    tasks = (
        asyncio.create_task(_echo(called, arrived)),
        asyncio.create_task(_collect(caller, returned, clock, complete)),
    )
    try:
        with contextlib.suppress(ConnectionError):
            for number in range(_COUNT):
                sent[number] = clock.now_ms()
                await caller.send(_PARCEL.pack(number))
                await asyncio.sleep(_GAP_S)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_S):
                await complete.wait()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    trips = [returned[number] - sent[number] for number in sorted(returned) if number in sent]
    return Quality(
        sent=len(sent),
        arrived=len(arrived),
        returned=len(trips),
        rtt_ms=round(statistics.median(trips), 3) if trips else None,
        jitter_ms=jitter_ms(trips),
    )


async def _echo(agent: _Agent, arrived: set[int]) -> None:
    with contextlib.suppress(ConnectionError):
        while True:
            data = await agent.recv()
            if len(data) == _PARCEL.size:
                arrived.add(_PARCEL.unpack(data)[0])
                await agent.send(data)


async def _collect(agent: _Agent, returned: dict[int, float], clock: Clock, complete: asyncio.Event) -> None:
    with contextlib.suppress(ConnectionError):
        while True:
            data = await agent.recv()
            if len(data) == _PARCEL.size:
                returned.setdefault(_PARCEL.unpack(data)[0], clock.now_ms())
            if len(returned) == _COUNT:
                complete.set()


async def _hang_up(agent: _Agent) -> None:
    """Closes the agent, which deletes its allocation; a server that does not answer that is left alone."""
    with contextlib.suppress(TimeoutError, ConnectionError, aioice.stun.TransactionError):
        async with asyncio.timeout(1.0):
            await agent.close()


def _types(agent: _Agent) -> tuple[str, ...]:
    return tuple(sorted(candidate.type for candidate in agent.local_candidates))


def _pairs(agent: _Agent) -> tuple[Pair, ...]:
    return tuple(_pair(pair) for pair in agent.seen.values())


def _pair(pair: CandidatePair) -> Pair:
    return Pair(
        local=Address(*pair.local_addr[:2]),
        local_type=pair.local_candidate.type,
        remote=Address(*pair.remote_addr[:2]),
        remote_type=pair.remote_candidate.type,
        state=pair.state.name.lower().replace("_", "-"),
    )
