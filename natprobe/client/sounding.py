"""Asks the same question again and again, each time with a transaction id of its own, and counts what comes back.

A request that is retransmitted under one id cannot tell how many copies were lost, and its round trip is ambiguous
(Karn). Here every send is told apart, so one inquiry is at once a question and a measurement of the path. An answer
counts only from the address that it must come from; one from elsewhere is kept as a stray.
"""

import asyncio
import contextlib
import itertools
import secrets
from collections.abc import Callable

import msgspec

from natprobe.address import Address
from natprobe.client.hold import Hold
from natprobe.client.mailbox import Arrival, Mailbox
from natprobe.net.clock import Clock
from natprobe.net.endpoint import Datagram, Endpoint
from natprobe.net.trouble import Reason, Trouble
from natprobe.net.udp import open_udp
from natprobe.wire.attributes import (
    alternate_server,
    changed_address,
    error_code,
    mapped_address,
    other_address,
    xor_mapped_address,
)
from natprobe.wire.behaviour import Tally
from natprobe.wire.integrity import Integrity, verify_fingerprint
from natprobe.wire.message import Malformed, Message, build, parse
from natprobe.wire.parcel import token_of
from natprobe.wire.registry import MessageClass, Method

_KEPT = 32
_STEP_S = 0.1
_GONE = {Reason.CLOSED, Reason.LOCAL}


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A Binding request, where it goes, and where its answer must come from."""

    name: str
    to: Address
    expected: Address
    attributes: tuple[tuple[int, bytes], ...] = ()


class Echo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One answer to one send."""

    send: int
    """Which of the sends it answers, counted from 0."""
    at_ms: float
    rtt_ms: float
    source: Address
    mapped: Address | None = None
    """XOR-MAPPED-ADDRESS, or MAPPED-ADDRESS where a server knows RFC 3489 alone."""
    plain_mapped: Address | None = None
    other: Address | None = None
    """OTHER-ADDRESS, or RFC 3489's CHANGED-ADDRESS."""
    code: int | None = None
    """The code of an error response."""
    tampered: bool = False
    """Whether its FINGERPRINT is wrong: a gateway that rewrites addresses in payloads breaks it."""
    alternate: Address | None = None


class Sounding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The evidence of one question. Times are milliseconds since the run's start."""

    question: str
    local: Address
    to: Address
    expected: Address
    sends_ms: tuple[float, ...]
    waited_ms: float
    """From the first send until it was given up, or until this was written down."""
    echoes: tuple[Echo, ...] = ()
    strays: tuple[Echo, ...] = ()
    """Answers that came from another address than they must."""
    troubles: tuple[Trouble, ...] = ()

    @property
    def arrived(self) -> bool:
        """Whether a success response came from where it must come from."""
        return any(echo.code is None for echo in self.echoes)

    @property
    def mapped(self) -> Address | None:
        """The mapped address that was told first."""
        return next((echo.mapped for echo in self.echoes if echo.mapped), None)

    @property
    def code(self) -> int | None:
        """The error code, where an error is all that came."""
        codes = [echo.code for echo in (*self.echoes, *self.strays) if echo.code is not None]
        return codes[0] if codes and not self.arrived else None

    @property
    def tally(self) -> Tally:
        """How many of its sends were answered, from wherever."""
        answered = {echo.send for echo in (*self.echoes, *self.strays)}
        return Tally(len(self.sends_ms), len(answered))

    @property
    def slowest_ms(self) -> float:
        """The longest round trip seen."""
        return max((echo.rtt_ms for echo in (*self.echoes, *self.strays)), default=0.0)


