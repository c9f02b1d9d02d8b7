"""When is a request sent again, and how did it end? One STUN transaction (RFC 8489 section 6.2), without I/O.

RFC 8489 waits 500 ms before the first retransmission and 39.5 s before it gives up. An operator waits for the answer,
so the schedule here is denser and shorter: several sends within the first half second tell loss from silence, and 2.6
seconds decide: with the process's own start and end, a silent server is told within 3.5 s on a busy machine too. A
known round trip stretches the schedule, so that a distant server is not asked again before it can answer.
"""

import msgspec

from natprobe.address import Address
from natprobe.wire.attributes import error_code
from natprobe.wire.message import Message
from natprobe.wire.registry import ERROR_NAMES, MessageClass

Outcome = str
"""success, error, or the reason why no answer came: silent, refused, unreachable, reset, closed, malformed …"""


class Schedule(msgspec.Struct, frozen=True):
    """Offsets in seconds after the first send at which a request is sent, and when it is given up."""

    sends_s: tuple[float, ...]
    give_up_s: float

    def stretched(self, rtt_s: float | None) -> "Schedule":
        """The same schedule with no gap shorter than one and a half round trips."""
        if rtt_s is None:
            return self
        sends = [0.0]
        for earlier, later in zip(self.sends_s, self.sends_s[1:], strict=False):
            sends.append(sends[-1] + max(later - earlier, 1.5 * rtt_s))
        return Schedule(tuple(sends), max(self.give_up_s, sends[-1] + 2 * rtt_s))


UNRELIABLE = Schedule((0.0, 0.1, 0.25, 0.5, 1.0, 1.75), 2.6)
RELIABLE = Schedule((0.0,), 2.6)  # RFC 8489 section 6.2.2: over TCP and TLS a request is sent once
FAREWELL = Schedule((0.0, 0.1, 0.25, 0.5), 0.9)


class Exchange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The evidence of one transaction. Times are milliseconds since the run's start."""

    request: str
    sends_ms: tuple[float, ...]
    answered_ms: float | None = None
    rtt_ms: float | None = None
    """None where nothing answered, or where the answer may belong to more than one send (Karn)."""
    outcome: Outcome
    code: int | None = None
    phrase: str | None = None
    source: Address | None = None
    """Where the answer came from, if not from where the request went."""
    discarded: tuple[str, ...] = ()
    """Why answers with this transaction id were not believed."""
    detail: str | None = None
    waited_ms: float | None = None
    """How long nothing answered."""

    def facts(self) -> dict[str, str]:
        """What a finding may say of it: how often it was asked, how long it waited, what came back."""
        facts = {"sends": str(len(self.sends_ms)), "waited": f"{(self.waited_ms or 0.0) / 1000:.1f} s"}
        if self.code is not None:
            facts |= {"code": str(self.code), "phrase": ERROR_NAMES.get(self.code, "unknown code")}
        return facts


class Transaction:
    """One outstanding request. Times are seconds since the run's start; nothing here reads a clock."""

    def __init__(self, name: str, data: bytes, transaction_id: bytes, schedule: Schedule, now: float) -> None:
        self.name = name
        self.transaction_id = transaction_id
        self.answer: Message | None = None
        self._data = data
        self._schedule = schedule
        self._started = now
        self._sends: list[float] = []
        self._answered: float | None = None
        self._source: Address | None = None
        self._discarded: list[str] = []
        self._trouble: tuple[Outcome, str, float] | None = None

    @property
    def ended(self) -> bool:
        """Whether it was answered or has failed."""
        return self.answer is not None or self._trouble is not None

    def due(self, now: float) -> bytes | None:
        """What must be sent now, if anything; counted as sent."""
        sent = len(self._sends)
        if self.ended or sent == len(self._schedule.sends_s):
            return None
        if now < self._started + self._schedule.sends_s[sent]:
            return None
        self._sends.append(now)
        return self._data

    def wake_at(self) -> float:
        """When `due` or `give_up` must be called next."""
        sent = len(self._sends)
        if sent < len(self._schedule.sends_s):
            return self._started + self._schedule.sends_s[sent]
        return self._started + self._schedule.give_up_s

    def give_up(self, now: float) -> bool:
        """Ends the transaction as silent if its time is over; tells whether it has ended."""
        if not self.ended and now >= self._started + self._schedule.give_up_s:
            self.fail("silent", "", now)
        return self.ended

    def receive(self, message: Message, now: float, source: Address | None = None) -> None:
        """Takes `message` as the answer; `source` is given where it is not the address that was asked."""
        if not self.ended:
            self.answer, self._answered, self._source = message, now, source

    def discard(self, why: str) -> None:
        """Notes an answer that must not be believed (RFC 8489 sections 6.3.4 and 9.2.5)."""
        if len(self._discarded) < _KEPT_DISCARDS:
            self._discarded.append(why)

    def fail(self, outcome: Outcome, detail: str, now: float) -> None:
        """Ends the transaction without an answer."""
        if not self.ended:
            self._trouble = (outcome, detail, now)

    def exchange(self) -> Exchange:
        """The evidence, once `ended`."""
        sends_ms = tuple(round(sent * 1000, 3) for sent in self._sends)
        if self.answer is not None:
            return self._answered_exchange(self.answer, sends_ms)
        outcome, detail, ended = self._trouble or ("failed", "it was not finished", self._started)
        return Exchange(
            request=self.name,
            sends_ms=sends_ms,
            outcome=outcome,
            discarded=tuple(self._discarded),
            detail=detail or None,
            waited_ms=round((ended - self._started) * 1000, 3),
        )

    def _answered_exchange(self, answer: Message, sends_ms: tuple[float, ...]) -> Exchange:
        answered_ms = round((self._answered or 0.0) * 1000, 3)
        error = error_code(answer) if answer.cls == MessageClass.ERROR else None
        return Exchange(
            request=self.name,
            sends_ms=sends_ms,
            answered_ms=answered_ms,
            rtt_ms=round(answered_ms - sends_ms[0], 3) if len(sends_ms) == 1 else None,
            outcome="error" if answer.cls == MessageClass.ERROR else "success",
            code=error.code if error else None,
            phrase=error.reason if error else None,
            source=self._source,
            discarded=tuple(self._discarded),
        )


_KEPT_DISCARDS = 8
