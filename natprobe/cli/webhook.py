"""Posts to a user's own web server what has changed: as JSON, one at a time, and never for long.

The path of such a URL is often the secret that lets one post there. So it stands in no message, is sent over TLS only
to a server whose certificate is good, and no redirect is followed with it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import msgspec

from natprobe.address import Address
from natprobe.cli.parser import UsageError
from natprobe.client.hold import Hold
from natprobe.client.http import Exchanged, deliver
from natprobe.client.line import Way
from natprobe.events import Packet
from natprobe.net.clock import Clock
from natprobe.net.handshake import Roots
from natprobe.net.resolve import resolve
from natprobe.target import Target, TargetError, parse
from natprobe.wire.http.limits import Limits
from natprobe.wire.http.request import JSON, request_for
from natprobe_tui.changes import Told
from natprobe_tui.desk import DeskError

VARIABLE = "NATPROBE_WEBHOOK"
MOST_CHANGES = 200
"""More changes of one round are counted, and not sent."""
MOST_WAITING = 8
"""Posts that wait for a slow server; what comes beyond is not sent, and said so."""
_MOST_ADDRESSES = 3
_LIMITS = Limits(body_bytes=4096)


def webhook(url: str, ca_file: str | None = None) -> Callable[[Told], Awaitable[None]]:
    """What posts to `url`; it raises DeskError where that failed. Raises UsageError where `url` is none."""
    target = _target(url)
    turn, waiting = asyncio.Lock(), set[int]()

    async def tell(news: Told) -> None:
        if len(waiting) >= MOST_WAITING:
            raise DeskError(f"webhook {target.host}: too slow, this round's changes were not posted")
        waiting.add(id(news))
        try:
            async with turn:
                await _post(target, msgspec.json.encode(bounded(news)), Roots(ca_file))
        finally:
            waiting.discard(id(news))

    return tell


def bounded(news: Told) -> Told:
    """`news` with its first changes, and how many more there are."""
    more = max(len(news.changes) - MOST_CHANGES, 0)
    return msgspec.structs.replace(news, changes=news.changes[:MOST_CHANGES], omitted=more)


def _target(url: str) -> Target:
    try:
        target = parse(url)
    except TargetError:
        raise UsageError("--webhook: that is no URL; give one such as https://hooks.example.org/natprobe") from None
    if target.scheme not in ("http", "https"):
        raise UsageError(f"--webhook: {target.scheme} is not posted to; give an http or https URL")
    return target


async def _post(target: Target, document: bytes, roots: Roots) -> None:
    clock = Clock()
    found = await resolve(target.host, clock=clock)
    if not found.addresses:
        raise DeskError(f"webhook {target.host}: the name has no address")
    for host in found.addresses[:_MOST_ADDRESSES]:
        done = await _sent(target, Address(host, target.effective_port or 0), document, (clock, roots))
        if done.status is not None:
            break
    if done.status is None:
        raise DeskError(f"webhook {target.host}: {done.seen.trouble.detail if done.seen.trouble else 'no answer'}")
    if not 200 <= done.status < 300:
        raise DeskError(f"webhook {target.host}: it answered {done.status}")


async def _sent(target: Target, address: Address, document: bytes, means: tuple[Clock, Roots]) -> Exchanged:
    request = request_for(target, "POST", headers=(("Content-Type", JSON),), body=document)
    way = Way("tls" if target.secure else "tcp", address, target.host)
    async with AsyncExitStack() as closing, asyncio.TaskGroup() as tasks:
        return await deliver(Hold(means[0], _untraced, means[1], tasks, closing), way, request, _LIMITS)


def _untraced(_packet: Packet) -> None:
    """A post is no probe, and its packets are nobody's evidence."""
