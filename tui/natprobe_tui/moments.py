"""When was it? Events count milliseconds from their round's start; people read a time of day."""

from datetime import UTC, datetime, timedelta

from natprobe.events import (
    CandidateFound,
    CandidateMissed,
    CheckAdvanced,
    CheckEnded,
    CheckPlanned,
    CheckStarted,
    Event,
    NatClassified,
    Packet,
    RunEnded,
    RunStarted,
)
from natprobe.measured import moment


def at_ms(event: Event) -> float:
    """Milliseconds since the start of the event's round."""
    match event:
        case RunStarted():
            return 0.0
        case CheckEnded():
            return event.started_ms + event.duration_ms
        case CandidateFound():
            return event.candidate.gathered_ms
        case CandidateMissed():
            return event.error.at_ms
        case CheckPlanned() | CheckStarted() | CheckAdvanced() | Packet() | NatClassified() | RunEnded():
            return event.at_ms


def at_s(started: str, event: Event) -> float:
    """UNIX time of an event of a round that began at `started` (RFC 3339)."""
    begun = moment(started)
    return (begun.timestamp() if begun else 0.0) + at_ms(event) / 1000


def written(unix_s: float) -> str:
    """RFC 3339 in UTC, to the millisecond. What no calendar holds is written as the epoch."""
    try:
        when = datetime.fromtimestamp(0, UTC) + timedelta(seconds=unix_s)
    except (OverflowError, ValueError):
        when = datetime.fromtimestamp(0, UTC)
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def clock(rfc3339: str) -> str:
    """The time of day in UTC, as a row shows it: `09:00:42`."""
    when = moment(rfc3339)
    return f"{when.astimezone(UTC):%H:%M:%S}" if when else ""
