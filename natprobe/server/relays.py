"""Which sockets stand behind the relayed transport addresses? Opened, used and closed as the core says."""

import asyncio
import contextlib
import socket
from collections.abc import Callable

from natprobe.address import Address
from natprobe.server.core import ServerCore
from natprobe.server.effects import Effects, OpenRelay, RelayOut
from natprobe.server.protocols import Datagrams
from natprobe.server.sockets import bind_relay


class Relays:
    """The open relays of one core; what it wants done about their datagrams goes to `do`."""

    def __init__(self, core: ServerCore, do: Callable[[Effects], None]) -> None:
        self._core = core
        self._do = do
        self._loop = asyncio.get_running_loop()
        self._open: dict[int, asyncio.DatagramTransport] = {}
        self._detours: dict[int, socket.socket] = {}
        self._opening: set[asyncio.Task[None]] = set()

    def start_opening(self, effect: OpenRelay) -> None:
        """Opens a relay; the core is told when it is open."""
        task = self._loop.create_task(self._open_one(effect))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    def send(self, effect: RelayOut) -> None:
        """Sends a datagram from a relay, or from the detour that stands for a port that is rewritten on the way."""
        relay = self._open.get(effect.relay)
        if relay is None:
            return
        to = (effect.peer.host, effect.peer.port)
        if not effect.detour:
            relay.sendto(effect.data, to)
            return
        with contextlib.suppress(OSError):
            self._detour(effect.relay, relay.get_extra_info("sockname")[0]).sendto(effect.data, to)

    def close(self, relay: int) -> None:
        """Closes one relay."""
        transport, detour = self._open.pop(relay, None), self._detours.pop(relay, None)
        if transport is not None:
            transport.abort()
        if detour is not None:
            detour.close()

    async def close_all(self) -> None:
        """Closes all of them, also those that are just being opened."""
        for task in self._opening:
            task.cancel()
        await asyncio.gather(*self._opening, return_exceptions=True)
        for relay in tuple(self._open):
            self.close(relay)

    def _detour(self, relay: int, host: str) -> socket.socket:
        if relay not in self._detours:
            self._detours[relay] = bind_relay(host, even=False)
        return self._detours[relay]

    async def _open_one(self, effect: OpenRelay) -> None:
        def receive(data: bytes, peer: Address) -> None:
            self._do(self._core.relay_received(effect.relay, data, peer, self._loop.time()))

        try:
            sock = bind_relay(effect.host, even=effect.even)
        except OSError:
            self._do(self._core.relay_failed(effect.relay))
            return
        with contextlib.ExitStack() as stack:
            stack.enter_context(sock)
            self._open[effect.relay], _ = await self._loop.create_datagram_endpoint(
                lambda: Datagrams(receive), sock=sock
            )
            stack.pop_all()
        relayed = Address(*sock.getsockname()[:2])
        self._do(self._core.relay_opened(effect.relay, relayed, self._loop.time()))
