"""A candidate as the line that signalling carries, there and back (RFC 8839 section 5.1)."""

import ipaddress
import re
from typing import get_args

import msgspec

from natprobe.address import Address
from natprobe.ice.priority import COMPONENT, CandidateType
from natprobe.model import Candidate

LONGEST_LINE = 1024
_PREFIX = re.compile(r"(?:a=)?candidate:")
_FOUNDATION = re.compile(r"[A-Za-z0-9+/]{1,32}")
_FIXED = 8
"""foundation, component, transport, priority, address, port, the word typ, type"""


class LineError(ValueError):
    """A text that is no candidate line; the message says what is wrong with it."""


class Parsed(msgspec.Struct, frozen=True, kw_only=True):
    """What a candidate line says. `host` may be a name, such as the .local names of browsers."""

    foundation: str
    component: int
    protocol: str
    priority: int
    host: str
    port: int
    type: str
    related: tuple[str, int] | None = None
    extensions: tuple[tuple[str, str], ...] = ()


def to_line(candidate: Candidate, foundation: str) -> str:
    """The line of `candidate`. RFC 8839: every type but host has a related address; 0.0.0.0 where it is not known."""
    at, related = candidate.address, candidate.related
    words = ["candidate:" + foundation, str(COMPONENT), candidate.protocol, str(candidate.priority)]
    words += [at.host, str(at.port), "typ", candidate.type]
    if candidate.type != "host":
        nobody = Address("0.0.0.0" if at.family == 4 else "::", 0)  # noqa: S104
        words += ["raddr", (related or nobody).host, "rport", str((related or nobody).port)]
    return " ".join(words)


def parse_line(text: str) -> Parsed:
    """What `text` says; an `a=` before it is allowed. Raises LineError."""
    match = _PREFIX.match(text) if len(text) <= LONGEST_LINE else None
    if match is None:
        raise LineError("a candidate line begins with candidate: and is no longer than 1024 characters")
    words = text[match.end() :].split(" ")
    if len(words) < _FIXED or words[6] != "typ":
        raise LineError("foundation, component, transport, priority, address, port and typ TYPE must stand there")
    if not _FOUNDATION.fullmatch(words[0]):
        raise LineError("the foundation is not 1 to 32 letters, digits, + and /")
    if words[7] not in get_args(CandidateType):
        raise LineError(f"the type is none of {', '.join(get_args(CandidateType))}")
    extensions = tuple(zip(words[_FIXED::2], words[_FIXED + 1 :: 2], strict=False))
    return Parsed(
        foundation=words[0],
        component=_number(words[1], 256),
        protocol=words[2].lower(),
        priority=_number(words[3], 2**31 - 1),
        host=_host(words[4]),
        port=_number(words[5], 65535),
        type=words[7],
        related=_related(dict(extensions)),
        extensions=tuple(each for each in extensions if each[0] not in {"raddr", "rport"}),
    )


def _related(extensions: dict[str, str]) -> tuple[str, int] | None:
    if "raddr" not in extensions:
        return None
    return _host(extensions["raddr"]), _number(extensions.get("rport", "0"), 65535)


def _number(text: str, most: int) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 10 or int(text) > most:
        raise LineError(f"{text[:20]!r} is no number from 0 to {most}")
    return int(text)


def _host(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return text.lower()
