"""Did it get slower, or is that noise? One rule, told wherever its result is.

The round trips of a cell are taken together: its checks share a path, and one slower path is one sentence. Duration
counts only for a check that stands in no cell with round trips (a name's resolution), as waiting is part of it.
"""

from collections.abc import Iterator, Sequence

from natprobe.difference.match import CellPair
from natprobe.difference.values import Measure, Pace
from natprobe.measured import median, quantile, round_trips_ms
from natprobe.model import Check, Status

LEAST_RATIO = 1.3
LEAST_MS = 5.0
ENOUGH_SAMPLES = 5
NOISE_RULE = (
    "slower or faster: the medians differ by more than 30 % and 5 ms. With 5 samples or more on both sides, the middle "
    "halves of the samples must not overlap as well; with fewer, it is said of these two runs only."
)

Samples = Sequence[float]


def paces(pairs: Sequence[CellPair]) -> Iterator[Pace]:
    """What moved beyond the noise, slower and faster, in the order of the cells."""
    for pair in pairs:
        old, new = round_trips_ms(pair.old), round_trips_ms(pair.new)
        if old and new:
            yield from _moved(pair.new[0], None, old, new)
        elif not old and not new:
            yield from _durations(pair)


def is_beyond_noise(old: Samples, new: Samples) -> bool:
    """Whether two non-empty sets of samples differ by more than the rule allows."""
    low, high = sorted((median(old), median(new)))
    if high - low <= LEAST_MS or high <= low * LEAST_RATIO:
        return False
    return not _are_enough(old, new) or not _middles_overlap(old, new)


def _durations(pair: CellPair) -> Iterator[Pace]:
    for old, new in pair.checks():
        if old is not None and new is not None and old.status is new.status is Status.PASS:
            yield from _moved(new, new.id, (old.duration_ms,), (new.duration_ms,))


def _moved(where: Check, check: str | None, old: Samples, new: Samples) -> Iterator[Pace]:
    if not is_beyond_noise(old, new):
        return
    measure: Measure = "duration" if check else "round trip"
    yield Pace(
        target=where.target,
        asked=where.asked,
        transport=where.transport,
        address=where.address,
        check=check,
        measure=measure,
        was_ms=round(median(old), 3),
        now_ms=round(median(new), 3),
        was_samples=len(old),
        now_samples=len(new),
        proven=_are_enough(old, new),
    )


def _are_enough(old: Samples, new: Samples) -> bool:
    return min(len(old), len(new)) >= ENOUGH_SAMPLES


def _middles_overlap(old: Samples, new: Samples) -> bool:
    return quantile(old, 0.25) <= quantile(new, 0.75) and quantile(new, 0.25) <= quantile(old, 0.75)
