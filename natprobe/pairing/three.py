"""Yes, no, and not known: Kleene's logic over `bool | None`, where None is "not known"."""

from collections.abc import Iterable


def either(values: Iterable[bool | None]) -> bool | None:
    """True where one is; False where all are; else not known."""
    told = tuple(values)
    return True if True in told else (None if None in told else False)


def both(values: Iterable[bool | None]) -> bool | None:
    """False where one is; True where all are; else not known."""
    told = tuple(values)
    return False if False in told else (None if None in told else True)


def agreed(values: Iterable[bool | None]) -> bool | None:
    """What all of them say; not known where they differ or there is none."""
    told = frozenset(values)
    return next(iter(told)) if len(told) == 1 else None
