"""Opens the lines and the peers of one TURN ladder, and sees to it that they are released and closed at its end."""

import asyncio
import contextlib

from natprobe.address import Address
from natprobe.client.hold import Hold
from natprobe.client.line import Line, Way, open_line
from natprobe.client.peer import Peer
from natprobe.client.rig import Lines, Peers
from natprobe.client.stun import StunClient
from natprobe.client.turn import TurnClient
from natprobe.net.trouble import Trouble
from natprobe.net.udp import open_udp
from natprobe.wire.registry import STUN_PORT, Method
from natprobe.wire.session import Login, Session

_SHORTEST_PATIENCE_S, _PATIENCE_RTTS = 0.2, 3.0


async def open_lines(hold: Hold, way: Way, login: Login | None, wanted: int = 2) -> Lines | Trouble:
    """As many lines to the server at once, one or two; one is enough to go on."""
    lines = await asyncio.gather(*(open_line(way, hold.clock, hold.trace, hold.roots) for _ in range(wanted)))
    clients = [_client(hold, way.address, login, line.client) for line in lines if isinstance(line, Line)]
    if not clients:
        return next(line for line in lines if isinstance(line, Trouble))
    hold.closing.push_async_callback(_release, *clients)
    handshake = next(line.handshake for line in lines if isinstance(line, Line))
    return Lines(clients[0], clients[1] if len(clients) > 1 else None, handshake)


async def open_client(hold: Hold, way: Way, login: Login | None) -> TurnClient | Trouble:
    """One more line to the server, from a new port."""
    line = await open_line(way, hold.clock, hold.trace, hold.roots)
    if isinstance(line, Trouble):
        return line
    client = _client(hold, way.address, login, line.client)
    hold.closing.push_async_callback(_release, client)
    return client


def open_client_from(base: Address, server: Address, hold: Hold, login: Login | None) -> TurnClient | Trouble:
    """A line to the server over UDP, from a new port of this host's address `base`."""
    endpoint = open_udp(hold.clock, hold.trace, family=base.family, local=Address(base.host, 0), remote=server)
    if isinstance(endpoint, Trouble):
        return endpoint
    client = _client(hold, server, login, StunClient(endpoint, hold.clock))
    hold.closing.push_async_callback(_release, client)
    return client


async def open_own_nat(client: TurnClient, peer: Peer, relayed: Address) -> None:
    """Has `peer` open this host's NAT towards a relay that has just been made to write to it; see `Peer.open_towards`.

    A busy server may take longer to send than the peer's own packet needs to arrive. A line's messages are handled in
    their order, so the answer to one that follows proves that the relay's packet is out. A server that answers no
    Binding is waited for a few round trips.
    """
    patience_s = max(_SHORTEST_PATIENCE_S, _PATIENCE_RTTS * (client.stun.rtt_s or 0.0))
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(patience_s):
            await client.stun.ask(Session().compose(Method.BINDING), client.server)
    await peer.open_towards(relayed, client.server, client.stun.mailbox)


async def _release(*clients: TurnClient) -> None:
    """Lets go of every allocation at once: the time for it is short, and a server may be slow."""
    await asyncio.gather(*(client.release() for client in clients))


def _client(hold: Hold, server: Address, login: Login | None, stun: StunClient) -> TurnClient:
    client = TurnClient(stun, server, Session(login))
    pump = hold.tasks.create_task(stun.pump())
    hold.closing.push_async_callback(stun.endpoint.close)
    hold.closing.callback(pump.cancel)
    return client


def open_peers(hold: Hold, way: Way) -> Peers | None:
    """Three peers, each asking the server over UDP for its mapped address; None where this host has no UDP route."""
    inward, outward, channel = (open_peer(hold, way) for _ in range(3))
    if inward is None or outward is None or channel is None:
        return None
    return Peers(inward, outward, channel)


def open_peer(hold: Hold, way: Way) -> Peer | None:
    """One more peer, asking the server over UDP for its mapped address; None where this host has no UDP route."""
    endpoint = open_udp(hold.clock, hold.trace, family=way.address.family, remote=way.address)
    if isinstance(endpoint, Trouble):
        return None
    peer = Peer(endpoint, hold.clock)
    hold.closing.push_async_callback(endpoint.close)
    for task in (hold.tasks.create_task(peer.pump()), hold.tasks.create_task(peer.look(_stun_servers(way)))):
        hold.closing.callback(task.cancel)
    return peer


def _stun_servers(way: Way) -> tuple[Address, ...]:
    default = Address(way.address.host, STUN_PORT)
    return (way.address,) if way.transport == "udp" or way.address == default else (way.address, default)
