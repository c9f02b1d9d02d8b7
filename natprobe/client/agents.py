"""An ICE agent on sockets and relays of our own (RFC 8445). The one module that knows aioice.

Theory of operation. aioice has the state machine: pairs, checks, roles, nomination. What it lacks or hides is put in
its place here: candidates come from our gathering, and packets leave through its `Port`s; a check is asked again at an
even pace for as long as the agent lives, where aioice would wait up to half a minute in between, while the other end's
user pastes a line; everything is counted. What comes from the network is read by our own parser first, since
structured garbage makes aioice's raise; the pairs are limited to RFC 8445's hundred, and what waits is bounded.
"""

import asyncio
import contextlib
import struct
from collections.abc import Iterable
from typing import Any

import aioice
import msgspec
from aioice.ice import CandidatePair, StunProtocol
from aioice.stun import Class, TransactionError, TransactionTimeout
from aioice.stun import Message as TheirMessage

from natprobe.address import Address
from natprobe.client.call import Checks, Flow, Pair, Quality
from natprobe.client.description import Offered, offered
from natprobe.client.jitter import Jitter
from natprobe.client.outlets import Port
from natprobe.credential import Secret
from natprobe.net.clock import Clock
from natprobe.wire.attributes import error_code
from natprobe.wire.message import Message, parse
from natprobe.wire.registry import MessageClass

MOST_PAIRS = 100
"""RFC 8445 section 6.1.2.5. Two NATs that let all in and change ports bring about new pairs without end."""
_MOST_NAMES = 8
_MOST_WAITING = 512
_REPEATS = 1
"""Of one transaction, after half a second; after a second more the next one follows."""
_BRISK, _SLOW_S = 7, 5.0
"""After so many transactions (10 s) the others follow this slowly until the other end is heard of: often enough for a
NAT's binding, and too seldom to trouble a stranger whose address somebody wrote into a line (RFC 8445 section 19.5.1).
"""
_DIRECT_S, _DIRECT_PAIRS = 2.0, 16
_PINGS, _PING_GAP_S = 25, 0.04
_CLOSE_S = 0.5
_GARBAGE = (struct.error, ValueError, KeyError, IndexError, TypeError, AssertionError, OverflowError)
"""What aioice raises at messages that are well-formed STUN, and nothing that ICE would send."""


class _Count(msgspec.Struct):
    """The checks of one pair."""

    sent: int = 0
    answered: int = 0
    rtt_ms: float | None = None


class _Transport:
    """What aioice takes for its socket."""

    def __init__(self, protocol: "_Protocol", port: Port) -> None:
        self._protocol, self._port = protocol, port

    def sendto(self, data: bytes, to: tuple[str, int]) -> None:
        self._port.send(data, Address(to[0], to[1]))

    def close(self) -> None:
        self._port.listen(None)
        self._protocol.connection_lost(None)


