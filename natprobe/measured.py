"""What do the checks of one cell say about time and silence, and a report about its moment?

Read from the evidence, whichever probe wrote it.

Probes of one cell share exchanges, so one round trip stands in several checks' evidence: it is counted once.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeGuard

from natprobe.model import Check

_DEEPEST = 12


class Exchanged(NamedTuple):
    """One request of the evidence."""

    sends: int
    """How often it was sent."""
    answered: bool
    rtt_ms: float | None
    """None where nothing answered, or where the answer may belong to more than one send."""


class Sends(NamedTuple):
    """How many requests were sent, a repeated one counted as often, and how many of these brought no answer."""

    sent: int
    unanswered: int
    """Lost, or answered so late that they were sent again: from the sender's side the two look alike."""

    @property
    def unanswered_ratio(self) -> float:
        """0 to 1."""
        return self.unanswered / self.sent


def exchanges(checks: Iterable[Check]) -> tuple[Exchanged, ...]:
    """Every request in the evidence of `checks`, each once."""
    found = {key: exchange for check in checks for key, exchange in _exchanges(check.evidence, 0)}
    return tuple(found.values())


def round_trips_ms(checks: Iterable[Check]) -> tuple[float, ...]:
    """The round trips of the requests that `checks` sent."""
    return tuple(exchange.rtt_ms for exchange in exchanges(checks) if exchange.rtt_ms is not None)


def sends(checks: Iterable[Check]) -> Sends | None:
    """The requests over UDP and DTLS; None where there were none. Streams repeat by themselves, and hide it."""
    datagrams = exchanges(check for check in checks if check.transport in ("udp", "dtls"))
    sent = sum(exchange.sends for exchange in datagrams)
    answered = sum(exchange.answered for exchange in datagrams)
    return Sends(sent, sent - answered) if sent else None


def median(values: Iterable[float]) -> float:
    """The middle value. Raises ValueError where there is none."""
    return quantile(values, 0.5)


def quantile(values: Iterable[float], share: float) -> float:
    """The value below which `share` of `values` lie, between two of them by proportion. Raises ValueError for none."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no values")
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def moment(text: str) -> datetime | None:
    """The moment that an RFC 3339 text names; None where it names none."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _exchanges(value: Any, depth: int) -> Iterator[tuple[tuple[Any, ...], Exchanged]]:
    if depth > _DEEPEST:
        return
    if isinstance(value, Mapping):
        if (found := _exchange(value)) is not None:
            yield found
            return
        value = value.values()
    elif not isinstance(value, list | tuple):
        return
    for item in value:
        yield from _exchanges(item, depth + 1)


def _exchange(value: Mapping[str, Any]) -> tuple[tuple[Any, ...], Exchanged] | None:
    """`value` where it has the shape of wire.transactions.Exchange; a report may come from anywhere."""
    sends = value.get("sends_ms")
    if "request" not in value or not isinstance(sends, list | tuple) or not all(map(_is_number, sends)):
        return None
    rtt_ms = value.get("rtt_ms")
    measured = float(rtt_ms) if _is_number(rtt_ms) and rtt_ms >= 0 else None
    answered = _is_number(value.get("answered_ms"))
    return (str(value["request"]), *sends), Exchanged(len(sends), answered, measured)


def _is_number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