class Inquiry:
    """A question on its way. Send it as often as need be; `sounding` writes down how it stands."""

    def __init__(self, sounder: "Sounder", question: Question, sender: "Sounder") -> None:
        self.question = question
        self.heard = asyncio.Event()
        """Set when an answer came from where it must come from."""
        self._sounder = sounder
        self._sender = sender
        self._sends: list[float] = []
        self._echoes: list[Echo] = []
        self._strays: list[Echo] = []
        self._troubles: list[Trouble] = []

    @property
    def sends(self) -> int:
        """How often it was sent."""
        return len(self._sends)

    @property
    def hopeless(self) -> bool:
        """Whether the network has said twice that it does not deliver, or this host that it does not send."""
        local = {Reason.NO_ROUTE, Reason.NOT_PERMITTED}
        return len(self._troubles) > 1 or any(trouble.reason in local for trouble in self._troubles)

    def send(self) -> None:
        """Sends it once more, under a new transaction id."""
        self._sends.append(self._sounder.clock.now())
        data = self._sounder.expect(self, len(self._sends) - 1)
        self._sender.send(data, self.question.to)

    def sounding(self) -> Sounding:
        """The evidence so far."""
        began_ms = self._sends[0] * 1000 if self._sends else self._sounder.clock.now_ms()
        return Sounding(
            question=self.question.name,
            local=self._sounder.local,
            to=self.question.to,
            expected=self.question.expected,
            sends_ms=tuple(round(sent * 1000, 3) for sent in self._sends),
            waited_ms=round(self._sounder.clock.now_ms() - began_ms, 3),
            echoes=tuple(self._echoes),
            strays=tuple(self._strays),
            troubles=tuple(self._troubles),
        )

    def take(self, message: Message, datagram: Datagram, send: int) -> None:
        """Takes an answer to send number `send`."""
        error = error_code(message) if message.cls == MessageClass.ERROR else None
        plain = mapped_address(message)
        echo = Echo(
            send=send,
            at_ms=round(datagram.at * 1000, 3),
            rtt_ms=round((datagram.at - self._sends[send]) * 1000, 3),
            source=datagram.source,
            mapped=xor_mapped_address(message) or plain,
            plain_mapped=plain,
            other=other_address(message) or changed_address(message),
            code=(error.code if error else 0) if message.cls == MessageClass.ERROR else None,
            tampered=verify_fingerprint(message) is Integrity.WRONG,
            alternate=alternate_server(message),
        )
        kept = self._echoes if datagram.source == self.question.expected else self._strays
        if len(kept) < _KEPT:
            kept.append(echo)
        if kept is self._echoes:
            self.heard.set()

    def suffer(self, trouble: Trouble) -> None:
        """Takes an error that is about its destination."""
        if len(self._troubles) < _KEPT:
            self._troubles.append(trouble)


class Sounder:
    """One UDP socket that asks. `pump` must run for as long as it is used."""

    def __init__(self, endpoint: Endpoint, clock: Clock) -> None:
        self.clock = clock
        self.mailbox = Mailbox()
        """Where parcels arrive (see `natprobe.wire.parcel`)."""
        self.changed = asyncio.Event()
        """Set with every arrival; whoever waits for it clears it first."""
        self.broken: Trouble | None = None
        self._endpoint = endpoint
        self._asked: dict[bytes, tuple[Inquiry, int]] = {}

    @property
    def local(self) -> Address:
        """Where it sends from."""
        return self._endpoint.local

    def ask(self, question: Question, sender: "Sounder | None" = None) -> Inquiry:
        """A new inquiry; nothing is sent yet. With `sender` that socket asks, and the answer must come to this one."""
        return Inquiry(self, question, sender or self)

    def send(self, data: bytes, to: Address) -> None:
        """Sends `data` as it is."""
        self._endpoint.send(data, to)

    def expect(self, inquiry: Inquiry, send: int) -> bytes:
        """The bytes of the next send of `inquiry`, whose answer is awaited here; called by the inquiry alone."""
        transaction_id = secrets.token_bytes(12)
        self._asked[transaction_id] = inquiry, send
        return build(Method.BINDING, MessageClass.REQUEST, transaction_id, inquiry.question.attributes)

    async def pump(self) -> None:
        """Reads the socket until it is closed; runs as a task beside its user."""
        while self.broken is None:
            arrived = await self._endpoint.receive()
            if isinstance(arrived, Trouble):
                self._suffer(arrived)
            else:
                self._take(arrived)
            self.changed.set()

    def _suffer(self, trouble: Trouble) -> None:
        if trouble.reason is Reason.CLOSED:
            self.broken = trouble
        inquiries = dict.fromkeys(inquiry for inquiry, _ in self._asked.values())
        for inquiry in inquiries:
            if trouble.about in {None, inquiry.question.to} or trouble.reason in _GONE:
                inquiry.suffer(trouble)

    def _take(self, datagram: Datagram) -> None:
        token = token_of(datagram.data)
        if token is not None:
            self.mailbox.deliver(token, Arrival(via="direct", source=datagram.source, at_s=datagram.at))
            return
        message = parse(datagram.data)
        if isinstance(message, Malformed) or message.cls not in {MessageClass.SUCCESS, MessageClass.ERROR}:
            return
        inquiry, send = self._asked.get(message.transaction_id, (None, 0))
        if (
            inquiry is not None
        ):  # the id proves who answers; a wrong FINGERPRINT is evidence here, and no reason to drop
            inquiry.take(message, datagram, send)


