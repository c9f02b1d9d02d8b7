"""Who carries the server's bytes? The shell around ServerCore: `async with serve(config) as server`.

Sockets are opened here, and not in `natprobe.net`, because that room is a client's: it dials, tells every trouble as
data and keeps the kernel's ICMP errors as evidence. A server accepts strangers, answers from the address that was
asked, and opens a socket for each relay; and what it suffers is nobody's evidence. Probes can't reach this room.
"""

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator

import msgspec

from natprobe.address import Address
from natprobe.server.config import ServerConfig
from natprobe.server.core import ServerCore
from natprobe.server.faults import Fault
from natprobe.server.shell import Shell
from natprobe.server.sockets import bind_all, present


class ServerError(Exception):
    """The server could not listen; one line says why."""


class LiveAllocation(msgspec.Struct, frozen=True):
    """An allocation as tests and people see it."""

    transport: str
    client: Address
    relayed: Address
    username: str
    permissions: tuple[str, ...]
    channels: tuple[int, ...]


class Server:
    """A running server."""

    def __init__(self, shell: Shell, core: ServerCore, limits: tuple[str, ...]) -> None:
        self.limits = limits
        """What this machine does not let it do, a sentence each."""
        self.addresses = tuple(address for grid in shell.grids for address in grid.addresses)
        """Where it listens over UDP and TCP, the primary address first."""
        self.tls_addresses = shell.tls_addresses
        """Where it listens over TLS."""
        self._shell = shell
        self._core = core

    @property
    def address(self) -> Address:
        """The primary address."""
        return self.addresses[0]

    @property
    def uris(self) -> tuple[str, ...]:
        """How a client is told of it."""
        secure = tuple(f"turns:{address}?transport=tcp" for address in self.tls_addresses[:1])
        plain = ("stun:{}", "turn:{}?transport=udp", "turn:{}?transport=tcp")
        return (*(uri.format(self.address) for uri in plain), *secure)

    @property
    def allocations(self) -> tuple[LiveAllocation, ...]:
        """The live ones."""
        return tuple(
            LiveAllocation(
                transport=each.five_tuple.transport,
                client=each.five_tuple.client,
                relayed=each.relayed,
                username=each.username,
                permissions=tuple(each.permissions),
                channels=tuple(each.channels),
            )
            for each in self._core.allocations
            if each.relayed is not None
        )

    @property
    def connections(self) -> int:
        """How many TCP and TLS connections are open."""
        return self._shell.connections

    def fail(self, fault: Fault, times: int | None = None) -> None:
        """From now on, fail like this: `times` times, or as often as the fault itself says."""
        self._core.faults.add(fault if times is None else msgspec.structs.replace(fault, times=times))

    def mend(self) -> None:
        """From now on, do not fail."""
        self._core.faults.clear()


@contextlib.asynccontextmanager
async def serve(config: ServerConfig, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    """A server that listens when the block begins, and has closed everything when it ends.

    Raises ServerError where it cannot listen. TLS is offered where a context is given, on a port of its own.
    """
    try:
        hosts = present(config.hosts)
        if not hosts:
            raise ServerError(f"this machine has none of the addresses {', '.join(config.hosts)}")
        bound = bind_all(hosts, config.port, tls=tls is not None)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise ServerError(f"cannot listen on port {config.port or 'any'}: {why}") from None
    core = ServerCore(config, bound.grids, epoch_s=time.time() - asyncio.get_running_loop().time())
    async with Shell(core, bound, config, tls) as shell:
        yield Server(shell, core, _limits(config.hosts, hosts))


def _limits(wanted: tuple[str, ...], hosts: tuple[str, ...]) -> tuple[str, ...]:
    said = [f"this machine has no address {host}" for host in wanted if host not in hosts]
    if sum(":" not in host for host in hosts) < 2:
        said.append("NAT behaviour cannot be discovered (RFC 5780): that takes two IPv4 addresses")
    return tuple(said)
