"""What may stand behind each key of the configuration: one reader a kind of value, tables of keys.

A reader returns the value as the exporter uses it, or raises Unfit with the reason. No reason repeats a value that
could be a secret put into the wrong place.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any

from natprobe.address import Address, is_literal
from natprobe.exporter.config import Network
from natprobe.net.resolve import parse_nameserver
from natprobe.target import Target, TargetError, parse
from natprobe.target.host import canonical

Reader = Callable[[Any], Any]
_RANGE = re.compile(r"([0-9]{1,5})-([0-9]{1,5})")
_FAMILIES = {"ipv4": 4, "ipv6": 6}


class Unfit(ValueError):  # noqa: N818  it says what the value is
    """A value that cannot stand there; the message says what can. `index` is the item of a list that is meant."""

    def __init__(self, reason: str, index: int | None = None) -> None:
        super().__init__(reason)
        self.index = index


def text(value: Any) -> str:
    """A string that is not empty and prints."""
    if not isinstance(value, str) or not value or not value.isprintable():
        raise Unfit("give a text in quotes, without line ends")
    return value


def flag(value: Any) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise Unfit("give true or false")
    return value


def number(low: float, high: float) -> Reader:
    """A number within bounds."""

    def read(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise Unfit(f"give a number from {low:g} to {high:g}")
        return float(value)

    return read


def whole(low: int, high: int) -> Reader:
    """A whole number within bounds."""

    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise Unfit(f"give a whole number from {low} to {high}")
        return value

    return read


def list_of(reader: Reader, what: str) -> Reader:
    """A list that is not empty, each item read by `reader`, as a tuple without repeats."""

    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list) or not value:
            raise Unfit(f"give a list of {what}")
        items = []
        for index, item in enumerate(value):
            try:
                items.append(reader(item))
            except Unfit as unfit:
                raise Unfit(str(unfit), index) from None
        return tuple(dict.fromkeys(items))

    return read


def target(schemes: frozenset[str]) -> Reader:
    """A target's URI whose scheme can be probed."""

    def read(value: Any) -> Target:
        try:
            read_target = parse(text(value))
        except TargetError as error:
            raise Unfit(str(error)) from None
        one_of(schemes)(read_target.scheme)
        return read_target

    return read


def one_of(words: frozenset[str]) -> Reader:
    """One of these words."""

    def read(value: Any) -> str:
        if text(value) not in words:
            raise Unfit(f"give one of {', '.join(sorted(words))}")
        return str(value)

    return read


def host(value: Any) -> str | Network:
    """`turn.example.org`, `*.example.org` (as `.example.org`), an IP literal or a network such as 192.0.2.0/24."""
    given = text(value)
    try:
        if "/" in given or is_literal(given):
            return ipaddress.ip_network(given)
        suffix = given.removeprefix("*.")
        name = canonical(suffix, "it")
    except (ValueError, TargetError):
        raise Unfit("give a name, *.example.org, an IP address, or a network such as 192.0.2.0/24") from None
    return name if suffix == given else f".{name}"


def family(value: Any) -> int:
    """ipv4 or ipv6."""
    return _FAMILIES[one_of(frozenset(_FAMILIES))(value)]


def nameserver(value: Any) -> Address:
    """A nameserver's address."""
    try:
        return parse_nameserver(text(value))
    except ValueError:
        raise Unfit("give a nameserver's address such as 192.0.2.53 or [2001:db8::53]:53") from None


def port_range(value: Any) -> tuple[int, int]:
    """`49152-65535`."""
    match = _RANGE.fullmatch(text(value))
    low, high = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 0 < low <= high <= 65535:
        raise Unfit("give a range of ports such as 49152-65535")
    return low, high


def no_secret(value: Any) -> None:  # noqa: ARG001  whatever it is, it is not looked at
    """A secret in the file itself is always a mistake."""
    raise Unfit("a secret does not stand in this file; name where it is kept with …_file or …_env")


LIMITS: Mapping[str, Reader] = {"probes_at_once": whole(1, 256), "probes_per_minute": whole(1, 60_000)}


def of_allowance(schemes: frozenset[str]) -> Mapping[str, Reader]:
    """The keys of `[[modules.NAME.allow]]`."""
    return {
        "schemes": list_of(one_of(schemes), "schemes"),
        "hosts": list_of(host, "hosts"),
        "ports": list_of(whole(1, 65535), "ports"),
    }


def of_module(schemes: frozenset[str], shortest_s: float) -> Mapping[str, Reader]:
    """The keys of `[modules.NAME]`, but for `allow`."""
    return {
        "targets": list_of(target(schemes), "target URIs"),
        "timeout_s": number(shortest_s, 600),
        "user": text,
        "password": no_secret,
        "secret": no_secret,
        "password_file": text,
        "password_env": text,
        "secret_file": text,
        "secret_env": text,
        "families": list_of(family, 'families, "ipv4" or "ipv6"'),
        "insecure": flag,
        "ca_file": text,
        "resolvers": list_of(nameserver, "nameservers"),
        "relay_ports": port_range,
        "strict": flag,
    }
