"""SRS, after its public interface: the HTTP API, and ICE-lite on a UDP port. `start(world, "srs", port=1985, …)`

GET /api/v1/versions tells the version. POST /rtc/v1/publish/ and /rtc/v1/play/ take an offer in JSON and answer with an
SDP; whatever is wrong with it, the answer is HTTP 200 with {"code": 400}, as SRS does. The media port answers
connectivity checks whose user name and password fit an answer that it gave (RFC 8445 section 7.3), and no others.
"""

import contextlib
import secrets
import socket
import threading
from typing import Any

import msgspec

from natprobe.address import Address
from natprobe.wire.attributes import encode_xor_address, username
from natprobe.wire.integrity import Integrity, short_term_key, verify
from natprobe.wire.message import Malformed, build, parse
from natprobe.wire.registry import Attribute, MessageClass, Method
from natprobe.wire.seal import Sealing
from tests.lab.web import Handler, Server, told

_IDS = {"server": "vid-7k1m2z8", "service": "x9s2k4n0", "pid": "1"}
_VERSION = {"major": 5, "minor": 0, "revision": 170, "version": "5.0.170"}
_FINGERPRINT = ":".join(f"{each:02X}" for each in range(32))
_MOST_SESSIONS = 1000


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """As srs.conf has them."""

    port: int
    candidate: str
    """rtc_server.candidate: the address that answers name."""
    media_port: int = 8000


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a publish or play request."""

    streamurl: str
    sdp: str


OPTIONS: Options
PASSWORDS: dict[str, str] = {}
"""By user name of a check: "OURS:THEIRS"."""
PUBLISHED: set[str] = set()
"""Streams that an offer has taken; the real one gives them back half a minute after the last packet."""


class Srs(Handler):
    """The HTTP API."""

    server_version, sys_version = "SRS/5.0.170(Bee)", ""

    @property
    def always(self) -> dict[str, str]:
        """Any page may ask it."""
        return {
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Allow-Methods": "GET, POST, HEAD, PUT, DELETE, OPTIONS",
            "Access-Control-Allow-Headers": "origin,range,accept-encoding,referer,Content-Type",
        }

    def serve(self) -> None:
        """The version, an offer, a preflight; everything else is not found."""
        body = self.body()
        match self.command, self.steps:
            case "GET", ["api", "v1", "versions"]:
                self._json({"code": 0, **_IDS, "data": _VERSION})
            case "POST", ["rtc", "v1", "publish" | "play" as action]:
                self._json(answered(action, body))
            case "OPTIONS", _:
                self.answer(200)
            case _:
                self.answer(404)

    def _json(self, value: Any) -> None:
        self.answer(200, msgspec.json.encode(value), "application/json")


def answered(action: str, body: bytes) -> dict[str, Any]:
    """What the RTC API says to an offer."""
    try:
        offer = msgspec.json.decode(body, type=Offer)
        sections = _sections(offer.sdp)
    except (msgspec.DecodeError, ValueError):
        return {"code": 400}
    if action == "publish" and offer.streamurl in PUBLISHED:
        return {"code": 400}
    PUBLISHED.update({offer.streamurl} if action == "publish" else ())
    own, password = secrets.token_hex(4), secrets.token_hex(16)
    name = f"{own}:{_value(offer.sdp, 'ice-ufrag')}"
    if len(PASSWORDS) < _MOST_SESSIONS:
        PASSWORDS[name] = password
    return {"code": 0, **_IDS, "sdp": _sdp(action, sections, own, password), "sessionid": name}


def _sections(sdp: str) -> list[list[str]]:
    """The lines of each media section. Raises ValueError where the offer is none that SRS takes."""
    if not sdp.startswith("v=0") or "a=fingerprint:" not in sdp:
        raise ValueError("no offer")
    _value(sdp, "ice-ufrag")
    _value(sdp, "ice-pwd")
    found: list[list[str]] = []
    for line in sdp.splitlines():
        if line.startswith("m="):
            found.append([])
        if found:
            found[-1].append(line)
    if not found:
        raise ValueError("no media")
    return found


def _value(sdp: str, name: str) -> str:
    """An attribute of the offer. Raises ValueError where it is missing."""
    for line in sdp.splitlines():
        head, colon, value = line.partition(":")
        if colon and head == f"a={name}":
            return value.strip()
    raise ValueError(name)


def _sdp(action: str, sections: list[list[str]], own: str, password: str) -> str:
    mids = [_value("\n".join(section), "mid") for section in sections]
    lines = [
        "v=0",
        "o=SRS/5.0.170(Bee) 42 2 IN IP4 0.0.0.0",
        f"s=SRS{action.capitalize()}Session",
        "t=0 0",
        "a=ice-lite",
        f"a=group:BUNDLE {' '.join(mids)}",
        "a=msid-semantic: WMS live/livestream",
    ]
    for mid, section in zip(mids, sections, strict=True):
        kind, _, protocol, payload, *_ = section[0].removeprefix("m=").split()
        lines += [
            f"m={kind} 9 {protocol} {payload}",
            "c=IN IP4 0.0.0.0",
            f"a=ice-ufrag:{own}",
            f"a=ice-pwd:{password}",
            f"a=fingerprint:sha-256 {_FINGERPRINT}",
            "a=setup:passive",
            f"a=mid:{mid}",
            "a=recvonly" if action == "publish" else "a=sendonly",
            "a=rtcp-mux",
            "a=rtcp-rsize",
            *(line for line in section if line.startswith(f"a=rtpmap:{payload} ")),
            f"a=candidate:0 1 udp 2130706431 {OPTIONS.candidate} {OPTIONS.media_port} typ host generation 0",
        ]
    return "\r\n".join(lines) + "\r\n"


def answer_checks(media: socket.socket) -> None:
    """Answers connectivity checks for ever."""
    while True:
        data, source = media.recvfrom(2048)
        reply = _checked(data, Address(*source))
        if reply is not None:
            with contextlib.suppress(OSError):
                media.sendto(reply, source)


def _checked(data: bytes, source: Address) -> bytes | None:
    message = parse(data)
    if isinstance(message, Malformed) or (message.method, message.cls) != (Method.BINDING, MessageClass.REQUEST):
        return None
    password = PASSWORDS.get(username(message) or "")
    if password is None or verify(message, short_term_key(password)) is not Integrity.VALID:
        return None
    mapped = (Attribute.XOR_MAPPED_ADDRESS, encode_xor_address(source, message.transaction_id))
    sealing = Sealing(key=short_term_key(password))
    return build(Method.BINDING, MessageClass.SUCCESS, message.transaction_id, (mapped,), sealing)


if __name__ == "__main__":
    OPTIONS = told(Options)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as media:
        media.bind(("0.0.0.0", OPTIONS.media_port))
        threading.Thread(target=answer_checks, args=(media,), daemon=True).start()
        Server(OPTIONS.port, Srs).serve_forever()
