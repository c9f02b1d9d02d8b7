"""Moments as people write them. What cannot be read stays as it was written."""

from datetime import UTC, datetime


def moment(text: str | None) -> datetime | None:
    """The moment that RFC 3339 `text` names, in UTC; None where it names none."""
    try:
        read = datetime.fromisoformat(text or "")
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def shown(text: str | None) -> str:
    """`2026-11-21 09:00:00 UTC`."""
    read = moment(text)
    return read.strftime("%Y-%m-%d %H:%M:%S UTC") if read else (text or "not known")


def day(text: str | None) -> str:
    """`2026-11-21`."""
    read = moment(text)
    return read.strftime("%Y-%m-%d") if read else (text or "not known")
