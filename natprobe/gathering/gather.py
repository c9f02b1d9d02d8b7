"""Gathers ICE candidates as a browser does (RFC 8445 section 5.1, RFC 8838): all at once, each told as it is found.

Host candidates need nobody. Each URI goes its own way at the same time: its name is resolved, every base asks it for
its reflexive address, and the first rungs of the TURN ladder allocate a relay, over every transport. The base sockets
outlive all of them; allocations are released while their lines still pump, on success, deadline and interruption. They
live until then only where a call is to be made with what was gathered (`gathered`).
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import msgspec

from natprobe import __version__
from natprobe.address import Address
from natprobe.client.bases import Asking, Bases, open_bases
from natprobe.client.hold import Hold
from natprobe.client.rig import FurtherRelays, RelayAlone, Relays
from natprobe.client.turn import TurnClient
from natprobe.credential import Credential
from natprobe.events import CheckEnded, Emit, Event, RunEnded, RunStarted
from natprobe.gathering.collector import Collector, Policy
from natprobe.ladder import Rungs, climb
from natprobe.net.clock import Clock
from natprobe.net.handshake import Roots
from natprobe.net.sockets import source_address_for
from natprobe.net.vantage import utc_now, vantage
from natprobe.plan import Plan, cells, for_cell, for_target, literal
from natprobe.probe import Bench, Cell, Context, Destinations, Settings
from natprobe.probes.ice_candidates import PROBE as CANDIDATES
from natprobe.probes.ice_candidates import Evidence, browser_notes
from natprobe.probes.ice_relay import MOST_ADDRESSES
from natprobe.target import Target

CLEANUP_S = 1.0
LADDER = frozenset({"dns.resolve", "turn.reach", "tls.certificate", "turn.challenge", "turn.allocate", "turn.release"})
"""The checks that a relay takes; those of its data path are `natprobe check`'s."""
REFLEXIVE = "ice.gather"
FURTHER = "ice.relay"
CONNECT = "ice.connect"
THIS_HOST = "this host"
_TURN = frozenset({"turn", "turns"})
_NO_STUNS = "a stuns server tells the address of a TCP or DTLS socket, which is no candidate"


class Wish(msgspec.Struct, frozen=True):
    """What to gather: `plan.targets` with the credential of each; `told` are checks that were made before."""

    plan: Plan
    credentials: tuple[Credential | None, ...]
    policy: Policy = "all"
    unusable: tuple[tuple[str, str], ...] = ()
    """Texts of the configuration that are no URI, each with the reason."""
    told: tuple[CheckEnded, ...] = ()
    connect: bool = False
    """Whether a call is made through each TURN server as well."""
    lend: bool = False
    """Whether relays are kept for a call with another machine."""


class Gathering(msgspec.Struct, frozen=True):
    """What every part of one gathering shares."""

    wish: Wish
    emit: Emit
    clock: Clock
    roots: Roots
    collector: Collector

    def why_stopped(self) -> str:
        """The clause for a check that the end cuts off just now."""
        if self.clock.now() >= self.wish.plan.deadline_s - CLEANUP_S:
            return f"the run reached its deadline of {self.wish.plan.deadline_s:g} s"
        return "the run was interrupted"


class Lent(msgspec.Struct, frozen=True):
    """An allocation that lives as long as what was gathered is used, and what its packets are sent with."""

    client: TurnClient
    hold: Hold


class Gathered(msgspec.Struct):
    """What was gathered, still open."""

    bases: Bases
    hold: Hold
    lent: list[Lent] = []


class Way(msgspec.Struct, frozen=True):
    """What the checks of one URI share."""

    current: Gathering
    settings: Settings
    emit: Emit
    asking: Asking
    found: Gathered
    users: asyncio.TaskGroup
    """Where ladders whose allocations are lent run on until `over`."""
    over: asyncio.Event


