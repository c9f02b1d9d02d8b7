"""A call between two browsers: natprobe carries the signalling, and brings back what both measured."""

import asyncio

from natprobe.client.browsers import BrowserEnd
from natprobe.connecting.browser.board import Board, Seat
from natprobe.connecting.browser.events import Described
from natprobe.connecting.browser.site import begin, served
from natprobe.connecting.browser.with_page import result_of, say_goodbye
from natprobe.connecting.run import PageParty, Stage, without_candidates
from natprobe.events import Emit
from natprobe.gathering import Wish
from natprobe.gathering.gather import Gathering
from natprobe.probes.ice_connect import Evidence

LIMIT_S = 45.0
"""The pages themselves give up after 25 s."""


async def watch_browsers(wish: Wish, party: PageParty, emit: Emit) -> None:
    """Serves the page, and has the two browsers that open it call each other. Raises ListenError."""
    board = Board(2)

    async def make(current: Gathering, stage: Stage) -> Evidence:
        stage.clause = lambda: f"{len(board.seats)} of 2 browsers had opened the page"
        await _both(board)
        stage.clause = lambda: "the call between the browsers was under way"
        ends = await _called(current, board)
        await say_goodbye(board)
        return Evidence(policy=current.wish.policy, browsers=ends)

    async with served(board, party.listen, party.show):
        await without_candidates(wish, emit, make)


async def _both(board: Board) -> None:
    await board.first.wait()
    board.seats[0].tell({"kind": "wait", "text": "Open this address in the other browser as well."})
    await board.full.wait()


async def _called(current: Gathering, board: Board) -> tuple[BrowserEnd, ...]:
    first, second = board.seats
    begin(second, current.wish, offers=False, data=True)
    begin(first, current.wish, offers=True, data=True)
    carrying = [asyncio.create_task(_carry(*way)) for way in ((first, second), (second, first))]
    try:
        done = [asyncio.shield(seat.result) for seat in board.seats]
        await asyncio.wait(done, timeout=LIMIT_S)
        told = [await result_of(seat) for seat in board.seats]
    finally:
        for task in carrying:
            task.cancel()
        await asyncio.gather(*carrying, return_exceptions=True)
    return tuple(end or BrowserEnd() for end in told)


async def _carry(one: Seat, other: Seat) -> None:
    """What one page says to the other, in its order."""
    while True:
        said = await one.said.get()
        if isinstance(said, Described):
            other.tell({"kind": "description", "type": said.type, "sdp": said.sdp})
        else:
            other.tell({"kind": "candidate", "candidate": said.candidate})
