"""Asks each candidate of an answer as a browser would: a connectivity check with the answer's user name and password.

It goes over UDP, or over a TCP connection where the candidate takes these (tcptype passive, RFC 6544 section 4.5).
Nothing else proves a media port: whoever answers holds the password of this very session (RFC 8445 section 7.2.2). A
gateway is silent to everything else, so silence here, sent often enough, says that packets do not arrive.

Candidates are an answer's word: no check goes to this host or its link unless the user's own target is there.
"""

import asyncio
import hashlib
import secrets
import string
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from natprobe.address import NOT_BY_HEARSAY, Address, AddressKind, is_literal, kind_of
from natprobe.client.line import OPEN_TIMEOUT_S
from natprobe.client.stun import StunClient
from natprobe.ice.line import LineError, Parsed, parse_line
from natprobe.ice.sdp import Description, IceLogin, offer
from natprobe.net.endpoint import Endpoint
from natprobe.net.resolve import resolve
from natprobe.net.tcp import open_tcp
from natprobe.net.trouble import Trouble
from natprobe.net.udp import open_udp
from natprobe.probe import Context
from natprobe.wire.integrity import short_term_key
from natprobe.wire.length_prefix import LengthFramer
from natprobe.wire.message import build
from natprobe.wire.plain_values import encode_u32, encode_u64
from natprobe.wire.registry import Attribute, MessageClass, Method
from natprobe.wire.seal import Sealing
from natprobe.wire.session import Outgoing
from natprobe.wire.text_values import encode_text
from natprobe.wire.transactions import Exchange

MOST_CHECKS = 16
_PRIORITY = (110 << 24) | (65535 << 8) | 255  # of a peer-reflexive candidate: RFC 8445 section 7.1.1
_LETTERS = string.ascii_letters + string.digits

Fate = Literal[
    "answered", "silent", "rejected", "foreign", "unsent", "active", "withheld", "unresolved", "too-many", "unreadable"
]  # fmt: skip
"""What became of a candidate: its port answered, or did not; it, or a host on the way, said that nothing is delivered
there; it takes connections, and does not answer as ICE does; this host could not send; it is one over TCP that only
connects outwards itself (RFC 6544 section 4.5); it points to a place to which no answer may send us; its name has no
address; there were more than are checked; it is no candidate."""


class CheckedCandidate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One candidate of an answer, and what its port said."""

    line: str
    fate: Fate
    host: str = ""
    port: int = 0
    protocol: str = ""
    named: bool = False
    """Its host is a name, which Firefox does not take."""
    kind: AddressKind | None = None
    """Who can reach its address; None where it has none."""
    address: Address | None = None
    """What was asked."""
    trouble: Trouble | None = None
    """Why it could not be asked, or not be connected to."""
    check: Exchange | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer of ours, and the login that answers to it name."""

    login: IceLogin = field(repr=False)
    sdp: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answered:
    """A gateway's answer to an offer of ours, while its session lives."""

    description: Description = field(repr=False)
    ours: IceLogin = field(repr=False)


def new_offer(direction: str) -> Offer:
    """A fresh offer. Nobody has the key of its certificate: no media will be sent."""
    login = IceLogin(_letters(8), _letters(24))
    return Offer(login, offer(login, hashlib.sha256(secrets.token_bytes(32)).digest(), direction))


def _letters(count: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(count))


@dataclass(frozen=True, slots=True)
class _Way:
    line: str
    login: IceLogin | None = field(repr=False)
    parsed: Parsed | None


async def check_media(ctx: Context, description: Description, ours: IceLogin) -> tuple[CheckedCandidate, ...]:
    """Every candidate of the answer, each address once; all are asked at once."""
    ways = _ways(description)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_judged(ctx, way, ours)) for way in ways[:MOST_CHECKS]]
    rest = (CheckedCandidate(line=way.line, fate="too-many") for way in ways[MOST_CHECKS:])
    return (*(task.result() for task in tasks), *rest)


def _ways(description: Description) -> list[_Way]:
    """The candidates; one that stands in several sections of a bundle counts once."""
    found: dict[object, _Way] = {}
    for media in description.media:
        for line in media.candidates:
            parsed = _parsed(line)
            key = (parsed.protocol, parsed.host, parsed.port, parsed.component) if parsed else line
            found.setdefault(key, _Way(line, media.login, parsed))
    return list(found.values())