class _Protocol(StunProtocol):
    """aioice's view of one port. It asks at an even pace, and counts."""

    def __init__(self, connection: "_Connection", port: Port) -> None:
        super().__init__(connection)
        self.connection = connection
        self.port = port
        self.local_candidate = _theirs(offered(port.candidate))
        self.counts: dict[tuple[str, int], _Count] = {}
        self._asking: dict[tuple[str, int], TheirMessage] = {}
        self.connection_made(_Transport(self, port))  # type: ignore[arg-type]
        port.listen(self._heard)

    async def request(
        self,
        request: TheirMessage,
        addr: tuple[str, int],
        integrity_key: bytes | None = None,
        retransmissions: int | None = None,
    ) -> tuple[TheirMessage, tuple[str, int]]:
        """See aioice: one transaction after the other, until one is answered or the caller is cancelled."""
        asked = 0
        while True:
            attributes = dict(request.attributes)
            fresh = TheirMessage(request.message_method, request.message_class, attributes=attributes)
            try:
                return await self._once(fresh, addr, integrity_key, retransmissions)
            except TransactionTimeout:
                if retransmissions is not None:
                    raise
            asked += 1
            if asked >= _BRISK:
                await self.connection.unless_heard(_SLOW_S)

    async def _once(
        self, request: TheirMessage, addr: tuple[str, int], key: bytes | None, retransmissions: int | None
    ) -> tuple[TheirMessage, tuple[str, int]]:
        count = self.counts.setdefault(addr, _Count())
        before, began = count.sent, self.connection.clock.now_ms()
        self._asking[addr] = request
        try:
            repeats = _REPEATS if retransmissions is None else retransmissions
            answer = await super().request(request, addr, key, repeats)
        finally:
            self._asking.pop(addr, None)
        count.answered += 1
        if count.sent == before + 1:  # Karn: else the answer may be that to another send
            count.rtt_ms = round(self.connection.clock.now_ms() - began, 3)
        return answer

    def send_stun(self, message: TheirMessage, addr: tuple[str, int]) -> None:
        """See aioice."""
        if message.message_class == Class.REQUEST:
            self.counts.setdefault(addr, _Count()).sent += 1
        super().send_stun(message, addr)

    def nudge(self, addr: tuple[str, int]) -> None:
        """Sends again what is being asked there (RFC 8445 section 7.3.1.4's triggered check of a pair in progress)."""
        if addr in self._asking:
            self.send_stun(self._asking[addr], addr)

    def _heard(self, data: bytes, source: Address) -> None:
        message = parse(data)
        at = (source.host, source.port)
        if not isinstance(message, Message):
            if data and data[0] > 3:  # RFC 7983 section 7: no STUN that is merely broken
                self.connection.take(data, at)
            return
        if message.cls == MessageClass.ERROR and message.transaction_id in self.transactions:
            self.connection.refused(error_code(message))
        with contextlib.suppress(*_GARBAGE):
            super().datagram_received(data, at)


