"""What may stand behind a key: one reader a kind of value, with its JSON Schema.

A reader returns the value as it is used, or raises Unfit with the reason. No reason repeats a value that could be a
secret put into the wrong place.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from natprobe.address import Address
from natprobe.net.resolve import parse_nameserver
from natprobe.target import Target, TargetError, parse

Reader = Callable[[Any], Any]
_RANGE = re.compile(r"([0-9]{1,5})-([0-9]{1,5})")
_FAMILIES = {"ipv4": 4, "ipv6": 6}


class Unfit(ValueError):  # noqa: N818  it says what the value is
    """A value that cannot stand there; the message says what can. `inside` leads to the part that is meant."""

    def __init__(self, reason: str, *inside: str | int) -> None:
        super().__init__(reason)
        self.inside = inside


@dataclass(frozen=True, slots=True)
class Kind:
    """A reader, and what an editor is told of the value."""

    read: Reader
    shape: Mapping[str, Any]
    """JSON Schema: takes whatever `read` takes, and refuses what it can."""

    def __call__(self, value: Any) -> Any:
        """Reads `value`. Raises Unfit."""
        return self.read(value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value or not value.isprintable():
        raise Unfit("give a text in quotes, without line ends")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Unfit("give true or false")
    return value


TEXT = Kind(_text, {"type": "string", "minLength": 1})
"""A string that is not empty and prints."""
FLAG = Kind(_flag, {"type": "boolean"})


def number(low: float, high: float) -> Kind:
    """A number within bounds."""

    def read(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise Unfit(f"give a number from {low:g} to {high:g}")
        return float(value)

    return Kind(read, {"type": "number", "minimum": low, "maximum": high})


def whole(low: int, high: int) -> Kind:
    """A whole number within bounds."""

    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise Unfit(f"give a whole number from {low} to {high}")
        return value

    return Kind(read, {"type": "integer", "minimum": low, "maximum": high})


def list_of(item: Reader, what: str) -> Kind:
    """A list that is not empty, each item read by `item`, as a tuple without repeats."""

    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list) or not value:
            raise Unfit(f"give a list of {what}")
        items = []
        for index, each in enumerate(value):
            try:
                items.append(item(each))
            except Unfit as unfit:
                raise Unfit(str(unfit), index, *unfit.inside) from None
        return tuple(dict.fromkeys(items))

    return Kind(read, {"type": "array", "minItems": 1, "items": item.shape if isinstance(item, Kind) else {}})


def target(schemes: Collection[str]) -> Kind:
    """A target's URI whose scheme can be probed."""

    def read(value: Any) -> Target:
        try:
            read_target = parse(_text(value))
        except TargetError as error:
            raise Unfit(str(error)) from None
        if read_target.scheme not in schemes:
            raise Unfit(f"{read_target.scheme} targets are not checked here; {', '.join(sorted(schemes))} are")
        return read_target

    heads = "|".join(re.escape(scheme).replace("/", r"\/") for scheme in sorted(schemes))
    return Kind(read, {"type": "string", "pattern": f"^(?:{heads}|{heads.upper()}):"} if schemes else TEXT.shape)


def one_of(words: Collection[str]) -> Kind:
    """One of these words."""

    def read(value: Any) -> str:
        if _text(value) not in words:
            raise Unfit(f"give one of {', '.join(sorted(words))}")
        return str(value)

    return Kind(read, {"enum": sorted(words)})


def _family(value: Any) -> int:
    return _FAMILIES[one_of(_FAMILIES)(value)]


def _nameserver(value: Any) -> Address:
    try:
        return parse_nameserver(_text(value))
    except ValueError:
        raise Unfit("give a nameserver's address such as 192.0.2.53 or [2001:db8::53]:53") from None


def _port_range(value: Any) -> tuple[int, int]:
    match = _RANGE.fullmatch(_text(value))
    low, high = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 0 < low <= high <= 65535:
        raise Unfit("give a range of ports such as 49152-65535")
    return low, high


FAMILIES = list_of(Kind(_family, one_of(_FAMILIES).shape), 'families, "ipv4" or "ipv6"')
NAMESERVERS = list_of(Kind(_nameserver, TEXT.shape), "nameservers")
PORT_RANGE = Kind(_port_range, {"type": "string", "pattern": "^[0-9]{1,5}-[0-9]{1,5}$"})
"""`49152-65535`."""