def _parsed(line: str) -> Parsed | None:
    try:
        return parse_line(line)
    except LineError:
        return None


async def _judged(ctx: Context, way: _Way, ours: IceLogin) -> CheckedCandidate:
    parsed = way.parsed
    if parsed is None:
        return CheckedCandidate(line=way.line[:200], fate="unreadable")
    candidate = CheckedCandidate(
        line=way.line[:200],
        fate="active",
        host=parsed.host,
        port=parsed.port,
        protocol=parsed.protocol,
        named=not is_literal(parsed.host),
        kind=kind_of(parsed.host) if is_literal(parsed.host) else None,
    )
    if parsed.protocol != "udp" and dict(parsed.extensions).get("tcptype") != "passive":
        return candidate
    host = await _address(ctx, parsed.host)
    if host is None:
        return msgspec.structs.replace(candidate, fate="unresolved")
    candidate = msgspec.structs.replace(candidate, kind=kind_of(host), address=Address(host, parsed.port))
    if _may_not_be_asked(ctx, host) or not parsed.port:
        return msgspec.structs.replace(candidate, fate="withheld")
    return await _asked(ctx, candidate, Address(host, parsed.port), way.login, ours)


async def _address(ctx: Context, host: str) -> str | None:
    if is_literal(host):
        return host
    found = await resolve(host, clock=ctx.clock, nameservers=ctx.settings.nameservers or None)
    return next(iter(found.addresses), None)


def _may_not_be_asked(ctx: Context, host: str) -> bool:
    return kind_of(host) in (ctx.shunned or NOT_BY_HEARSAY - {ctx.cell.address.kind})


async def _asked(
    ctx: Context, candidate: CheckedCandidate, address: Address, theirs: IceLogin | None, ours: IceLogin
) -> CheckedCandidate:
    if theirs is None:
        return msgspec.structs.replace(candidate, fate="unsent", detail="the answer has no ice-ufrag and ice-pwd")
    endpoint = await _opened(ctx, candidate.protocol, address)
    if isinstance(endpoint, Trouble):
        fate = _FATES.get(endpoint.reason, "unsent")
        return msgspec.structs.replace(candidate, fate=fate, trouble=endpoint, detail=endpoint.detail)
    client = StunClient(endpoint, ctx.clock)
    pump = asyncio.create_task(client.pump())
    try:
        reply = await client.ask(connectivity_check(theirs, ours), address)
    finally:
        pump.cancel()
        await endpoint.close()
    exchange = reply.exchange
    fate = "answered" if exchange.answered_ms is not None else _FATES.get(exchange.outcome, "unsent")
    return msgspec.structs.replace(candidate, fate=fate, check=exchange, detail=exchange.detail or "")


async def _opened(ctx: Context, protocol: str, address: Address) -> Endpoint | Trouble:
    if protocol == "udp":
        return open_udp(ctx.clock, ctx.hold.trace, family=address.family, remote=address)
    return await open_tcp(address, ctx.clock, ctx.hold.trace, timeout_s=OPEN_TIMEOUT_S, framer=LengthFramer())


_FATES: dict[str, Fate] = {
    "silent": "silent",
    "refused": "rejected",
    "unreachable": "rejected",
    "closed": "foreign",
    "reset": "foreign",
    "malformed": "foreign",
}


def connectivity_check(theirs: IceLogin, ours: IceLogin) -> Outgoing:
    """A check of a controlling agent (RFC 8445 section 7.2.2), sealed with the other side's password."""
    transaction_id = secrets.token_bytes(12)
    attributes = (
        (Attribute.USERNAME, encode_text(f"{theirs.ufrag}:{ours.ufrag}")),
        (Attribute.PRIORITY, encode_u32(_PRIORITY)),
        (Attribute.ICE_CONTROLLING, encode_u64(secrets.randbits(64))),
    )
    key = short_term_key(theirs.password)
    data = build(Method.BINDING, MessageClass.REQUEST, transaction_id, attributes, Sealing(key=key))
    return Outgoing(name="connectivity check", data=data, transaction_id=transaction_id, key=key)