def open_sounder(
    hold: Hold, towards: Address, source: Address | None = None, *, ttl: int | None = None
) -> Sounder | Trouble:
    """A socket on a fresh port, bound to `source`, or to the address that routing picks to get to `towards`.

    `ttl` limits how many routers its packets pass.
    """
    endpoint = open_udp(hold.clock, hold.trace, family=towards.family, local=source, remote=towards)
    if isinstance(endpoint, Trouble):
        return endpoint
    if ttl is not None:
        endpoint.ttl = ttl
    sounder = Sounder(endpoint, hold.clock)
    hold.closing.push_async_callback(endpoint.close)
    hold.closing.callback(hold.tasks.create_task(sounder.pump()).cancel)
    return sounder


def plain(to: Address, name: str = "Binding") -> Question:
    """An ordinary Binding request."""
    return Question(name=name, to=to, expected=to)


async def repeat(inquiry: Inquiry, sends_s: tuple[float, ...], *, give_up_s: float) -> bool:
    """Sends at `sends_s` (seconds from now) until it is heard, hopeless, or `give_up_s` is over; tells if heard.

    The pauses count from one send to the next: who was held up sends later, and waits no less for the answers.
    """
    for pause_s in _pauses((*sends_s, give_up_s)):
        if inquiry.heard.is_set() or inquiry.hopeless:
            break
        inquiry.send()
        await hear(inquiry.heard, pause_s)
    return inquiry.heard.is_set()


async def salvo(inquiries: tuple[Inquiry, ...], sends_s: tuple[float, ...], enough: asyncio.Event) -> None:
    """Sends all of `inquiries` at each of `sends_s` (seconds from now), heard or not, until there is `enough`."""
    for pause_s in (sends_s[0], *_pauses(sends_s)):
        if await hear(enough, pause_s):
            return
        for inquiry in inquiries:
            inquiry.send()


def _pauses(times_s: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(later - earlier for earlier, later in itertools.pairwise(times_s))


async def hear(event: asyncio.Event, timeout_s: float) -> bool:
    """Waits for `event`, at most `timeout_s` seconds; tells whether it is set.

    A machine that stands still takes in no answers meanwhile: however long it stood, it is one step of the waiting.
    """
    left_s = timeout_s
    while left_s > 0 and not event.is_set():
        step_s = min(left_s, _STEP_S)
        left_s -= step_s
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(step_s):
                await event.wait()
    return event.is_set()


async def until(sounder: Sounder, settled: Callable[[], bool], timeout_s: float) -> bool:
    """Waits until `settled` holds; it is looked at with every arrival, and at the end. A pause counts as in `hear`."""
    left_s = timeout_s
    while not settled() and left_s > 0:
        sounder.changed.clear()
        began = sounder.clock.now()
        await hear(sounder.changed, min(left_s, _STEP_S))
        left_s -= min(sounder.clock.now() - began, _STEP_S)
    return settled()