class _Connection(aioice.Connection):
    """aioice's agent on our ports."""

    def __init__(self, ports: Iterable[Port], told: Iterable[Offered], clock: Clock, *, controlling: bool) -> None:
        super().__init__(ice_controlling=controlling)
        self.clock = clock
        self.ports, self.told = tuple(ports), tuple(told)
        self.checks = Checks()
        self.heard = asyncio.Event()
        """The other end has sent a check with the right credentials."""
        self.heard_ms = 0.0
        self.seen: dict[int, CandidatePair] = {}
        self.trials: list[_Protocol] = []

    async def get_component_candidates(
        self,
        component: int,  # noqa: ARG002
        addresses: list[str],  # noqa: ARG002
        timeout: int = 5,  # noqa: ARG002
    ) -> list[aioice.Candidate]:
        """See aioice: what was gathered already."""
        self.trials = [_Protocol(self, port) for port in self.ports]
        self._protocols += self.trials
        return [_theirs(each) for each in self.told]

    def check_state(self, pair: CandidatePair, state: CandidatePair.State) -> None:
        """See aioice: called whenever a pair's state changes."""
        super().check_state(pair, state)
        self.seen[id(pair)] = pair

    def check_incoming(self, message: TheirMessage, addr: tuple[str, int], protocol: StunProtocol) -> None:
        """See aioice: a check that bears the right credentials."""
        if "PRIORITY" not in message.attributes:  # RFC 8445 section 7.1.1: it must be there, and aioice counts on it
            return
        self._count("received")
        if not self.heard.is_set():
            self.heard_ms = self.clock.now_ms()
            self.heard.set()
        if len(self._check_list) >= MOST_PAIRS and addr not in {pair.remote_addr for pair in self._check_list}:
            return
        super().check_incoming(message, addr, protocol)
        if isinstance(protocol, _Protocol):
            protocol.nudge(addr)

    def respond_error(
        self, request: TheirMessage, addr: tuple[str, int], protocol: StunProtocol, error_code: tuple[int, str]
    ) -> None:
        """See aioice."""
        if error_code[0] == 401:
            self._count("strange")
        super().respond_error(request, addr, protocol, error_code)

    def refused(self, error: Any) -> None:
        """A check of ours was answered with an error."""
        kind = {401: "refused", 487: "conflicts"}.get(error.code if error else 0)
        if kind:
            self._count(kind)

    def take(self, data: bytes, source: tuple[str, int]) -> None:
        """Data of the other end: of a stranger's nothing is kept, and not more than fits."""
        if self._queue.qsize() < _MOST_WAITING and any(
            (each._network_host, each.port) == source  # noqa: SLF001  aioice shows no address of a resolved name
            for each in self._remote_candidates
        ):
            self.data_received(data, 1)

    @property
    def nominated(self) -> CandidatePair | None:
        """The selected pair."""
        return self._nominated.get(1)

    async def ask(self, pair: CandidatePair, retransmissions: int | None = None) -> None:
        """One check that nominates nothing. Raises TransactionError where `retransmissions` bound it."""
        request = self.build_request(pair, nominate=False)
        key = (self.remote_password or "").encode()
        await pair.protocol.request(request, pair.remote_addr, key, retransmissions)

    async def unless_heard(self, for_s: float) -> None:
        """Waits so long, or until the other end is heard of."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(for_s):
                await self.heard.wait()

    def _count(self, name: str) -> None:
        self.checks = msgspec.structs.replace(self.checks, **{name: getattr(self.checks, name) + 1})


class Agent:
    """One end of a call. It connects once, and must be closed."""

    def __init__(self, ports: Iterable[Port], told: Iterable[Offered], clock: Clock, *, controlling: bool) -> None:
        self.names: list[str] = []
        """The other end's .local names that are not resolved."""
        self._ice = _Connection(ports, told, clock, controlling=controlling)
        self._clock = clock

    async def open(self) -> tuple[str, Secret]:
        """Listens on its ports. Returns the user name fragment and password that the other end needs."""
        await self._ice.gather_candidates()
        return self._ice.local_username, Secret(self._ice.local_password)

    @property
    def controlling(self) -> bool:
        """Its role as it is now: a conflict may have changed it."""
        return self._ice.ice_controlling

    def meet(self, ufrag: str, password: Secret, *, lite: bool = False) -> None:
        """Takes the other end's credentials."""
        self._ice.remote_username, self._ice.remote_password = ufrag, password.reveal()
        self._ice.remote_is_lite = lite

    async def add(self, candidate: Offered) -> None:
        """One more candidate of the other end; a .local name is looked for on this link for a second."""
        if not candidate.is_name:
            await self._ice.add_remote_candidate(_theirs(candidate))
            return
        if len(self.names) >= _MOST_NAMES:
            return
        self.names.append(candidate.host)
        with contextlib.suppress(OSError):  # no multicast here, or its port is taken
            await self._ice.add_remote_candidate(_theirs(candidate))
        if any(each.host == candidate.host for each in self._ice.remote_candidates):
            self.names.remove(candidate.host)

    async def add_no_more(self) -> None:
        """The other end has told all of its candidates."""
        await self._ice.add_remote_candidate(None)

    async def connect(self, limit_s: float, patience_s: float = 0.0) -> tuple[float, str | None]:
        """Checks until a pair is nominated. Returns for how many ms, and why there is none.

        For `limit_s` after the other end is heard of, which may take `patience_s`; then the ms count from that.
        """
        began = self._clock.now_ms()
        trouble: str | None = None
        try:
            async with asyncio.timeout(max(limit_s, patience_s)) as timer:
                hurry = asyncio.create_task(self._hurry(timer, limit_s))
                try:
                    await self._ice.connect()
                finally:
                    hurry.cancel()
        except TimeoutError:
            trouble = "no pair was nominated"
        except ConnectionError as error:
            trouble = str(error) or "every pair failed"
        since = self._ice.heard_ms if patience_s > limit_s and self._ice.heard.is_set() else began
        return round(self._clock.now_ms() - since, 3), trouble

    async def _hurry(self, timer: asyncio.Timeout, limit_s: float) -> None:
        await self._ice.heard.wait()
        until = asyncio.get_running_loop().time() + limit_s
        timer.reschedule(min(until, timer.when() or until))

    async def send(self, data: bytes) -> None:
        """See Wire."""
        await self._ice.send(data)

    async def receive(self) -> bytes:
        """See Wire."""
        return await self._ice.recv()

    async def refute_direct(self) -> bool:
        """Asks every direct pair for two seconds more; whether none of them has ever answered."""
        direct = [pair for pair in self._ice.seen.values() if not _pair(pair).relayed]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_DIRECT_S):
                asked = (self._ice.ask(pair) for pair in direct[:_DIRECT_PAIRS])
                await asyncio.gather(*asked, return_exceptions=True)
        return not any(_pair(pair).answered for pair in direct)

    async def ping(self) -> Quality:
        """What Binding requests over the selected pair show, for an end that takes no data of ours."""
        pair = self._ice.nominated
        if pair is None:
            return Quality(by="checks")
        jitter, trips = Jitter(), list[float]()
        tasks = []
        for _ in range(_PINGS):
            tasks.append(asyncio.create_task(self._ping(pair, jitter, trips)))
            await asyncio.sleep(_PING_GAP_S)
        await asyncio.gather(*tasks, return_exceptions=True)
        flow = Flow(sent=_PINGS, arrived=len(trips), jitter_ms=jitter.ms)
        return Quality(by="checks", outward=flow, rtt_ms=round(sorted(trips)[len(trips) // 2], 3) if trips else None)

    async def _ping(self, pair: CandidatePair, jitter: Jitter, trips: list[float]) -> None:
        began = self._clock.now_ms()
        with contextlib.suppress(TransactionError):
            await self._ice.ask(pair, 0)
            now = self._clock.now_ms()
            trips.append(now - began)
            jitter.arrived(began, now)

    async def close(self) -> None:
        """Ends all checks and lets go of its ports, which stay open."""
        with contextlib.suppress(TimeoutError, ConnectionError, OSError):
            async with asyncio.timeout(_CLOSE_S):
                await self._ice.close()

    def selected(self) -> Pair | None:
        """The nominated pair."""
        return None if self._ice.nominated is None else _pair(self._ice.nominated)

    def pairs(self) -> tuple[Pair, ...]:
        """Every pair that a check was made for, in the order of priority."""
        ordered = {id(pair): pair for pair in self._ice._check_list} | self._ice.seen  # noqa: SLF001
        return tuple(_pair(pair) for pair in ordered.values())[:MOST_PAIRS]

    def checks(self) -> Checks:
        """What was sent, and what came back."""
        counts = [count for protocol in self._ice.trials for count in protocol.counts.values()]
        sent, answered = sum(count.sent for count in counts), sum(count.answered for count in counts)
        return msgspec.structs.replace(self._ice.checks, sent=sent, answered=answered)

    def remote_types(self) -> tuple[str, ...]:
        """The types of the other end's candidates, those included that its checks came from."""
        return tuple(sorted(each.type for each in self._ice.remote_candidates))


def _pair(pair: CandidatePair) -> Pair:
    protocol = pair.protocol
    count = protocol.counts.get(pair.remote_addr, _Count()) if isinstance(protocol, _Protocol) else _Count()
    return Pair(
        local=Address(*pair.local_addr[:2]),
        local_type=pair.local_candidate.type,
        remote=Address(*pair.remote_addr[:2]),
        remote_type=pair.remote_candidate.type,
        state=pair.state.name.lower().replace("_", "-"),
        relay_protocol=protocol.port.candidate.relay_protocol if isinstance(protocol, _Protocol) else None,
        sent=count.sent,
        answered=count.answered,
        rtt_ms=count.rtt_ms,
    )


def _theirs(candidate: Offered) -> aioice.Candidate:
    return aioice.Candidate(
        foundation=candidate.foundation,
        component=1,
        transport="udp",
        priority=candidate.priority,
        host=candidate.host,
        port=candidate.port,
        type=candidate.type,
    )
