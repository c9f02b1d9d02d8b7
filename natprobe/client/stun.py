"""Asks one question at a time, or many at once, over one endpoint, and hands on what comes unasked."""

import asyncio
from collections.abc import Callable

import msgspec

from natprobe.address import Address
from natprobe.client.mailbox import Arrival, Mailbox, Via
from natprobe.net.clock import Clock
from natprobe.net.endpoint import Datagram, Endpoint
from natprobe.net.trouble import Reason, Trouble
from natprobe.wire.attributes import data as data_attribute
from natprobe.wire.attributes import xor_peer_address
from natprobe.wire.channel import ChannelData
from natprobe.wire.channel import decode as decode_channel_data
from natprobe.wire.message import Malformed, Message, parse
from natprobe.wire.parcel import token_of
from natprobe.wire.registry import MessageClass, Method
from natprobe.wire.session import Outgoing, disbelief
from natprobe.wire.transactions import RELIABLE, UNRELIABLE, Exchange, Schedule, Transaction

Listener = Callable[[Via, bytes, Address], None]
"""Hears what came unasked: how, the bytes, and who sent them."""

_AT_ONCE = 64
_FINAL = {Reason.CLOSED, Reason.RESET, Reason.TLS, Reason.MALFORMED}


class Reply(msgspec.Struct, frozen=True):
    """How a request ended: the evidence, and the answer where one was believed."""

    exchange: Exchange
    message: Message | None = None


class _Pending(msgspec.Struct):
    transaction: Transaction
    to: Address
    key: bytes | None
    ended: asyncio.Event


class StunClient:
    """One endpoint's requests and arrivals. `pump` must run for as long as it is used."""

    def __init__(self, endpoint: Endpoint, clock: Clock) -> None:
        self.endpoint = endpoint
        self.mailbox = Mailbox()
        self.channels: dict[int, Address] = {}
        """Channel numbers that are bound, and their peers (RFC 8656 section 12)."""
        self.malformed: list[str] = []
        """What was wrong with messages that answer nothing, a few of them."""
        self.rtt_s: float | None = None
        """The last round trip that was measured without doubt."""
        self.listener: Listener | None = None
        """Who else uses this endpoint: an ICE agent, to whom belongs what answers no question asked here."""
        self._clock = clock
        self._pending: dict[bytes, _Pending] = {}
        self._asked: set[bytes] = set()
        self._broken: Trouble | None = None

    @property
    def schedule(self) -> Schedule:
        """The schedule that suits this endpoint's transport and round trip."""
        reliable = self.endpoint.transport in {"tcp", "tls"}
        return RELIABLE if reliable else UNRELIABLE.stretched(self.rtt_s)

    async def ask(self, outgoing: Outgoing, to: Address, schedule: Schedule | None = None) -> Reply:
        """Sends `outgoing` until it is answered or given up. Trouble is told in the exchange, never raised."""
        now = self._clock.now()
        transaction = Transaction(outgoing.name, outgoing.data, outgoing.transaction_id, schedule or self.schedule, now)
        pending = _Pending(transaction, to, outgoing.key, asyncio.Event())
        if self._broken is not None:
            transaction.fail(self._broken.reason, self._broken.detail, now)
        self._pending[outgoing.transaction_id] = pending
        self._asked.add(outgoing.transaction_id)
        try:
            await self._until_ended(pending)
        finally:
            del self._pending[outgoing.transaction_id]
        exchange = transaction.exchange()
        if exchange.rtt_ms is not None:
            self.rtt_s = exchange.rtt_ms / 1000
        return Reply(exchange, transaction.answer)

    async def _until_ended(self, pending: _Pending) -> None:
        transaction = pending.transaction
        while not transaction.give_up(self._clock.now()):
            data = transaction.due(self._clock.now())
            if data is not None:
                self.endpoint.send(data, pending.to)
                continue
            try:
                async with asyncio.timeout(max(0.0, transaction.wake_at() - self._clock.now())):
                    await pending.ended.wait()
            except TimeoutError:
                continue

    async def pump(self) -> None:
        """Reads the endpoint until it breaks; runs as a task beside its user."""
        taken = 0
        while self._broken is None:
            arrived = await self.endpoint.receive()
            if isinstance(arrived, Trouble):
                self._suffer(arrived)
            else:
                self._take(arrived)
            taken += 1
            if taken % _AT_ONCE == 0:  # in a flood receive() never waits, and no deadline would be heard
                await asyncio.sleep(0)

    def _suffer(self, trouble: Trouble) -> None:
        if trouble.reason in _FINAL:
            self._broken = trouble
        for pending in self._pending.values():
            if trouble.reason in _FINAL or trouble.about in {None, pending.to}:
                pending.transaction.fail(trouble.reason, trouble.detail, self._clock.now())
                pending.ended.set()

    def _take(self, datagram: Datagram) -> None:
        channel = decode_channel_data(datagram.data)
        if isinstance(channel, ChannelData):
            peer = self.channels.get(channel.number)
            if peer is not None:
                self._deliver("channel-data", channel.data, peer, datagram.at)
            return
        message = parse(datagram.data)
        if self._is_for_listener(message):
            self._hand_on("direct", datagram.data, datagram.source)
        elif isinstance(message, Malformed):
            self._describe(message)
        elif message.cls == MessageClass.INDICATION:
            self._indicated(message, datagram)
        else:
            self._answered(message, datagram)

    def _is_for_listener(self, message: Message | Malformed) -> bool:
        """Whether an agent listens, and nobody here has asked for this, or awaits what a server passes on."""
        if self.listener is None:
            return False
        read = message.message if isinstance(message, Malformed) else message
        passed_on = read is not None and read.cls == MessageClass.INDICATION and read.method == Method.DATA
        return not passed_on and (read is None or read.transaction_id not in self._asked)

    def _hand_on(self, via: Via, data: bytes, source: Address) -> None:
        if self.listener is not None:
            self.listener(via, data, source)

    def _describe(self, malformed: Malformed) -> None:
        self._note(malformed.problem)
        pending = self._pending.get(malformed.message.transaction_id) if malformed.message else None
        if pending is not None:
            pending.transaction.discard(f"it is malformed: {malformed.problem}")

    def _note(self, problem: str) -> None:
        if len(self.malformed) < _KEPT_MALFORMED:
            self.malformed.append(problem)

    def _indicated(self, message: Message, datagram: Datagram) -> None:
        if message.method == Method.DATA:
            payload, peer = data_attribute(message), xor_peer_address(message)
            if payload is not None and peer is not None:
                self._deliver("data-indication", payload, peer, datagram.at)
        elif message.method == Method.BINDING:
            self._deliver("direct", datagram.data, datagram.source, datagram.at)

    def _deliver(self, via: Via, payload: bytes, source: Address, at_s: float) -> None:
        self._hand_on(via, payload, source)
        token = token_of(payload)
        if token is not None:
            self.mailbox.deliver(token, Arrival(via=via, source=source, at_s=at_s))

    def _answered(self, message: Message, datagram: Datagram) -> None:
        if message.cls == MessageClass.REQUEST:
            return
        if message.transaction_id not in self._asked:
            self._note("it carries a transaction id that was never asked")
        pending = self._pending.get(message.transaction_id)
        if pending is None:
            return
        why = disbelief(message, pending.key)
        if why is not None:
            pending.transaction.discard(why)
            return
        source = datagram.source if datagram.source != pending.to else None
        pending.transaction.receive(message, datagram.at, source)
        pending.ended.set()


_KEPT_MALFORMED = 8
