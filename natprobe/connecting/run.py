"""`connect(wish, party, emit)`: one end of a call with another machine, from gathering to the judgement.

What was gathered stays open until the call has ended: the candidates that were told are the ones that are used. Bases
and relays are kept alive meanwhile, since somebody's hands may have to carry the lines.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

import msgspec

from natprobe.address import Address
from natprobe.client.call import Call, Role
from natprobe.client.description import MOST_CANDIDATES, Description
from natprobe.client.meeting import Meeting, Messenger, meet
from natprobe.client.outlets import HostPort, Port, RelayPort
from natprobe.events import CheckEnded, CheckPlanned, CheckStarted, Emit, RunEnded
from natprobe.gathering import Wish
from natprobe.gathering.gather import CLEANUP_S, Gathered, Gathering, begin, conclude, gathered
from natprobe.ladder import own_fault
from natprobe.model import Candidate, Status
from natprobe.net.signalling import SignallingError
from natprobe.probe import Judgement
from natprobe.probes.ice_connect import PROBE, Evidence

CALL = "call"
"""What the check is about: no server, but the path between two machines."""


@dataclass(slots=True)
class Party:
    """Which end this is, and how it finds the other one."""

    open: Callable[[], AbstractAsyncContextManager[Messenger]]
    """Gets a messenger for as long as the call is made. May raise SignallingError."""
    offering: bool
    say: Callable[[str], None]
    """Writes one line of the conversation."""
    far: Description | None = None
    """The offer, where it is there from the beginning."""
    refusal: str | None = None
    """Why the other end's line was refused, once that has happened."""


class PageParty(msgspec.Struct, frozen=True):
    """Where the page for browsers is served, and who is told its address."""

    listen: tuple[Address, ...]
    show: Callable[[str], None]


@dataclass(slots=True)
class Stage:
    """How far the call has got, for a run that is cut off."""

    clause: Callable[[], str] = field(default=lambda: "the call had not begun")


Making = Callable[[Gathering, Gathered, Stage], Awaitable[Evidence]]
Watching = Callable[[Gathering, Stage], Awaitable[Evidence]]


async def connect(wish: Wish, party: Party, emit: Emit) -> None:
    """Tells `emit` each event. Cancelled, it releases what it holds, tells its last event and ends."""

    async def make(current: Gathering, found: Gathered, stage: Stage) -> Evidence:
        try:
            async with party.open() as messenger:
                return evidence_of(await _met(current, found, stage, messenger))
        except SignallingError as error:
            trouble = f"the WebSocket that was to carry the lines: {error}"
            return evidence_of(uncalled(current, party.offering, trouble))

    async def _met(current: Gathering, found: Gathered, stage: Stage, messenger: Messenger) -> Call:
        meeting = Meeting(
            messenger=messenger,
            offering=party.offering,
            policy=current.wish.policy,
            ports=ports(current, found),
            candidates=best(current.collector.candidates),
            remaining_s=lambda: current.wish.plan.deadline_s - CLEANUP_S - current.clock.now(),
            say=party.say,
            far=party.far,
        )
        stage.clause = meeting.so_far
        own = f"{len(meeting.own)} candidate{'' if len(meeting.own) == 1 else 's'}"
        party.say(f"gathered {own} in {current.collector.settled_ms / 1000:.1f} s")
        made = await meet(meeting, current.clock)
        party.refusal = meeting.refusal
        return made

    await with_candidates(wish, emit, make)


async def with_candidates(wish: Wish, emit: Emit, make: Making) -> None:
    """Gathers, then has `make` make the call, which is judged and told; interruption and deadline end both."""

    async def call(current: Gathering) -> None:
        async with gathered(current) as found:
            conclude(current)
            stage = Stage()
            await _called(current, stage, make(current, found, stage))

    await _ran(begin(wish, emit), call)


