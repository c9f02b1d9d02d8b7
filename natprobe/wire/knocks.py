"""What makes a UDP service speak, and who has spoken? One question a protocol, each of which changes nothing. Pure.

A server of another protocol drops what it does not know, so silence means little where the port's own is not asked.
"""

import secrets
from typing import Literal

import msgspec

from natprobe.wire.message import looks_like_stun
from natprobe.wire.registry import Method
from natprobe.wire.session import Session

Kind = Literal["stun", "dtls", "dns", "ntp", "quic"]

KINDS: dict[int, tuple[Kind, ...]] = {
    53: ("dns", "stun"), 123: ("ntp",), 443: ("quic", "stun", "dtls"), 3478: ("stun",), 3479: ("stun",),
    5349: ("dtls", "stun"), 5350: ("dtls", "stun"), 19302: ("stun",),
}  # fmt: skip
"""What usually listens there; a port that is not here is asked by STUN, as media servers answer it (RFC 8445)."""
NAMES: dict[Kind, str] = {"stun": "STUN", "dtls": "DTLS", "dns": "DNS", "ntp": "NTP", "quic": "QUIC"}
_QUIC_LEAST = 1200  # RFC 9000 section 14.1: a server answers no smaller Initial
_STUN_FIRST: tuple[Kind, ...] = ("stun",)


class Question(msgspec.Struct, frozen=True):
    """One datagram to send."""

    kind: Kind
    data: bytes


def kinds(port: int) -> tuple[Kind, ...]:
    """The protocols to ask on `port`."""
    return KINDS.get(port, _STUN_FIRST)


def question(kind: Kind) -> Question:
    """A new question of that protocol."""
    return Question(kind, _MAKERS[kind]())


def recognised(data: bytes) -> Kind | None:
    """The protocol of an answer; None where it is none of ours."""
    if looks_like_stun(data):
        return "stun"
    if len(data) >= 13 and data[0] in {21, 22} and data[1] == 0xFE:  # RFC 6347 section 4.1: alert or handshake
        return "dtls"
    if len(data) >= 7 and data[0] & 0x80 and data[1:5] == bytes(4):  # RFC 9000 section 17.2.1: version negotiation
        return "quic"
    if len(data) >= 48 and data[0] & 0x07 == 4:  # RFC 5905 section 7.3: mode 4 is a server's
        return "ntp"
    if len(data) >= 12 and data[2] & 0x80 and data[4:6] in {b"\0\0", b"\0\1"}:  # RFC 1035 section 4.1.1: QR
        return "dns"
    return None


def _stun() -> bytes:
    return Session().compose(Method.BINDING).data


def _dns() -> bytes:
    """The root's name servers, without recursion (RFC 1035)."""
    return secrets.token_bytes(2) + bytes.fromhex("0000 0001 0000 0000 0000 00 0002 0001")


def _ntp() -> bytes:
    """Mode 3, version 4 (RFC 5905)."""
    return b"\x23" + bytes(47)


def _quic() -> bytes:
    """A version that is reserved to be refused (RFC 9000 section 15)."""
    head = b"\xc0\x1a\x2a\x3a\x4a\x08" + secrets.token_bytes(8) + b"\x08" + secrets.token_bytes(8)
    return head + bytes(_QUIC_LEAST - len(head))


def _dtls() -> bytes:
    """A ClientHello for DTLS 1.2 without a cookie, which a server answers with a new one (RFC 6347 section 4.2.1)."""
    suites = bytes.fromhex("c02b c02f c02c c030 009c 002f")
    groups = bytes.fromhex("000a 0004 0002 0017")
    signatures = bytes.fromhex("000d 0006 0004 0403 0401")
    extensions = groups + signatures
    body = b"\xfe\xfd" + secrets.token_bytes(32) + b"\0\0" + _sized(suites) + b"\x01\0" + _sized(extensions)
    size = len(body).to_bytes(3, "big")
    hello = b"\x01" + size + b"\0\0" + b"\0\0\0" + size + body
    return b"\x16\xfe\xff" + bytes(8) + _sized(hello)


def _sized(data: bytes) -> bytes:
    return len(data).to_bytes(2, "big") + data


_MAKERS = {"stun": _stun, "dtls": _dtls, "dns": _dns, "ntp": _ntp, "quic": _quic}
