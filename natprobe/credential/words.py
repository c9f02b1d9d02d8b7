"""Moments and durations as people read them."""

from datetime import UTC, datetime, timedelta

_UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def duration_text(seconds: float) -> str:
    """The two largest units that count, such as `2 h 3 min`; the sign is dropped. Up to 48 h are told in hours."""
    left = abs(int(seconds))
    units = _UNITS if left > 172800 else _UNITS[1:]
    parts: list[str] = []
    for unit, size in units:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
        elif parts:
            break
    return " ".join(parts[:2]) or "0 s"


def moment_text(unix_s: float) -> str:
    """RFC 3339 UTC with seconds; a number that no calendar reaches comes back as `UNIX time N`."""
    try:
        return (_EPOCH + timedelta(seconds=int(unix_s))).strftime("%Y-%m-%dT%H:%M:%SZ")
    except OverflowError:
        return f"UNIX time {int(unix_s)}"