async def without_candidates(wish: Wish, emit: Emit, make: Watching) -> None:
    """The same for a call of others, for which this host gathers nothing."""

    async def call(current: Gathering) -> None:
        stage = Stage()
        await _called(current, stage, make(current, stage))

    await _ran(begin(wish, emit), call)


async def _ran(current: Gathering, call: Callable[[Gathering], Awaitable[None]]) -> None:
    interrupted = True
    try:
        async with asyncio.timeout(current.wish.plan.deadline_s - CLEANUP_S):
            await call(current)
        interrupted = False
    except TimeoutError:
        interrupted = False
    finally:
        current.emit(RunEnded(at_ms=current.clock.now_ms(), interrupted=interrupted))


async def _called(current: Gathering, stage: Stage, making: Awaitable[Evidence]) -> None:
    """The check `ice.connect`; cut off, it says what was being waited for."""
    started = current.clock.now_ms()
    current.emit(CheckPlanned(at_ms=started, id=PROBE.id, title=PROBE.title, target=CALL))
    current.emit(CheckStarted(at_ms=started, id=PROBE.id, target=CALL))
    evidence: dict[str, Any] = {}
    judgement: Judgement | None = None
    try:
        made = await making
        evidence, judgement = msgspec.json.decode(msgspec.json.encode(made)), PROBE.judge(made)
    except Exception as error:  # as in a ladder: our own fault is a result, and hides no other
        evidence, judgement = own_fault(error)
    finally:
        current.emit(_told(current, started, evidence, judgement or _cut_off(current, stage)))


def _cut_off(current: Gathering, stage: Stage) -> Judgement:
    summary = f"not decided: {stage.clause()} when {current.why_stopped()}"
    return Judgement(status=Status.INCONCLUSIVE, summary=summary)


def _told(current: Gathering, started: float, evidence: dict[str, Any], judgement: Judgement) -> CheckEnded:
    return CheckEnded(
        id=PROBE.id,
        target=CALL,
        status=judgement.status,
        summary=judgement.summary,
        started_ms=round(started, 3),
        duration_ms=round(current.clock.now_ms() - started, 3),
        evidence=evidence,
        raised=judgement.raised,
    )


def uncalled(current: Gathering, offering: bool, trouble: str) -> Call:  # noqa: FBT001
    """What is known of a call that never began."""
    own = tuple(sorted(each.type for each in current.collector.candidates))
    role: Role = "controlling" if offering else "controlled"
    return Call(policy=current.wish.policy, candidates=(own, ()), role=role, trouble=trouble)


def evidence_of(made: Call) -> Evidence:
    """The evidence of one call, under its policy."""
    return Evidence(relay=made) if made.policy == "relay" else Evidence(all=made)


def ports(current: Gathering, found: Gathered) -> tuple[Port, ...]:
    """What packets can be sent from, kept alive until the end."""
    told = {(each.type, each.address): each for each in current.collector.candidates}
    hosts = [
        HostPort(candidate, seat.client)
        for seat in found.bases.seats
        if (candidate := told.get(("host", seat.base.address))) is not None
    ]
    relays = [
        RelayPort(candidate, lent.client, lent.hold)
        for lent in found.lent
        if (at := lent.client.session.relayed) is not None
        if (candidate := told.get(("relay", at))) is not None
    ]
    for port in hosts:
        own = port.candidate.address
        _keep(found, port.keep(tuple(server for base, server in current.collector.reflections if base == own)))
    for relay in relays:
        _keep(found, relay.keep())
    return (*hosts, *relays)


def _keep(found: Gathered, keeping: Any) -> None:
    task = found.hold.tasks.create_task(keeping)
    found.hold.closing.callback(task.cancel)


def best(candidates: list[Candidate]) -> tuple[Candidate, ...]:
    """As many as a description holds, by their priority."""
    ordered = sorted(candidates, key=lambda candidate: -candidate.priority)
    return tuple(ordered[:MOST_CANDIDATES])
