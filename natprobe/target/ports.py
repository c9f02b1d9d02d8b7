"""Is this a port, or several? `3478`, and for `tcp:` and `udp:` also `60000-60100` and `80,443`."""

from natprobe.target.errors import TargetError, shown

MOST_RANGES = 64


def single(text: str, where: str) -> int:
    """One port. Raises TargetError where it is empty, no number, 0 or above 65535."""
    if not text:
        raise TargetError(f"{where}: nothing follows the colon; write a port or leave out the colon")
    if not (text.isascii() and text.isdigit()):
        raise TargetError(f"{where}: {shown(text)} is not a port; write a number from 1 to 65535")
    if len(text) > 8 or not 0 < int(text) <= 65535:
        raise TargetError(f"{where}: port {shown(text)} is out of range; ports go from 1 to 65535")
    return int(text)


def ranges(text: str, where: str) -> tuple[tuple[int, int], ...]:
    """Ports and inclusive ranges, separated by commas: ascending, merged where they touch. Raises TargetError."""
    pieces = text.split(",")
    if len(pieces) > MOST_RANGES:
        raise TargetError(f"{where}: more than {MOST_RANGES} port ranges; split them over several targets")
    return _merged(sorted(_range(piece, where) for piece in pieces))


def looks_like_ports(text: str) -> bool:
    """Whether `text` is made of digits, hyphens and commas alone."""
    return bool(text) and all(char in "0123456789-," for char in text)


def _range(piece: str, where: str) -> tuple[int, int]:
    first, dash, last = piece.partition("-")
    low = single(first, where)
    high = single(last, where) if dash else low
    if low > high:
        raise TargetError(f"{where}: the range {low}-{high} runs backwards; write {high}-{low}")
    return low, high


def _merged(ascending: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    merged: list[tuple[int, int]] = []
    for low, high in ascending:
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)
