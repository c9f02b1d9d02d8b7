"""Asks an endpoint for its answer as its clients do: GET, then POST where GET is not taken; redirects followed."""

from typing import Literal

import msgspec

from natprobe.client.http import Exchanged, HttpExchange
from natprobe.probe import Context
from natprobe.web.asking import ask
from natprobe.web.trail import REDIRECTS, Trail, follow

NOT_TAKEN = frozenset({404, 405, 501})
"""Statuses after which the other method is worth trying."""
Method = Literal["GET", "POST"]


class Asked(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Each answer in its order, and the way to the last one."""

    exchanges: tuple[HttpExchange, ...]
    method: Method
    """Of the last one."""
    trail: Trail | None = None
    """None where the endpoint did not redirect."""

    @property
    def last(self) -> HttpExchange:
        """The answer that counts."""
        return self.exchanges[-1]


async def ask_endpoint(ctx: Context, origin: str | None) -> tuple[Asked, Exchanged]:
    """Asks as the user says that clients do, or by each method until one is taken."""
    wanted = ctx.settings.expect.method
    methods: tuple[Method, ...] = (wanted,) if wanted else ("GET", "POST")
    exchanges: list[HttpExchange] = []
    for method in methods:
        answer = await ask(ctx, method, origin=origin)
        exchanges.append(answer.seen)
        if answer.status not in NOT_TAKEN:
            break
    if answer.status not in REDIRECTS:
        return Asked(exchanges=tuple(exchanges), method=method), answer
    followed = await follow(ctx, answer, method)
    last = followed.last or answer
    return Asked(exchanges=(*exchanges, last.seen), method=method, trail=followed.trail), last
