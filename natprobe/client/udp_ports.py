"""Asks UDP ports: something answers, ICMP says no, or nothing comes back, which is open or filtered.

One socket asks every port, so that each answer and each ICMP error is told by whom, or about which port, it came. A
port is asked several times, in each protocol that fits it. Hosts limit how many ICMP errors they send (Linux: some six
at once, then one a second), so of many closed ports most are silent.
"""

import asyncio
from dataclasses import dataclass, field

from natprobe.address import Address
from natprobe.client.hold import Hold
from natprobe.client.ports import PortAnswer, word_of
from natprobe.net.trouble import Reason, Trouble
from natprobe.net.udp import UdpEndpoint, open_udp
from natprobe.wire.greetings import shown
from natprobe.wire.knocks import NAMES, kinds, question, recognised

SENDS_S = (0.0, 0.3, 0.9, 1.7)
LISTENS_S = 2.7
"""From the first question on."""


@dataclass(slots=True)
class UdpAsker:
    """One socket, and who waits for which port."""

    hold: Hold
    host: str
    endpoint: UdpEndpoint
    waiting: dict[int, "asyncio.Future[PortAnswer]"] = field(default_factory=dict)
    asked_s: dict[int, float] = field(default_factory=dict)

    async def ask(self, port: int) -> PortAnswer:
        """Asks one port until it answers or has been silent long enough."""
        heard: asyncio.Future[PortAnswer] = asyncio.get_running_loop().create_future()
        self.waiting[port] = heard
        began = self.asked_s[port] = self.hold.clock.now()
        sends = 0
        try:
            for at_s in (*SENDS_S, LISTENS_S):
                if await self._heard(heard, began + at_s):
                    return heard.result()
                if at_s < LISTENS_S:
                    sends += self._send(port)
        finally:
            del self.waiting[port]
        return PortAnswer(port=port, word="silent", sends=sends, waited_ms=LISTENS_S * 1000)

    async def _heard(self, heard: "asyncio.Future[PortAnswer]", until_s: float) -> bool:
        await asyncio.wait([heard], timeout=max(0.0, until_s - self.hold.clock.now()))
        return heard.done()

    def _send(self, port: int) -> int:
        for kind in kinds(port):
            self.endpoint.send(question(kind).data, Address(self.host, port))
        return 1

    async def pump(self) -> None:
        """Hands each arrival to whoever waits for it, until the socket is closed."""
        while self.endpoint.ended is None:
            arrival = await self.endpoint.receive()
            if isinstance(arrival, Trouble):
                self._trouble(arrival)
            elif arrival.source.host == self.host:
                self._answer(arrival.source.port, arrival.data, arrival.at)

    def _answer(self, port: int, data: bytes, at: float) -> None:
        kind = recognised(data)
        rtt_ms = round((at - self.asked_s.get(port, at)) * 1000, 3)
        service, says = (NAMES[kind], None) if kind else (None, shown(data) or None)
        self._tell(PortAnswer(port=port, word="open", rtt_ms=rtt_ms, service=service, says=says))

    def _trouble(self, trouble: Trouble) -> None:
        if trouble.reason is Reason.TOO_BIG or trouble.about is None:
            return
        word = word_of(trouble, "udp")
        self._tell(PortAnswer(port=trouble.about.port, word=word, detail=trouble.detail))

    def _tell(self, answer: PortAnswer) -> None:
        heard = self.waiting.get(answer.port)
        if heard is not None and not heard.done():
            heard.set_result(answer)


def open_asker(hold: Hold, address: Address) -> UdpAsker | Trouble:
    """A socket towards `address`, whose pump runs until the cell is closed."""
    endpoint = open_udp(hold.clock, hold.trace, family=address.family, remote=address)
    if isinstance(endpoint, Trouble):
        return endpoint
    asker = UdpAsker(hold, address.host, endpoint)
    pump = hold.tasks.create_task(asker.pump())
    hold.closing.push_async_callback(endpoint.close)
    hold.closing.callback(pump.cancel)
    return asker
