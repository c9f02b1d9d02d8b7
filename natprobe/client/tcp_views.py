"""As what do several servers see one local TCP port? Connections to all of them leave from it at once."""

import asyncio

import msgspec

from natprobe.address import Address
from natprobe.client.hold import Hold
from natprobe.client.stun import StunClient
from natprobe.net.tcp import open_tcp
from natprobe.net.trouble import Trouble
from natprobe.wire.attributes import mapped_address, xor_mapped_address
from natprobe.wire.registry import Method
from natprobe.wire.session import Session
from natprobe.wire.transactions import Schedule

_CONNECT_S = 2.0
_ANSWER = Schedule((0.0,), 2.0)  # TCP itself repeats what is lost (RFC 8489 section 6.2.2)


class TcpView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One server, and what became of the connection to it."""

    server: Address
    mapped: Address | None = None
    rtt_ms: float | None = None
    trouble: str | None = None
    """Why there is no mapped address: a clause."""


async def tcp_views(hold: Hold, servers: tuple[Address, ...], local: Address) -> tuple[TcpView, ...]:
    """What each of `servers` saw, all asked at once from the port `local`. Trouble is told, never raised."""
    return tuple(await asyncio.gather(*(_view(hold, server, local) for server in servers)))


async def _view(hold: Hold, server: Address, local: Address) -> TcpView:
    endpoint = await open_tcp(server, hold.clock, hold.trace, timeout_s=_CONNECT_S, local=local)
    if isinstance(endpoint, Trouble):
        return TcpView(server=server, trouble=endpoint.detail)
    client = StunClient(endpoint, hold.clock)
    pump = asyncio.create_task(client.pump())
    try:
        reply = await client.ask(Session().compose(Method.BINDING), server, _ANSWER)
    finally:
        pump.cancel()
        # Not closed before the run's end: a port that is given back early may be mapped anew for the next connection.
        hold.closing.push_async_callback(endpoint.close)
    mapped = (xor_mapped_address(reply.message) or mapped_address(reply.message)) if reply.message else None
    trouble = None if mapped else f"{server} gave no mapped address ({reply.exchange.outcome})"
    return TcpView(server=server, mapped=mapped, rtt_ms=reply.exchange.rtt_ms, trouble=trouble)
