"""Climbs one ladder: each probe starts when those that give what it needs have ended, and tells how it ended."""

import asyncio
import traceback
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from natprobe.events import CheckAdvanced, CheckEnded, CheckPlanned, CheckStarted, Emit, Raised
from natprobe.model import Status
from natprobe.plan import dependencies, giver
from natprobe.probe import Advance, Cell, Context, Judgement, Probe

Rungs = tuple[Probe[Any], ...]
ADVANCE_EVERY_MS = 200.0


Told = tuple[dict[str, Any], Judgement]
"""The evidence of a check, as the report holds it, and what it means."""


class Draft(msgspec.Struct):
    """What a probe on its way has named to be judged where it is cut off."""

    so_far: Callable[[], msgspec.Struct | None] | None = None

    def keep(self, so_far: Callable[[], msgspec.Struct | None]) -> None:
        """See Context.keep."""
        self.so_far = so_far

    def told(self, probe: Probe[Any], why: str) -> Told:
        """The judgement of a check that was cut off; `why` is the clause for its summary."""
        try:
            evidence = self.so_far() if self.so_far else None
            if evidence is None:
                return {}, Judgement(status=Status.INCONCLUSIVE, summary=f"not decided: {why}")
            found = probe.judge(evidence)
        except Exception as error:  # as in Climb._answer
            return own_fault(error)
        return _plain(evidence), msgspec.structs.replace(found, summary=f"{found.summary}; {why}")


class Climb(msgspec.Struct, frozen=True):
    """One ladder on its way."""

    context: Context
    rungs: Rungs
    emit: Emit
    ended: dict[str, asyncio.Event]
    why_stopped: Callable[[], str]
    """Tells, at the moment when a probe is cut off from outside, what cut it off."""

    async def probe(self, probe: Probe[Any]) -> None:
        """Waits for what `probe` depends on, puts its question, tells the answer; skips it where a need is missing."""
        started = self.context.clock.now_ms()
        draft = Draft()
        answer: Told | None = None
        try:
            for earlier in dependencies(probe, self.rungs):
                await self.ended[earlier].wait()
            started = self.context.clock.now_ms()
            answer = await self._answer(probe, draft)
        finally:
            self.emit(self._told(probe, started, answer or draft.told(probe, self.why_stopped())))
            self.ended[probe.id].set()

    async def _answer(self, probe: Probe[Any], draft: Draft) -> Told:
        if probe.id in self.context.settings.skip:
            return {}, Judgement(status=Status.SKIP, summary="not tested: the user leaves it out")
        absent = next((thing for thing in probe.needs if not self.context.bench.has(thing)), None)
        if absent is not None:
            return {}, Judgement(status=Status.SKIP, summary=f"not tested: it needs {giver(self.rungs, absent)}")
        place = self.context.place
        self.emit(
            CheckStarted(
                at_ms=self.context.clock.now_ms(),
                id=probe.id,
                target=self.context.subject,
                address=place.address if place else None,
                transport=place.transport if place else None,
            )
        )
        try:
            async with asyncio.timeout(probe.deadline_s):
                evidence = await probe.observe(
                    msgspec.structs.replace(
                        self.context, advance=self._advance(probe), keep=draft.keep, alone=partial(self._alone, probe)
                    )
                )
            return _plain(evidence), probe.judge(evidence)
        except TimeoutError:
            return draft.told(probe, f"the check reached its own limit of {probe.deadline_s:g} s")
        except Exception as error:  # a fault of ours is a result too (exit code 3), and hides no other
            return own_fault(error)

    async def _alone(self, probe: Probe[Any]) -> None:
        for other, ended in self.ended.items():
            if other != probe.id:
                await ended.wait()

    def _advance(self, probe: Probe[Any]) -> Advance:
        told_ms = self.context.clock.now_ms()

        def advance(done: float, total: float, unit: str) -> None:
            nonlocal told_ms
            now_ms = self.context.clock.now_ms()
            if now_ms - told_ms >= ADVANCE_EVERY_MS:
                told_ms = now_ms
                self.emit(self._advanced(probe, now_ms, done, total, unit))

        return advance

    def _advanced(self, probe: Probe[Any], now_ms: float, done: float, total: float, unit: str) -> CheckAdvanced:
        place = self.context.place
        return CheckAdvanced(
            at_ms=now_ms,
            id=probe.id,
            target=self.context.subject,
            address=place.address if place else None,
            transport=place.transport if place else None,
            done=done,
            total=total,
            unit=unit,
        )

    def _told(self, probe: Probe[Any], started_ms: float, told: Told) -> CheckEnded:
        evidence, judgement = told
        place = self.context.place
        return CheckEnded(
            id=probe.id,
            target=self.context.subject,
            asked=self.context.asked,
            group=self.context.settings.group,
            address=place.address if place else None,
            transport=place.transport if place else None,
            status=judgement.status,
            summary=judgement.summary,
            started_ms=round(started_ms, 3),
            duration_ms=round(self.context.clock.now_ms() - started_ms, 3),
            evidence=evidence,
            raised=tuple(_placed(each, place) for each in judgement.raised),
        )


async def climb(context: Context, rungs: Rungs, emit: Emit, why_stopped: Callable[[], str]) -> None:
    """Runs every probe of `rungs` as its needs are met; returns when all have been told."""
    place = context.place
    for probe in rungs:
        emit(
            CheckPlanned(
                at_ms=context.clock.now_ms(),
                id=probe.id,
                title=probe.title,
                target=context.subject,
                asked=context.asked,
                group=context.settings.group,
                address=place.address if place else None,
                transport=place.transport if place else None,
            )
        )
    way = Climb(context, rungs, emit, {probe.id: asyncio.Event() for probe in rungs}, why_stopped)
    async with asyncio.TaskGroup() as group:
        for probe in rungs:
            group.create_task(way.probe(probe))


def _placed(raised: Raised, place: Cell | None) -> Raised:
    """`raised` with the cell's transport for its sentences, where its judge says nothing else."""
    if place is None:
        return raised
    return msgspec.structs.replace(raised, facts={"transport": place.transport} | raised.facts)


def _plain(evidence: msgspec.Struct) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(evidence))
    return plain


def own_fault(error: Exception) -> Told:
    """The evidence and the judgement of a check in which natprobe itself failed."""
    judgement = Judgement(status=Status.ERROR, summary=f"natprobe itself failed here: {type(error).__name__}")
    return {"trace": _trace(error)}, judgement


def _trace(error: Exception) -> list[str]:
    """Where it happened, without the values: an exception's text or locals could hold a secret."""
    return [
        f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
    ]
