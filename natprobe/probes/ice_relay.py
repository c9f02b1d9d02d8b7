"""Does this server give a relay to this host's other addresses as well, and not to the routed one alone?

RFC 8445 section 5.1.1.2: each interface asks for a relay of its own. Browsers do so over UDP once camera or microphone
is allowed; over TCP and TLS Chromium cannot choose its address, and has the relay of the routed one alone. That one's
relays are `turn.allocate`'s. No plan of checks picks this probe; `natprobe gather` does, where this host has more links
than one.
"""

import asyncio
import contextlib

import msgspec

from natprobe.address import Address
from natprobe.client.allocating import attempt
from natprobe.client.bases import Asking, Seat
from natprobe.client.opening import open_client_from
from natprobe.client.rig import FurtherRelays
from natprobe.client.stun import Reply
from natprobe.client.turn import TurnClient
from natprobe.events import Raised
from natprobe.ice import Relayed
from natprobe.model import Status
from natprobe.net.trouble import Reason, Trouble
from natprobe.probe import Context, Judgement, Probe
from natprobe.wire.attributes import alternate_server
from natprobe.wire.challenge import read_challenge
from natprobe.wire.registry import ERROR_NAMES
from natprobe.wire.transactions import Exchange

MOST_ADDRESSES = 7
"""Browsers have no limit. With the routed address these make eight allocations on one server."""

_START_S = 0.5
_QUOTA = 486


class View(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the server said to one address of this host."""

    base: Address
    """That address, port 0."""
    trouble: Trouble | None = None
    """Why nothing could be asked."""
    exchanges: tuple[Exchange, ...] = ()
    login: bool = True
    """Whether a credential was given; without one a challenge is the end."""
    bid_down: bool = False
    """Whether PASSWORD-ALGORITHMS may have been removed: a client must not go on (RFC 8489 section 9.2.5)."""
    relayed: Address | None = None
    mapped: Address | None = None


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the server said to all of them."""

    server: Address
    uri: str
    views: tuple[View, ...] = ()
    unasked: tuple[Address, ...] = ()
    """Addresses beyond the limit, from which nothing was asked."""


async def observe(ctx: Context) -> Evidence:
    """Asks from every other address at once; the allocations are released when the cell ends.

    The routed address has a start: where a quota leaves one relay alone, it is that one's.
    """
    asking = ctx.bench.get(Asking)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_START_S):
            await asking.routed.wait()
    seats, unasked = asking.others[:MOST_ADDRESSES], asking.others[MOST_ADDRESSES:]
    seekers = [_Seeker(ctx, asking, seat, place) for place, seat in enumerate(seats, start=1)]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(seeker.seek()) for seeker in seekers]
    found = [task.result() for task in tasks]
    ctx.bench.put(FurtherRelays(tuple(client for _, client in found if client is not None)))
    return Evidence(
        server=ctx.cell.address,
        uri=asking.url,
        views=tuple(view for view, _ in found),
        unasked=tuple(map(_portless, unasked)),
    )


