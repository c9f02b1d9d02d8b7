"""Asks the server itself to write from an address that this host has never written to (RFC 5780 section 4.4).

Both tests run at once, each on a fresh socket: on the socket of the mapping test the other address would be no
stranger any more. An ordinary Binding travels beside every request, which measures the path. Meanwhile the socket of
the mapping test, whose filter is open for those addresses, asks for the same: only where that answer comes is it proved
that the server does what CHANGE-REQUEST says, and a silence on the fresh sockets can mean a filter. Behind a NAT with
a mapping for each destination, RESPONSE-PORT points that answer to the mapping which is open for its source.
"""

import asyncio
from typing import Literal

import msgspec

from natprobe.address import Address
from natprobe.client.hold import Hold
from natprobe.client.sounding import Inquiry, Question, Sounder, Sounding, hear, open_sounder, plain, repeat, salvo
from natprobe.client.survey import Offer, Port, Survey, longest_way_s
from natprobe.net.trouble import Trouble
from natprobe.wire.behaviour import CERTAIN, Tally, Trial, chance_of_loss, pooled
from natprobe.wire.plain_values import ChangeRequest, encode_change_request, encode_response_port
from natprobe.wire.registry import Attribute

SENDS_S = (0.0, 0.05, 0.11, 0.19, 0.29, 0.4)
MORE_SENDS_S = (0.0, 0.1, 0.2, 0.3)
MOST_SENDS = 22
"""After which a path that loses so much is given up, and the answer is "unknown"."""
_PROOF_SENDS_S = (0.0, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9)

Test = Literal["address", "port"]


class Change(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One filtering test with all that it rests on."""

    test: Sounding
    """Sent from a fresh socket, answered by a stranger or not at all."""
    control: Sounding
    """Ordinary requests from the same socket."""
    proof: Sounding | None = None
    """The same question from a socket that the stranger may write to."""
    trial: Trial


class _Half:
    """One of the two tests while it runs."""

    def __init__(self, survey: Survey, offer: Offer, sounder: Sounder, kind: Test) -> None:
        self.kind = kind
        self.expected = offer.other if kind == "address" else offer.other_port
        self.change = encode_change_request(ChangeRequest(change_ip=kind == "address", change_port=True))
        self.proof: Inquiry | None = None
        self._survey = survey
        self._offer = offer
        self.test = sounder.ask(self._question(()))
        self.control = sounder.ask(plain(offer.primary))

    def _question(self, more: tuple[tuple[int, bytes], ...]) -> Question:
        return Question(
            name=f"CHANGE-REQUEST: {_NAMES[self.kind]}",
            to=self._offer.primary,
            expected=self.expected,
            attributes=((Attribute.CHANGE_REQUEST, self.change), *more),
        )

    async def prove(self) -> None:
        """Has the stranger write to the socket that has written to it."""
        survey, alternates = self._survey, self._survey.alternates
        if alternates is None:
            return
        stranger = alternates.both if self.kind == "address" else alternates.port
        if not await hear(stranger.heard, _PROOF_SENDS_S[-1] + survey.wait_s):
            return
        self.proof = survey.sounder.ask(self._question(self._towards(stranger)))
        await repeat(self.proof, _PROOF_SENDS_S, give_up_s=_PROOF_SENDS_S[-1] + survey.wait_s)

    def _towards(self, stranger: Inquiry) -> tuple[tuple[int, bytes], ...]:
        """RESPONSE-PORT, where the stranger knows our socket by another port than the server does."""
        seen = stranger.sounding().mapped
        known = {each.sounding().mapped for each in self._survey.servers if each.question.to == self._offer.primary}
        if seen is None or seen in known:
            return ()
        return ((Attribute.RESPONSE_PORT, encode_response_port(seen.port)),)

    def written(self, control: Tally) -> Change:
        """The evidence, and the trial that it makes."""
        test = self.test.sounding()
        proof = self.proof.sounding() if self.proof else None
        trial = Trial(
            stranger=str(self.expected),
            sends=len(test.sends_ms),
            waited_ms=test.waited_ms,
            arrived=test.arrived,
            proved=proof is not None and proof.arrived,
            disproof=_disproof(test) or (_disproof(proof) if proof else None),
            control=control,
        )
        return Change(test=test, control=self.control.sounding(), proof=proof, trial=trial)


def _disproof(sounding: Sounding) -> str | None:
    if sounding.code is not None:
        return f"the server answers CHANGE-REQUEST with error {sounding.code}"
    stray = next((echo.source for echo in sounding.strays), None)
    if stray is None:
        return None
    if stray == sounding.to:
        return f"the server ignores CHANGE-REQUEST: {stray} answers in place of {sounding.expected}"
    return f"the answer came from {stray} in place of {sounding.expected}"


async def by_change(
    hold: Hold, survey: Survey, offer: Offer, source: Address | None
) -> tuple[Change, Change] | Trouble:
    """Both tests, by another address and by another port of the same address; from `source` where it is given."""
    halves: list[_Half] = []
    for kind in _NAMES:
        sounder = open_sounder(hold, offer.primary, source)
        if isinstance(sounder, Trouble):
            return sounder
        halves.append(_Half(survey, offer, sounder, kind))
    async with asyncio.TaskGroup() as group:
        proofs = [group.create_task(half.prove()) for half in halves]
        await _until_certain(survey, halves, proofs)
        for proof in proofs:
            proof.cancel()
    for half in halves:
        mapped = half.control.sounding().mapped
        if mapped is not None:
            survey.ports.append(Port(half.control.sounding().local, mapped))
    control = _control(survey, halves)
    return halves[0].written(control), halves[1].written(control)


async def _until_certain(survey: Survey, halves: list[_Half], proofs: list["asyncio.Task[None]"]) -> None:
    sends_s: tuple[float, ...] = SENDS_S
    stranger_came = halves[0].test.heard
    while True:
        await salvo(_asked(halves), sends_s, stranger_came)
        await hear(stranger_came, _wait_s(survey, halves))
        if stranger_came.is_set() or _ignored(halves):
            return  # an arrival from another address settles both tests
        if _certain(survey, halves) or halves[0].test.sends >= MOST_SENDS:
            await asyncio.wait(proofs)
            return
        sends_s = MORE_SENDS_S


def _asked(halves: list[_Half]) -> tuple[Inquiry, ...]:
    return tuple(inquiry for half in halves for inquiry in (half.test, half.control) if not half.test.heard.is_set())


def _ignored(halves: list[_Half]) -> bool:
    return any(_disproof(half.test.sounding()) for half in halves)


def _wait_s(survey: Survey, halves: list[_Half]) -> float:
    return max(survey.wait_s, longest_way_s(half.control.sounding() for half in halves))


def _certain(survey: Survey, halves: list[_Half]) -> bool:
    """Whether each silence, if it is one, can no longer be mere loss."""
    control = _control(survey, halves)
    silent = [half.test.sends for half in halves if not half.test.heard.is_set()]
    return all(chance_of_loss(control, sends) < CERTAIN for sends in silent)


def _control(survey: Survey, halves: list[_Half]) -> Tally:
    asked = [each.sounding().tally for each in survey.servers if each.question.to == halves[0].control.question.to]
    return pooled((*asked, *(half.control.sounding().tally for half in halves)))


_NAMES: dict[Test, str] = {"address": "other address and port", "port": "other port"}
