"""A call between a browser and this natprobe, whose half is ICE alone: no DTLS is attempted."""

import asyncio
import contextlib

import msgspec

from natprobe.client.agents import Agent
from natprobe.client.browsers import BrowserEnd
from natprobe.client.call import Call
from natprobe.client.calling import CONNECT_S, Terms, make_call
from natprobe.client.description import DescriptionError, from_candidate_line, offered
from natprobe.connecting.browser.board import Board, Seat
from natprobe.connecting.browser.events import Described, Trickled
from natprobe.connecting.browser.sdp import Ice, answer, read_offer
from natprobe.connecting.browser.site import begin, served
from natprobe.connecting.run import PageParty, Stage, best, evidence_of, ports, uncalled, with_candidates
from natprobe.events import Emit
from natprobe.gathering import Wish
from natprobe.gathering.gather import Gathered, Gathering
from natprobe.probes.ice_connect import Evidence

_GOODBYE_S = 0.3
RESULT_S = 6.0
LIMIT_S = CONNECT_S + 5.0
"""A browser tells its candidates one by one, and late where a server of its own is silent."""


async def call_browser(wish: Wish, party: PageParty, emit: Emit) -> None:
    """Serves the page, gathers, and calls the browser that opens it. Raises ListenError."""
    board = Board(1)

    async def make(current: Gathering, found: Gathered, stage: Stage) -> Evidence:
        stage.clause = lambda: "no browser had opened the page"
        await board.full.wait()
        stage.clause = lambda: "the call with the browser was under way"
        seat = board.seats[0]
        begin(seat, current.wish, offers=True, data=False)
        made = await _called(current, found, seat)
        end = await result_of(seat)
        await say_goodbye(board)
        return msgspec.structs.replace(evidence_of(made), browsers=(end,) if end else ())

    async with served(board, party.listen, party.show):
        await with_candidates(wish, emit, make)


async def say_goodbye(board: Board) -> None:
    """Lets the pages know that the report is there, before their server is gone."""
    for seat in board.seats:
        seat.tell({"kind": "done"})
    await asyncio.sleep(_GOODBYE_S)


async def result_of(seat: Seat, limit_s: float = RESULT_S) -> BrowserEnd | None:
    """What the page has measured; None where it does not tell."""
    seat.tell({"kind": "finish"})
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(limit_s):
            return (await asyncio.shield(seat.result)).result
    return None


async def _called(current: Gathering, found: Gathered, seat: Seat) -> Call:
    own = best(current.collector.candidates)
    agent = Agent(ports(current, found), [offered(each) for each in own], current.clock, controlling=False)
    try:
        ufrag, password = await agent.open()
        ice = await _offer_of(seat)
        agent.meet(ice.ufrag, ice.password, lite=ice.lite)
        seat.tell({"kind": "description", "type": "answer", "sdp": answer(ice, ufrag, password, own)})
        terms = Terms(
            policy=current.wish.policy,
            own_types=tuple(sorted(each.type for each in own)),
            limit_s=LIMIT_S,
            data=False,
        )
        adding = asyncio.create_task(_add(agent, seat, ice))
        try:
            return await make_call(agent, terms, current.clock)
        finally:
            adding.cancel()
            await asyncio.gather(adding, return_exceptions=True)
    except DescriptionError as error:
        return uncalled(current, offering=False, trouble=str(error))
    finally:
        await agent.close()


async def _offer_of(seat: Seat) -> Ice:
    """The page's offer. Raises DescriptionError where something else comes."""
    while True:
        said = await seat.said.get()
        if isinstance(said, Described):
            return read_offer(said.sdp)


async def _add(agent: Agent, seat: Seat, ice: Ice) -> None:
    """Every candidate of the page's, as it comes; one that cannot be read is left out."""
    async with asyncio.TaskGroup() as group:
        for told in ice.candidates:
            group.create_task(agent.add(told))
        while True:
            said = await seat.said.get()
            if not isinstance(said, Trickled):
                continue
            if not said.candidate:
                break
            with contextlib.suppress(DescriptionError):
                candidate = from_candidate_line(said.candidate)
                if candidate is not None:
                    group.create_task(agent.add(candidate))
    await agent.add_no_more()