async def gather(wish: Wish, emit: Emit) -> None:
    """Gathers, and tells `emit` each event. Cancelled, it releases what it holds, tells its last event and ends."""
    current = begin(wish, emit)
    interrupted = True
    try:
        async with asyncio.timeout(wish.plan.deadline_s - CLEANUP_S), gathered(current):
            pass
        interrupted = False
    except TimeoutError:
        interrupted = False
    finally:
        if not interrupted:
            conclude(current)
        emit(RunEnded(at_ms=current.clock.now_ms(), interrupted=interrupted))


def begin(wish: Wish, emit: Emit) -> Gathering:
    """Tells that the run begins."""
    clock, plan = Clock(), wish.plan
    emit(
        RunStarted(
            natprobe=__version__,
            command=plan.command,
            started=utc_now(),
            deadline_ms=plan.deadline_s * 1000,
            vantage=vantage(),
            targets=tuple(str(target) for target in plan.targets),
        )
    )
    return Gathering(wish, emit, clock, Roots(plan.settings.ca_file), Collector(emit, clock, wish.policy))


@contextlib.asynccontextmanager
async def gathered(current: Gathering) -> AsyncIterator[Gathered]:
    """Gathers; bases and relays stay open for as long as the block lasts, and are released at its end."""
    wish = current.wish
    for check in wish.told:
        current.emit(check)
    for url, why in wish.unusable:
        current.collector.miss(url, why)
    async with _held(current) as hold:
        found, over = Gathered(open_bases(hold, wish.plan.families), hold), asyncio.Event()
        for seat in found.bases.seats:
            current.collector.host(seat.base)
        async with asyncio.TaskGroup() as users:
            try:
                await _gather_from_all(current, found, users, over)
                yield found
            finally:
                over.set()


async def _gather_from_all(current: Gathering, found: Gathered, users: asyncio.TaskGroup, over: asyncio.Event) -> None:
    wish = current.wish
    async with asyncio.TaskGroup() as group:
        for order, (target, credential) in enumerate(zip(wish.plan.targets, wish.credentials, strict=True)):
            url = str(target)
            settings = msgspec.structs.replace(wish.plan.settings, credential=credential)
            asking = Asking(found.bases, order, url, current.collector.reflexive, current.collector.relayed)
            way = Way(current, settings, current.collector.listener(url, order), asking, found, users, over)
            group.create_task(_gather_from(way, target))


async def _gather_from(way: Way, target: Target) -> None:
    current, asking = way.current, way.asking
    if target.scheme == "stuns":
        current.collector.miss(asking.url, _NO_STUNS)
        return
    if target.scheme == "stun" and current.wish.policy == "relay":
        return
    try:
        found = literal(target) or await _resolved(way, target)
        async with asyncio.TaskGroup() as group:
            for cell in cells(target, found, current.wish.plan.families):
                if target.scheme in _TURN:
                    group.create_task(_relay(_towards(way, cell.address), cell))
                if cell.transport == "udp" and current.wish.policy == "all":
                    group.create_task(_climb(way, cell, _only(current, REFLEXIVE), _bench(way)))
    finally:
        current.collector.close(asking.url)


async def _resolved(way: Way, target: Target) -> Destinations:
    async with _held(way.current) as hold:
        context = Context(target=target, place=None, settings=way.settings, bench=Bench(), hold=hold)
        await climb(context, for_target(way.current.wish.plan.probes, target), way.emit, way.current.why_stopped)
        return context.bench.get(Destinations) if context.bench.has(Destinations) else Destinations(())


def _towards(way: Way, server: Address) -> Way:
    """`way` with this host's other addresses that ask `server`; beside them the routed one shows by name."""
    others = way.asking.bases.beside_routed(server)
    if not others:
        return way
    asking = msgspec.structs.replace(way.asking, others=others, routed=asyncio.Event())
    bases = tuple(Address(seat.base.address.host, 0) for seat in others[:MOST_ADDRESSES])
    listener = way.current.collector.listener(asking.url, asking.order, source_address_for(server), bases)

    def hear(event: Event) -> None:
        listener(event)
        if isinstance(event, CheckEnded) and event.id == "turn.allocate":
            asking.routed.set()

    return msgspec.structs.replace(way, asking=asking, emit=hear)


