"""Which pages take part, what each has said, and what it is to be told."""

import asyncio
from collections.abc import Sequence

import msgspec

from natprobe.connecting.browser.events import DECODER, Described, Ended, Exchange, FromPage, ToPage, Trickled
from natprobe.listening.message import Request, Response, sentence

HOLD_S = 5.0
"""How long a page's question waits for something to tell it."""
_MOST_TOLD = 512
_MOST_SAID = 256
_SEATS = "AB"


class Seat:
    """One page, from the moment when it took part."""

    def __init__(self, name: str, page: str) -> None:
        self.name, self.page = name, page
        self.said: asyncio.Queue[Described | Trickled] = asyncio.Queue(_MOST_SAID)
        """What it said and nobody has looked at yet."""
        self.result: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()
        self._told: list[ToPage] = []
        self._news = asyncio.Event()

    def tell(self, event: ToPage) -> None:
        """Has the page hear `event`."""
        if len(self._told) < _MOST_TOLD:
            self._told.append(event)
            self._news.set()

    def take(self, events: Sequence[FromPage]) -> bool:
        """Takes what the page says; whether it fits."""
        for event in events:
            if isinstance(event, Ended):
                if not self.result.done():
                    self.result.set_result(event)
            elif self.said.full():
                return False
            else:
                self.said.put_nowait(event)
        return True

    async def news(self, after: int) -> list[ToPage]:
        """The events from number `after` on; waits a while where there are none."""
        if len(self._told) <= after:
            self._news.clear()
            try:
                async with asyncio.timeout(HOLD_S):
                    await self._news.wait()
            except TimeoutError:
                return []
        return self._told[after:]


class Board:
    """The pages of one call: one, or two. A third is turned away."""

    def __init__(self, places: int) -> None:
        self.seats: list[Seat] = []
        self.first = asyncio.Event()
        """A page is there."""
        self.full = asyncio.Event()
        """Every page that the call needs is there."""
        self._places = places

    async def exchange(self, request: Request) -> Response:
        """Takes what a page says, and tells it what is new."""
        try:
            asked = DECODER.decode(request.body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            return sentence(400, f"this is no message of the page's: {str(error)[:200]}")
        seat = self._seat(asked)
        if seat is None:
            return sentence(409, "this call has all of its ends already: load the page of a new one")
        if not seat.take(asked.events):
            return sentence(429, "the page says more than a call needs")
        news = await seat.news(asked.after) if asked.wait else []
        body = msgspec.json.encode({"seat": seat.name, "events": news})
        return Response(status=200, body=body, media_type="application/json")

    def _seat(self, asked: Exchange) -> Seat | None:
        known = next((seat for seat in self.seats if seat.page == asked.page), None)
        if known is not None or len(self.seats) == self._places:
            return known
        seat = Seat(_SEATS[len(self.seats)], asked.page)
        self.seats.append(seat)
        self.first.set()
        if len(self.seats) == self._places:
            self.full.set()
        return seat
