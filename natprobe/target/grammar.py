"""From text to target: RFC 7064 (stun), RFC 7065 (turn), RFC 3986 (web), `tls:`, `tcp:`, `udp:`, `iceservers:`.

Passwords never reach a message: what stands before an "@" and every query value are kept out of what is shown.
"""

import re
import unicodedata
from urllib.parse import quote

from natprobe.target import hints, host, ports
from natprobe.target.errors import TargetError, shown
from natprobe.target.schemes import SCHEMES
from natprobe.target.value import Target, UriTransport

LONGEST_TARGET = 2048
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", re.DOTALL)
_LIST_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_WEB_SAFE = "/:@!$&'()*+,;=?~%-._"
_URI_TRANSPORTS: dict[str, UriTransport] = {"udp": "udp", "tcp": "tcp"}


def parse(text: str) -> Target:
    """The target that `text` names. Raises TargetError with one line: what, where, and what to write instead."""
    _refuse_unreadable(text)
    match = _SCHEME.fullmatch(text)
    if match is None or match[1].lower() not in SCHEMES:
        raise TargetError(hints.for_scheme(text))
    scheme, rest = match[1].lower(), match[2]
    parsers = {"ice": _ice, "web": _web, "port": _port, "list": _list}
    return parsers[SCHEMES[scheme].form](scheme, rest)


def _refuse_unreadable(text: str) -> None:
    if not text:
        raise TargetError("the target is empty; write a URI such as turn:turn.example.org:3478")
    if len(text) > LONGEST_TARGET:
        raise TargetError(f"the target is longer than {LONGEST_TARGET} characters; a URI that long is not meant")
    for position, char in enumerate(text, start=1):
        category = unicodedata.category(char)
        if category[0] in "CZ":
            what = "white space" if category[0] == "Z" or char in "\t\n\r\v\f" else "an invisible or control character"
            raise TargetError(f"the target holds {what} (U+{ord(char):04X}) at character {position}; take it out")


def _ice(scheme: str, rest: str) -> Target:
    hints.refuse_userinfo(scheme, rest)
    opaque, question, query = rest.partition("?")
    where = shown(f"{scheme}:{opaque}")
    hints.refuse_slashes(scheme, opaque, "RFC 7065" if scheme.startswith("turn") else "RFC 7064")
    name, port = _host_and_port(scheme, opaque, where)
    target = Target(scheme=scheme, host=name, port=None if port is None else ports.single(port, where))
    return target.with_transport(_transport(target, query, where)) if question else target


def _transport(target: Target, query: str, where: str) -> UriTransport:
    """The one parameter of a turn URI (RFC 7065 section 3.1)."""
    if not SCHEMES[target.scheme].takes_transport:
        raise TargetError(
            f"{where}?…: a {target.scheme} URI takes no parameters (RFC 7064 section 3.1); write {target}"
        )
    key, _, value = query.partition("=")
    if "&" in query:
        raise TargetError(f"{where}?…: transport is the only parameter, and given once (RFC 7065 section 3.1)")
    if not query:
        raise TargetError(f"{where}?: nothing follows the question mark; write {target}?transport=udp, or leave it out")
    if key.lower() != "transport":
        raise TargetError(
            f"{where}?…: unknown parameter {shown(key)!r}; only transport=udp or transport=tcp may follow"
        )
    if value.lower() not in _URI_TRANSPORTS:
        raise TargetError(hints.for_transport(target, value))
    return _URI_TRANSPORTS[value.lower()]


def _port(scheme: str, rest: str) -> Target:
    hints.refuse_userinfo(scheme, rest)
    where = shown(f"{scheme}:{rest.partition('?')[0]}")
    if "?" in rest:
        raise TargetError(f"{where}?…: a {scheme} target takes no parameters; leave out what follows the question mark")
    hints.refuse_slashes(scheme, rest)
    name, port = _host_and_port(scheme, rest, where)
    if port is None:
        raise TargetError(f"{where} has no port; write one, such as {where}:443")
    if scheme == "tls":
        return Target(scheme=scheme, host=name, port=ports.single(port, where))
    wanted = ports.ranges(port, where)
    (low, high), *more = wanted
    return Target(scheme=scheme, host=name, port=low if low == high and not more else None, ports=wanted)


def _list(scheme: str, rest: str) -> Target:
    if not _LIST_NAME.fullmatch(rest):
        raise TargetError(f"{scheme}:{shown(rest)}: a list's name holds letters, digits, _ . and -, 64 at most")
    return Target(scheme=scheme, host=rest)


def _web(scheme: str, rest: str) -> Target:
    if not rest.startswith("//"):
        hints.refuse_userinfo(scheme, rest)
        raise TargetError(f"{scheme}: a web address has two slashes after the scheme; write {scheme}://host/path")
    authority = re.split(r"[/?#]", rest[2:], maxsplit=1)[0]
    tail = rest[2 + len(authority) :]
    hints.refuse_web_userinfo(scheme, authority, tail)
    where = shown(f"{scheme}://{authority}")
    name, port = _host_and_port(scheme, authority, where)
    path, _, query = tail.partition("#")[0].partition("?")  # a fragment is never sent (RFC 9110 section 4.2.5)
    return Target(
        scheme=scheme,
        host=name,
        port=None if port is None else ports.single(port, where),
        path=quote(path, safe=_WEB_SAFE),
        query=quote(query, safe=_WEB_SAFE) or None,
    )


def _host_and_port(scheme: str, text: str, where: str) -> tuple[str, str | None]:
    """The canonical host, and what stands after its colon; None where no colon follows."""
    host.refuse_placeholder(text, where)
    if text.startswith("["):
        return _bracketed(text, where)
    name, colon, port = text.partition(":")
    if ":" in port:
        raise TargetError(hints.for_many_colons(scheme, text, where))
    return host.canonical(name, where), port if colon else None


def _bracketed(text: str, where: str) -> tuple[str, str | None]:
    inner, bracket, after = text.partition("]")
    if not bracket:
        raise TargetError(f"{where}: the bracket of the IPv6 literal is not closed; write one such as [2001:db8::1]")
    if after and not after.startswith(":"):
        raise TargetError(f"{where}: {shown(after)} follows the IPv6 literal; only a colon and a port may")
    return host.canonical(f"{inner}]", where), after[1:] if after else None
