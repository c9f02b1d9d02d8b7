"""The screens as text, at three sizes: what a person sees without colour. Renew with `pytest --snapshot-update`."""

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.tui.stage import REFUSED_ROUND, SHUT_ROUND, STOPPED_ROUND, at_home, playing, recorded, rounds, text_of

SIZES = {"small": (80, 24), "middle": (120, 36), "large": (200, 60)}
STORIES = {
    "shut": (rounds(SHUT_ROUND), ()),
    "refused": (rounds(REFUSED_ROUND), ("n",)),
    "stopped": (rounds(STOPPED_ROUND), ()),
    "mended": (recorded(), ("e",)),
    "filter": (rounds(SHUT_ROUND), ("slash", *"relay")),
    "finding": (rounds(SHUT_ROUND), ("n", "n", "enter")),
    "evidence": (rounds(SHUT_ROUND), ("n", "n", "enter", "2")),
    "packets": (rounds(SHUT_ROUND), ("n", "n", "enter", "3", "down")),
    "home": (at_home(), ()),
    "host": (at_home(), ("h",)),
    "nat-lane": (at_home(), ("down", "down", "enter", "3", "down")),
    "help": (rounds(1), ("question_mark",)),
    "save": (rounds(1), ("s",)),
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("story", STORIES)
async def test_the_screen_looks_as_it_did(story: str, size: str, snapshot: SnapshotAssertion) -> None:
    events, keys = STORIES[story]
    async with playing(events, SIZES[size]) as (app, pilot):
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
        await pilot.pause()
        app.paint()
        await pilot.pause()
        assert text_of(app) == snapshot
