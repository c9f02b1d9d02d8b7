"""A control: the same port asked another way, or another port, to tell a closed port from a host that is down."""

import asyncio
import contextlib
from typing import Literal

import msgspec

from natprobe.address import Address
from natprobe.client.hold import Hold
from natprobe.client.line import Way, open_line
from natprobe.client.shared import Once
from natprobe.events import TransportName
from natprobe.net.refusal import ask_connected
from natprobe.net.sockets import tells_sockets
from natprobe.net.tcp import open_stream
from natprobe.net.trouble import Reason, Trouble
from natprobe.wire.message import Message, parse
from natprobe.wire.registry import Method
from natprobe.wire.session import Session
from natprobe.wire.transactions import Schedule

CONTROL_AFTER_S = 0.8
_OPEN_S = 1.75
"""Time for the SYN that systems send again after a second. With the second above it ends before the question does."""
NEIGHBOURS = (22, 80, 443)
"""Ports that most hosts have open."""
_SENDS = Schedule((0.0, 0.2, 0.6), 1.7)
_Plain = Literal["udp", "tcp", "tls"]
_CONTROLS: dict[TransportName, tuple[_Plain, ...]] = {
    "udp": ("tcp",),
    "dtls": ("tcp",),
    "tcp": ("udp", "tls"),
    "tls": ("udp", "tcp"),
}


class Control(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the port said over `transport`. UDP is asked beside UDP where only a connected socket hears of a refusal."""

    transport: _Plain
    outcome: str
    """answered (by STUN), open (TCP or TLS stands, and no STUN comes), or the trouble's reason: refused, silent …"""
    port: int | None = None
    """Where it is not the port in question that was asked, but another one of its host."""

    def __str__(self) -> str:
        where = "the same port" if self.port is None else f"port {self.port}"
        return f"{self.transport} to {where} is {self.outcome}"

    @property
    def alive(self) -> bool:
        """Whether anything at all came back from that host."""
        return self.outcome in {"answered", "open", "refused", "reset", "closed", "malformed"}


async def controls(
    transport: TransportName, address: Address, hold: Hold, doubt: asyncio.Event, once: Once
) -> tuple[Control, ...]:
    """What the port says over the plain transports beside `transport`, and what other ports of its host say.

    Asked on `doubt`, or after some silence. Run beside the question itself and cancelled where that is answered, so
    that both are decided together. Where only a connected socket hears that a UDP port is closed, that one asks at
    once: hosts limit how many ICMP errors they send, and the question's own packets would use up what there is (RFC
    1812 section 4.3.2.8).
    """
    if transport in {"udp", "dtls"} and not tells_sockets():
        connected, others = await asyncio.gather(
            _ask_connected(address, hold), _on_doubt(_CONTROLS[transport], address, hold, doubt, once)
        )
        return (connected, *others)
    return await _on_doubt(_CONTROLS[transport], address, hold, doubt, once)


async def _on_doubt(
    transports: tuple[_Plain, ...], address: Address, hold: Hold, doubt: asyncio.Event, once: Once
) -> tuple[Control, ...]:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CONTROL_AFTER_S):
            await doubt.wait()
    return await _host(transports, address, hold, once)


async def _host(transports: tuple[_Plain, ...], address: Address, hold: Hold, once: Once) -> tuple[Control, ...]:
    """The port over `transports`, and the common ports of its host: those once a run."""
    plain, common = await asyncio.gather(
        asyncio.gather(*(ask_plainly(each, address, hold) for each in transports)),
        once(("common ports", address.host), lambda: _common_ports(address.host, hold)),
    )
    return (*plain, *(control for control in common if control.port != address.port))


def within_tls(asked: tuple[Control, ...]) -> tuple[str, str] | None:
    """What a TCP port is that takes no STUN in the clear and speaks TLS: the finding, and a clause. Else None."""
    said = next((each.outcome for each in asked if each.transport == "tls"), None)
    if said == "answered":
        return "plain-vs-tls-swapped", "it answers STUN within TLS alone"
    return ("uri-wrong-service-port", "it speaks TLS, and no STUN within") if said == "open" else None


def beneath_tls(asked: tuple[Control, ...]) -> str | None:
    """What a port that is silent to a ClientHello says over TCP: answered, or open without a word; None: nothing."""
    said = next((each.outcome for each in asked if each.transport == "tcp" and each.port is None), None)
    return said if said in {"answered", "open"} else None


def told_beside(transport: str, asked: tuple[Control, ...]) -> str | None:
    """What ICMP told a connected socket of a port that is silent over UDP: refused, or unreachable. Else None."""
    if transport not in {"udp", "dtls"}:
        return None
    told = (each.outcome for each in asked if each.transport == "udp")
    return next((outcome for outcome in told if outcome in {Reason.REFUSED, Reason.UNREACHABLE}), None)


async def around(address: Address, hold: Hold, once: Once) -> tuple[Control, ...]:
    """What else the host of a silent TCP port says, asked after a second: UDP to that port, and ports that are common.

    Nothing is said on the connections. Run beside the question itself, as `controls` is.
    """
    await asyncio.sleep(CONTROL_AFTER_S)
    return await _host(("udp",), address, hold, once)


async def _common_ports(host: str, hold: Hold) -> tuple[Control, ...]:
    return tuple(await asyncio.gather(*(_knock(Address(host, port), hold) for port in NEIGHBOURS)))


async def _knock(address: Address, hold: Hold) -> Control:
    stream = await open_stream(address, hold.clock, timeout_s=_OPEN_S)
    if isinstance(stream, Trouble):
        return Control(transport="tcp", outcome=stream.reason, port=address.port)
    await stream.close()
    return Control(transport="tcp", outcome="open", port=address.port)


async def ask_plainly(transport: _Plain, address: Address, hold: Hold) -> Control:
    """Asks a Binding, whatever the certificate; decided within two seconds for each of opening and asking."""
    if transport == "udp" and not tells_sockets():
        return await _ask_connected(address, hold)
    try:
        async with asyncio.timeout(_OPEN_S):
            line = await open_line(Way(transport, address, address.host), hold.clock, hold.trace, hold.roots)
    except TimeoutError:
        return Control(transport=transport, outcome="silent")
    if isinstance(line, Trouble):
        return Control(transport=transport, outcome=line.reason)
    pump = asyncio.create_task(line.client.pump())
    try:
        reply = await line.client.ask(Session().compose(Method.BINDING), address, _SENDS)
    finally:
        pump.cancel()
        await line.client.endpoint.close()
    if reply.message is not None:
        return Control(transport=transport, outcome="answered")
    silent_but_open = transport == "tls" or (transport == "tcp" and reply.exchange.outcome == "silent")
    return Control(transport=transport, outcome="open" if silent_but_open else reply.exchange.outcome)


async def _ask_connected(address: Address, hold: Hold) -> Control:
    outgoing = Session().compose(Method.BINDING)
    said = await ask_connected(
        address, outgoing.data, hold.clock, hold.trace, sends_s=_SENDS.sends_s, give_up_s=_SENDS.give_up_s
    )
    if isinstance(said, Trouble):
        return Control(transport="udp", outcome=said.reason)
    message = parse(said.data)
    is_answer = isinstance(message, Message) and message.transaction_id == outgoing.transaction_id
    return Control(transport="udp", outcome="answered" if is_answer else "malformed")
