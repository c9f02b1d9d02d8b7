"""Two machines meet: one offers, the other answers, and both check. How their lines travel is a messenger's matter."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from natprobe.client.agents import Agent
from natprobe.client.call import Call, Policy, Role
from natprobe.client.calling import CONNECT_S, Terms, make_call
from natprobe.client.description import Description, DescriptionError, Kind, Offered, new_session, offered
from natprobe.client.outlets import Port, RelayPort
from natprobe.model import Candidate
from natprobe.net.clock import Clock

_PROMPT_S = 5.0
"""What signalling that needs no hands may take."""


class Messenger(Protocol):
    """Carries the two lines."""

    @property
    def prompt(self) -> bool:
        """Whether lines travel by themselves; else somebody's hands carry them, and take their time."""

    async def tell(self, kind: Kind, line: str) -> None:
        """Hands a line to the other end, or to whoever carries it there."""

    async def hear(self, kind: Kind, session: bytes | None) -> Description:
        """The other end's line, of `session` where that is known. Raises DescriptionError where another one came."""


@dataclass(slots=True)
class Meeting:
    """One end of a call with another machine, before it begins."""

    messenger: Messenger
    offering: bool
    policy: Policy
    ports: tuple[Port, ...]
    candidates: tuple[Candidate, ...]
    """All that this end offers: those of `ports`, and the reflexive ones."""
    remaining_s: Callable[[], float]
    """How much time is left for the whole run."""
    say: Callable[[str], None]
    """Writes one line of the conversation."""
    far: Description | None = None
    """The other end's offer, where it was there from the beginning."""
    refusal: str | None = None
    """Why the other end's line was refused."""
    doing: Callable[[], str] = lambda: "the call had not begun"
    own: tuple[Offered, ...] = field(init=False)

    def so_far(self) -> str:
        """How far it has got, as a clause, for a run that is cut off."""
        return self.doing()

    def __post_init__(self) -> None:
        """The candidates in the form in which they travel."""
        self.own = tuple(offered(candidate) for candidate in self.candidates)


async def meet(meeting: Meeting, clock: Clock) -> Call:
    """Offers or answers, connects and measures. Trouble is told, never raised."""
    agent = Agent(meeting.ports, meeting.own, clock, controlling=meeting.offering)
    terms = Terms(policy=meeting.policy, own_types=tuple(sorted(each.type for each in meeting.own)))
    try:
        ufrag, password = await agent.open()
        own = Description(
            session=meeting.far.session if meeting.far else new_session(),
            ufrag=ufrag,
            password=password,
            candidates=meeting.own,
            policy=meeting.policy,
        )
        far = await (_offer if meeting.offering else _answer)(meeting, own)
        await _introduce(agent, far)
        meeting.doing = lambda: progress(agent)
        return _with_denied(await make_call(agent, _patient(terms, meeting), clock), meeting.ports)
    except DescriptionError as error:
        meeting.refusal = str(error)
        role: Role = "controlling" if meeting.offering else "controlled"
        return Call(policy=meeting.policy, candidates=(terms.own_types, ()), role=role, trouble=str(error))
    finally:
        await agent.close()


def progress(agent: Agent) -> str:
    """How far the checks have come, as a clause."""
    checks = agent.checks()
    return f"{checks.sent} checks were sent, {checks.answered} answered, and {checks.received} had come in"


async def _offer(meeting: Meeting, own: Description) -> Description:
    await meeting.messenger.tell("offer", own.line("offer"))
    meeting.say(f"waiting up to {meeting.remaining_s():.0f} s for the answer")
    meeting.doing = lambda: "no answer to the offer had come"
    return await meeting.messenger.hear("answer", own.session)


async def _answer(meeting: Meeting, own: Description) -> Description:
    meeting.doing = lambda: "no offer had come"
    far = meeting.far or await meeting.messenger.hear("offer", None)
    answer = msgspec.structs.replace(own, session=far.session)
    await meeting.messenger.tell("answer", answer.line("answer"))
    if not meeting.messenger.prompt:
        meeting.say(f"waiting up to {meeting.remaining_s():.0f} s for the other side to begin")
    return far


async def _introduce(agent: Agent, far: Description) -> None:
    """All candidates at once: a .local name is looked for while the others wait for nothing."""
    agent.meet(far.ufrag, far.password)
    await asyncio.gather(*(agent.add(each) for each in far.candidates))
    await agent.add_no_more()


def _patient(terms: Terms, meeting: Meeting) -> Terms:
    """Whoever answers waits for the hands that carry the answer."""
    if meeting.offering:
        return terms
    patience_s = CONNECT_S + _PROMPT_S if meeting.messenger.prompt else meeting.remaining_s() - CONNECT_S
    return msgspec.structs.replace(terms, patience_s=max(CONNECT_S, patience_s))


def _with_denied(made: Call, ports: tuple[Port, ...]) -> Call:
    denied = tuple(
        f"{peer}: {'no answer' if code is None else code}"
        for port in ports
        if isinstance(port, RelayPort)
        for peer, code in port.refused.items()
    )
    return msgspec.structs.replace(made, denied=denied)
