"""Engine.IO packets, and the Socket.IO ones within them, as text; versions 3 and 4 of the protocol. Pure, bounded.

A packet is a digit and its payload. A body of the polling transport holds several: version 3 writes `LENGTH:PACKET`
one after the other, version 4 puts the record separator between them. So the form of an answer tells which version the
server speaks, whatever was asked for: Socket.IO 2 answers EIO=4 in the form of version 3.
"""

from typing import Literal

import msgspec

OPEN, CLOSE, PING, PONG, MESSAGE, UPGRADE, NOOP = "0", "1", "2", "3", "4", "5", "6"
CONNECT, CONNECT_ERROR = "0", "4"
_SEPARATOR = "\x1e"
_MOST_PACKETS = 64
_LONGEST_NUMBER = 7
_LONGEST_MS = 10**12

Version = Literal[3, 4]


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """The handshake: a session, and what is agreed for it. The session's id is as good as a key to it."""

    sid: str
    ping_interval_ms: float
    ping_timeout_ms: float
    upgrades: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Opened(sid hidden, {self.ping_interval_ms} ms, {self.ping_timeout_ms} ms, {self.upgrades})"


class Refusal(msgspec.Struct, frozen=True):
    """An error that the server tells in JSON: `code` 0 to 5."""

    code: int
    message: str = ""


class _Handshake(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    sid: str
    ping_interval: float
    ping_timeout: float
    upgrades: tuple[str, ...] = ()


def opened(payload: str) -> Opened | None:
    """The payload of an open packet; None where it is none."""
    try:
        told = msgspec.json.decode(payload, type=_Handshake)
    except msgspec.MsgspecError:
        return None
    plausible = 0 < len(told.sid) <= 200 and told.sid.isascii() and told.sid.isprintable()
    if not plausible or not (0 < told.ping_interval < _LONGEST_MS and 0 < told.ping_timeout < _LONGEST_MS):
        return None
    return Opened(
        sid=told.sid,
        ping_interval_ms=told.ping_interval,
        ping_timeout_ms=told.ping_timeout,
        upgrades=tuple(each[:40] for each in told.upgrades[:8]),
    )


def refusal(body: str) -> Refusal | None:
    """The error in `body`; None where it holds none."""
    try:
        told = msgspec.json.decode(body, type=Refusal)
    except msgspec.MsgspecError:
        return None
    return told if 0 <= told.code <= 99 else None


def separate(packet: str) -> tuple[str, str]:
    """A packet's type and payload."""
    return packet[:1], packet[1:]


def packets(body: str) -> tuple[Version, tuple[str, ...]] | None:
    """The packets of a polling body, and the version whose form it has; None where it has neither's."""
    if not body:
        return None
    if not _is_length_prefixed(body):
        found = tuple(body.split(_SEPARATOR, _MOST_PACKETS)[:_MOST_PACKETS])
        return (4, found) if all(each[:1].isdigit() and each[:1] in "0123456b" for each in found) else None
    return _of_version_3(body)


def _is_length_prefixed(body: str) -> bool:
    number = body.partition(":")[0]
    return ":" in body and number.isascii() and number.isdigit() and len(number) <= _LONGEST_NUMBER


def _of_version_3(body: str) -> tuple[Version, tuple[str, ...]] | None:
    found: list[str] = []
    rest = body
    while rest and len(found) < _MOST_PACKETS:
        if not _is_length_prefixed(rest):
            return None
        number, _, rest = rest.partition(":")
        length = int(number)
        if not 0 < length <= len(rest):
            return None
        found.append(rest[:length])
        rest = rest[length:]
    return 3, tuple(found)


def body_of(version: Version, *several: str) -> bytes:
    """Packets as the body of a POST."""
    text = _SEPARATOR.join(several) if version == 4 else "".join(f"{len(each)}:{each}" for each in several)
    return text.encode("utf-8")


def connect(version: Version, namespace: str) -> str | None:
    """What asks for a namespace; None where nobody asks: version 3 connects `/` by itself."""
    if namespace == "/":
        return f"{MESSAGE}{CONNECT}" if version == 4 else None
    return f"{MESSAGE}{CONNECT}{namespace},"


def answer_to_connect(packet: str, namespace: str) -> bool | str | None:
    """True where `packet` connects `namespace`, the reason where it refuses it, None where it is about neither."""
    for kind, result in ((CONNECT, True), (CONNECT_ERROR, False)):
        head = f"{MESSAGE}{kind}"
        payload = packet.removeprefix(head)
        if packet.startswith(head) and _is_about(payload, namespace):
            return True if result else _reason(payload.removeprefix(namespace).removeprefix(","))
    return None


def _is_about(payload: str, namespace: str) -> bool:
    if namespace == "/":
        return not payload.startswith("/") or payload.startswith("/,")
    return payload == namespace or payload.startswith(f"{namespace},")


def _reason(payload: str) -> str:
    """Version 3 sends a string, version 4 an object with a message."""
    try:
        told = msgspec.json.decode(payload)
    except msgspec.MsgspecError:
        return "no reason is given"
    message = told.get("message") if isinstance(told, dict) else told
    return message if isinstance(message, str) and message else "no reason is given"
