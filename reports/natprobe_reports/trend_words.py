"""The words that every form of a trend shares."""

from natprobe.trend import Line, Trend
from natprobe_reports.clean import clean


def place_of(line: Line, trend: Trend) -> str:
    """Which cell it is, and which host it was seen from where there are several."""
    several_hosts = len({run.hostname for run in trend.runs}) > 1
    words = (
        line.asked,
        f"over {line.transport}" if line.transport else "",
        f"at {', '.join(line.addresses)}" if line.addresses else "",
        f"from {line.hostname or '?'}" if several_hosts else "",
    )
    return clean(" ".join(filter(None, words)))


def percent(ratio: float) -> str:
    """`ratio` (0 to 1) in whole percent."""
    return f"{ratio * 100:.0f} %"
