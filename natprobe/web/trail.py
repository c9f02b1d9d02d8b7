"""Follows redirects by hand: a few hops, each bounded and shown, and never to where no answer may send us.

Whoever checks a server on loopback, or in a private network, may be led about there; nobody is led into such a place
from elsewhere, whether by an address or by a name that resolves to one (RFC 9110 section 15.4 leaves that to clients).
"""

from typing import Literal, NamedTuple
from urllib.parse import urljoin, urlsplit

import msgspec

from natprobe.address import Address, AddressKind
from natprobe.client.http import Exchanged, fetch
from natprobe.client.line import Way
from natprobe.net.resolve import resolve
from natprobe.probe import Context
from natprobe.target import Target, TargetError, parse
from natprobe.web.asking import PATIENCE
from natprobe.wire.http.request import request_for
from natprobe.wire.http.text import printed, without_secrets

MOST_HOPS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
_RESOLVE_S = 2.0

End = Literal["answer", "loop", "too-many", "withheld", "unresolved", "unusable", "trouble"]
"""How following ended: at an answer that is no redirect; in a circle; after too many hops; before an address to which
no answer may send us; before a name that does not resolve; before a Location that is no URL; at a hop that failed."""


class Hop(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One step: the URL to which an answer sent us, and what stood there."""

    url: str
    """The values of its query are hidden."""
    address: Address | None = None
    """None where it was not asked for, or does not resolve."""
    status: int | None = None
    name_matches: bool | None = None
    """Whether its certificate is for its host; None without TLS."""
    names: tuple[str, ...] = ()
    """What its certificate is for, where that is another host."""
    detail: str | None = None
    """What went wrong here, as a clause."""


class Trail(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The whole way."""

    hops: tuple[Hop, ...] = ()
    end: End = "answer"
    cookies: bool = False
    """Whether an answer on the way set a cookie: a browser would bring it along, and might be led elsewhere."""


class Followed(NamedTuple):
    """A trail, and the answer at its end where there is one."""

    trail: Trail
    last: Exchanged | None


async def follow(ctx: Context, first: Exchanged, method: str = "GET") -> Followed:
    """Goes where the redirect `first` leads, at most `MOST_HOPS` times. No cookie is kept."""
    walk = _Walk(ctx, first, method)
    while walk.end is None:
        await walk.step()
    trail = Trail(hops=tuple(walk.hops), end=walk.end, cookies=walk.cookies)
    return Followed(trail, walk.answer if walk.end == "answer" else None)


class _Walk:
    """On the way."""

    def __init__(self, ctx: Context, first: Exchanged, method: str) -> None:
        self.hops: list[Hop] = []
        self.answer = first
        self.end: End | None = None
        self.cookies = False
        self._ctx, self._method = ctx, method
        self._here = parse(ctx.cell.target.web_url)
        self._been = {str(self._here)}
        self._look()

    async def step(self) -> None:
        """Goes to where the last answer leads, or ends."""
        location = self.answer.value("location") or ""
        try:
            self._here = _next(self._here, location)
        except (TargetError, ValueError) as error:
            shown = without_secrets(printed(location.encode("latin-1", "replace")))
            self._stop(Hop(url=shown, detail=_why(error)), "unusable")
            return
        if str(self._here) in self._been or len(self.hops) == MOST_HOPS:
            end: End = "loop" if str(self._here) in self._been else "too-many"
            self._stop(Hop(url=without_secrets(str(self._here))), end)
            return
        self._been.add(str(self._here))
        # RFC 9110 section 15.4: only 307 and 308 keep the method.
        self._method = self._method if self.answer.status in {307, 308} else "GET"
        hop, end, reached = await _step(self._ctx, self._here, self._method)
        if reached is None or end != "answer":
            self._stop(hop, end)
            return
        self.hops.append(hop)
        self.answer = reached
        self._look()

    def _look(self) -> None:
        self.cookies = self.cookies or self.answer.value("set-cookie") is not None
        if self.answer.status not in REDIRECTS:
            self.end = "answer"

    def _stop(self, hop: Hop, end: End) -> None:
        self.hops.append(hop)
        self.end = end


def _next(here: Target, location: str) -> Target:
    # Servers write UTF-8 where a URL should be; header values come as latin-1 here.
    text = location.encode("latin-1", "replace").decode("utf-8", "replace")
    there = urljoin(str(here), text)
    if urlsplit(there).scheme not in {"http", "https"}:
        raise TargetError("it leads to no web address")
    return parse(there)


def _why(error: Exception) -> str:
    return str(error) if isinstance(error, TargetError) else "it is no URL"


async def _step(ctx: Context, target: Target, method: str) -> tuple[Hop, End, Exchanged | None]:
    shown = without_secrets(str(target))
    address = await _address(ctx, target)
    if address is None:
        return Hop(url=shown, detail=f"{target.host} does not resolve"), "unresolved", None
    if address.kind not in allowed(ctx):
        detail = f"{address.host} is a {address.kind} address, to which no answer may send us"
        return Hop(url=shown, address=address, detail=detail), "withheld", None
    way = Way("tls" if target.secure else "tcp", address, target.host)
    reached = await fetch(ctx.hold, way, request_for(target, method), PATIENCE)
    seen, shake = reached.seen, reached.handshake
    hop = Hop(
        url=shown,
        address=address,
        status=seen.status,
        name_matches=shake.name_matches if shake else None,
        names=(*shake.chain[0].dns_names, *shake.chain[0].ip_addresses) if shake and shake.chain else (),
        detail=seen.trouble.detail if seen.trouble else None,
    )
    return hop, "answer" if seen.status is not None else "trouble", reached


def allowed(ctx: Context) -> frozenset[AddressKind]:
    """Kinds of addresses to which an answer of the cell's server may send us."""
    return frozenset({"public", ctx.cell.address.kind}) - ctx.shunned


async def _address(ctx: Context, target: Target) -> Address | None:
    port = target.effective_port or 0
    if target.host == ctx.cell.target.host:
        return Address(ctx.cell.address.host, port)
    found = await resolve(
        target.host, clock=ctx.clock, deadline_s=_RESOLVE_S, nameservers=ctx.settings.nameservers or None
    )
    addresses = [Address(host, port) for host in found.addresses]
    inward = [each for each in addresses if each.kind not in allowed(ctx)]
    same = [each for each in addresses if each.family == ctx.cell.address.family]
    return next(iter((*inward, *same, *addresses)), None)
