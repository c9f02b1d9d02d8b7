"""Makes a call with an agent: connect, then data both ways, and the doubt whether the relay was needed."""

import asyncio
from collections.abc import Iterable

import msgspec

from natprobe.client.agents import Agent
from natprobe.client.bases import open_bases
from natprobe.client.call import Call, Pair, Policy, Quality
from natprobe.client.description import offered
from natprobe.client.hold import Hold
from natprobe.client.outlets import HostPort, Port, RelayPort
from natprobe.client.talk import talk
from natprobe.client.turn import TurnClient
from natprobe.events import TransportName
from natprobe.ice import Relayed, host, relayed
from natprobe.net.clock import Clock

CONNECT_S = 10.0
WITHIN_S = 4.0
"""Between two agents of this host nobody's hands are needed."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What one end of a call goes by."""

    policy: Policy
    own_types: tuple[str, ...]
    limit_s: float = CONNECT_S
    patience_s: float = 0.0
    """How long the other end may take to begin."""
    data: bool = True
    """Whether the other end takes data of ours; a browser's takes DTLS alone."""


async def make_call(agent: Agent, terms: Terms, clock: Clock) -> Call:
    """Connects and measures. Trouble is told, never raised."""
    took_ms, trouble = await agent.connect(terms.limit_s, terms.patience_s)
    selected = None if trouble else agent.selected()
    made = Call(
        policy=terms.policy,
        candidates=(terms.own_types, agent.remote_types()),
        role="controlling" if agent.controlling else "controlled",
        trouble=trouble,
        waited_ms=took_ms,
    )
    if selected is not None:
        quality, refuted = await asyncio.gather(_quality(agent, terms, clock), _refuted(agent, selected, terms.policy))
        made = msgspec.structs.replace(
            made, connect_ms=took_ms, waited_ms=None, selected=selected, quality=quality, direct_refuted=refuted
        )
    return msgspec.structs.replace(
        made,
        checks=agent.checks(),
        pairs=agent.pairs(),
        names=tuple(agent.names),
    )


async def _quality(agent: Agent, terms: Terms, clock: Clock) -> Quality:
    return await (talk(agent, clock) if terms.data else agent.ping())


async def _refuted(agent: Agent, selected: Pair, policy: Policy) -> bool | None:
    return await agent.refute_direct() if selected.relayed and policy == "all" else None


async def call_within(hold: Hold, clients: tuple[TurnClient, ...], policy: Policy, transport: TransportName) -> Call:
    """A call between two agents of this host, each with one of these allocations; what the caller saw of it."""
    ports = [_ports(hold, policy, client, transport) for client in (*clients, None, None)[:2]]
    agents = [
        Agent(each, [offered(port.candidate) for port in each], hold.clock, controlling=index == 0)
        for index, each in enumerate(ports)
    ]
    try:
        logins = [await agent.open() for agent in agents]
        for agent, (ufrag, password), theirs in zip(agents, reversed(logins), reversed(ports), strict=True):
            agent.meet(ufrag, password)
            for port in theirs:
                await agent.add(offered(port.candidate))
            await agent.add_no_more()
        terms = [Terms(policy=policy, own_types=types(each), limit_s=WITHIN_S) for each in ports]
        made = await asyncio.gather(
            *(make_call(agent, each, hold.clock) for agent, each in zip(agents, terms, strict=True))
        )
        return made[0]
    finally:
        await asyncio.gather(*(agent.close() for agent in agents))


def _ports(hold: Hold, policy: Policy, client: TurnClient | None, transport: TransportName) -> tuple[Port, ...]:
    now_ms = round(hold.clock.now_ms(), 3)
    relays: list[Port] = []
    if client is not None and client.session.relayed is not None:
        found = Relayed(
            relayed=client.session.relayed,
            mapped=client.session.mapped,
            through=transport,
            server=client.server,
            server_order=0,
            url="",
        )
        relays.append(RelayPort(relayed(found, now_ms), client, hold))
    seats = open_bases(hold, (4, 6)).seats if policy == "all" else ()
    return (*(HostPort(host(seat.base, now_ms), seat.client) for seat in seats), *relays)


def types(ports: Iterable[Port]) -> tuple[str, ...]:
    """The types of the candidates of these ports."""
    return tuple(sorted(port.candidate.type for port in ports))