class _Seeker(msgspec.Struct, frozen=True):
    """One address of this host on its way to a relay."""

    ctx: Context
    asking: Asking
    seat: Seat
    place: int

    async def seek(self) -> tuple[View, TurnClient | None]:
        """What became of it, and the line that holds the allocation."""
        exchanges: list[Exchange] = []
        greeted = await self._greeted(self.ctx.cell.address, exchanges)
        if isinstance(greeted, Trouble):
            return self._view(exchanges, trouble=greeted), None
        client, reply = greeted
        challenge = read_challenge(reply.message) if reply.message else None
        bid_down = challenge is not None and challenge.bid_down
        login = self.ctx.settings.login is not None
        if client.session.relayed is None and (client.session.challenge is None or bid_down or not login):
            return self._view(exchanges, bid_down=bid_down, login=login), None
        return await self._allocated(client, exchanges)

    async def _greeted(self, server: Address, exchanges: list[Exchange]) -> tuple[TurnClient, Reply] | Trouble:
        """The line on which the server said how it authenticates; a 300 is followed once, as in `turn.challenge`."""
        client = self._open(server)
        if isinstance(client, Trouble):
            return client
        reply = await client.greet()
        exchanges.append(reply.exchange)
        elsewhere = self._elsewhere(reply) if len(exchanges) == 1 else None
        return (client, reply) if elsewhere is None else await self._greeted(elsewhere, exchanges)

    async def _allocated(self, client: TurnClient, exchanges: list[Exchange]) -> tuple[View, TurnClient | None]:
        granted = client.session.relayed is not None

        async def fresh() -> TurnClient | Trouble:
            return self._open(client.server)

        made = await attempt(client, fresh)
        session = made.client.session
        if session.relayed is not None:
            self._tell(made.client, session.relayed)
        told = exchanges if granted else [*exchanges, *made.dialogue.exchanges]
        view = self._view(told, relayed=session.relayed, mapped=session.mapped)
        return view, made.client if session.relayed is not None else None

    def _open(self, server: Address) -> TurnClient | Trouble:
        return open_client_from(self.seat.base.address, server, self.ctx.hold, self.ctx.settings.login)

    def _elsewhere(self, reply: Reply) -> Address | None:
        led = alternate_server(reply.message) if reply.message and reply.exchange.code == 300 else None
        return led if led is not None and led.family == self.seat.base.address.family else None

    def _view(self, exchanges: list[Exchange], **more: object) -> View:
        return View(base=_portless(self.seat), exchanges=tuple(exchanges), **more)  # type: ignore[arg-type]

    def _tell(self, client: TurnClient, relayed: Address) -> None:
        self.asking.tell_relay(
            Relayed(
                relayed=relayed,
                mapped=client.session.mapped,
                through="udp",
                server=client.server,
                server_order=self.asking.order,
                url=self.asking.url,
                base=_portless(self.seat),
                place=self.place,
            )
        )


def _portless(seat: Seat) -> Address:
    return Address(seat.base.address.host, 0)


def judge(evidence: Evidence) -> Judgement:
    """A warning at most: an address of this host that leads nowhere is no fault of the server."""
    got = ", ".join(f"{view.base.host} has {view.relayed}" for view in evidence.views if view.relayed)
    missing = [view for view in evidence.views if view.relayed is None]
    lacks = "; ".join(f"no relay from {view.base.host}: {why(view, evidence.server)}" for view in missing)
    count = len(evidence.unasked)
    rest = f"not asked from {count} more, {MOST_ADDRESSES} are the limit" if count else ""
    summary = "; ".join(filter(None, (lacks, got, rest))) or "this host has no other address that leads there"
    if not missing:
        return Judgement(status=Status.PASS, summary=summary)
    return Judgement(status=Status.WARN, summary=summary, raised=(_missing(evidence, missing),))


def _missing(evidence: Evidence, missing: list[View]) -> Raised:
    facts = {
        "uri": evidence.uri,
        "address": str(evidence.server),
        "local": ", ".join(view.base.host for view in missing),
        "seen": ", ".join(view.base.host for view in evidence.views if view.relayed),
        "detail": why(missing[0], evidence.server),
    }
    return Raised(id="ice-relay-missing-from-address", facts=facts)


def why(view: View, server: Address) -> str:
    """Why this address has no relay, in a clause."""
    if view.trouble is not None:
        return view.trouble.detail
    last = view.exchanges[-1]
    if view.bid_down:
        return "the server's list of password algorithms may have been removed on the way"
    if last.code == 401 and not view.login:
        return "no credentials were given"
    if last.outcome == "error":
        counts = ", and each address of this host counts as one" if last.code == _QUOTA else ""
        return f"Allocate is refused: {last.code} ({ERROR_NAMES.get(last.code or 0, 'unknown code')}){counts}"
    if last.outcome == "success":
        return "the success response names no relayed address"
    if last.discarded:
        return f"the answer cannot be believed: {last.discarded[0]}"
    if last.outcome != Reason.SILENT:
        return last.detail or f"no answer: {last.outcome}"
    waited = f"{(last.waited_ms or 0) / 1000:.1f} s"
    return f"{server} does not answer over udp: asked {len(last.sends_ms)} times in {waited}"


PROBE = Probe(
    id="ice.relay",
    title="Relays of other addresses",
    rung=4,
    schemes=frozenset(),
    transports=frozenset({"udp"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=8.0,
    needs=(Asking,),
)