def _ladder(way: Way, cell: Cell) -> Rungs:
    wish = way.current.wish
    probes = [probe for probe in wish.plan.probes if probe.id in LADDER]
    if wish.connect:
        probes += [msgspec.structs.replace(probe, schemes=_TURN) for probe in _only(way.current, CONNECT)]
    if cell.transport == "udp" and way.asking.others:
        probes += [msgspec.structs.replace(probe, schemes=_TURN) for probe in _only(way.current, FURTHER)]
    return for_cell(probes, cell, way.settings)


def _bench(way: Way) -> Bench:
    bench = Bench()
    bench.put(way.asking)
    if not way.current.wish.connect:
        bench.put(RelayAlone())
    return bench


def _only(current: Gathering, wanted: str) -> Rungs:
    return tuple(probe for probe in current.wish.plan.probes if probe.id == wanted)


async def _relay(way: Way, cell: Cell) -> None:
    """Climbs to the allocation. Where it is lent it lives on in a task of its own; this ends when it is there."""
    if not way.current.wish.lend:
        await _climb(way, cell, _ladder(way, cell), _bench(way))
        return
    there = asyncio.Event()
    way.users.create_task(_lend(way, cell, there))
    await there.wait()


async def _lend(way: Way, cell: Cell, there: asyncio.Event) -> None:
    rungs = tuple(probe for probe in _ladder(way, cell) if probe.id != "turn.release")
    bench = _bench(way)
    try:
        async with _held(way.current) as hold:
            context = Context(target=cell.asked, place=cell, settings=way.settings, bench=bench, hold=hold)
            await climb(context, rungs, way.emit, way.current.why_stopped)
            routed = (bench.get(Relays).first,) if bench.has(Relays) else ()
            further = bench.get(FurtherRelays).clients if bench.has(FurtherRelays) else ()
            way.found.lent += (Lent(client, hold) for client in (*routed, *further))
            there.set()
            await way.over.wait()
    finally:
        there.set()


async def _climb(way: Way, cell: Cell, rungs: Rungs, bench: Bench) -> None:
    async with _held(way.current) as hold:
        context = Context(target=cell.asked, place=cell, settings=way.settings, bench=bench, hold=hold)
        await climb(context, rungs, way.emit, way.current.why_stopped)


def conclude(current: Gathering) -> None:
    """The last check: whether the candidates are there that a call needs."""
    evidence = _summed_up(current)
    judgement = CANDIDATES.judge(evidence)
    current.emit(
        CheckEnded(
            id=CANDIDATES.id,
            target=THIS_HOST,
            status=judgement.status,
            summary=judgement.summary,
            started_ms=0.0,
            duration_ms=evidence.complete_ms,
            evidence=msgspec.json.decode(msgspec.json.encode(evidence)),
            raised=judgement.raised,
        )
    )


def _summed_up(current: Gathering) -> Evidence:
    collector, targets = current.collector, current.wish.plan.targets
    counted = Counter(candidate.type for candidate in collector.candidates)
    stuns = tuple(str(target) for target in targets if target.scheme == "stuns")
    return Evidence(
        policy=current.wish.policy,
        host=counted["host"],
        srflx=counted["srflx"],
        relay=counted["relay"],
        reflected=collector.reflected,
        stun=tuple(str(target) for target in targets if target.scheme == "stun"),
        turn=tuple(str(target) for target in targets if target.scheme in _TURN),
        missed=tuple(collector.missed),
        complete_ms=collector.settled_ms,
        browser=browser_notes(tuple(collector.candidates), stuns, reflected_own=collector.reflected_own),
    )


@contextlib.asynccontextmanager
async def _held(current: Gathering) -> AsyncIterator[Hold]:
    async with asyncio.TaskGroup() as pumps:
        closing = AsyncExitStack()
        try:
            yield Hold(current.clock, current.emit, current.roots, pumps, closing)
        finally:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLEANUP_S):
                    await closing.aclose()
