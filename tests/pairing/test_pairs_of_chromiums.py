"""A sample of the matrix with two real Chromiums: a data channel opens, or none does, and no relay is there to help.

NATPROBE_EVERY_PAIR in the environment asks for all pairs of the common kinds.
"""

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import combinations_with_replacement
from typing import Any, NamedTuple

import pytest

from natprobe.cli import main
from tests.lab.browser import SHOWS_ADDRESSES, Browser
from tests.lab.layout import INTERNET_IPV4
from tests.lab.natworld import NatWorld
from tests.pairing.ways import BLOCKED, SAMPLE, way

pytestmark = [pytest.mark.lab, pytest.mark.tun, pytest.mark.chromium]

_ASKED_ENOUGH = 8
"""Requests of each pair, all without an answer, after which a call counts as one that does not connect."""
_SAMPLE = (("EIM/ADF", "APDM/APDF"), ("EIM/APDF", "APDM/APDF"), ("EIM/APDF", "EIM/APDF"))
_COMMON = tuple(word for word in SAMPLE if word != BLOCKED)
"""Not where UDP is blocked: Chromium needs 40 s there to complete its gathering."""
PAIRS = tuple(combinations_with_replacement(_COMMON, 2)) if "NATPROBE_EVERY_PAIR" in os.environ else _SAMPLE
_PATHS = {"srflx": {"srflx", "prflx"}}
"""The answering page checks while it gathers: where such a check gets through, the call stands before the page has told
its reflexive candidate, and the other side knows it as a peer-reflexive one."""
_BEGIN = """
window.pc = new RTCPeerConnection({iceServers: [{urls: "stun:%s"}]});
window.opened = false;
const watch = channel => channel.onopen = () => { window.opened = true; };
pc.ondatachannel = ({channel}) => watch(channel);
window.described = async description => {
  await pc.setLocalDescription(description);
  if (pc.iceGatheringState != "complete")
    await new Promise(done => pc.onicegatheringstatechange = () => pc.iceGatheringState == "complete" && done());
  return JSON.stringify(pc.localDescription);
};
window.pairs = async () => {
  const stats = [...(await pc.getStats()).values()], by = id => stats.find(each => each.id == id);
  const chosen = stats.find(each => each.type == "transport")?.selectedCandidatePairId;
  return stats.filter(each => each.type == "candidate-pair").map(each => ({
    chosen: each.id == chosen, local: by(each.localCandidateId)?.candidateType,
    remote: by(each.remoteCandidateId)?.candidateType,
    sent: each.requestsSent, answered: each.responsesReceived}));
};
"""
_OFFER = 'watch(pc.createDataChannel("data")), described()'
_ANSWER = "pc.setRemoteDescription(%s).then(() => described())"
_ACCEPT = "pc.setRemoteDescription(%s)"
_END = """
new Promise(done => {
  const look = async () => {
    const told = await pairs();
    const hopeless = told.length && told.every(each => each.sent >= %d && !each.answered);
    window.opened || hopeless ? done({opened: window.opened, pairs: told}) : setTimeout(look, 50);
  };
  look();
})
"""


class Talk(NamedTuple):
    """How a call ended for one page."""

    opened: bool
    pairs: tuple[dict[str, Any], ...]

    @property
    def path(self) -> str:
        """How the other end was known to this one; relay where nothing opened."""
        return next((each["remote"] for each in self.pairs if each["chosen"]), "relay")


@pytest.fixture(scope="module")
def nat_world() -> Iterator[NatWorld]:
    """One world for all."""
    with NatWorld(2) as world:
        yield world


def talk(world: NatWorld, words: tuple[str, str]) -> tuple[Talk, Talk]:
    """A call between two pages behind these."""
    with ExitStack() as stack:
        for host, word in zip(world.hosts, words, strict=True):
            host.use(way(word))
        caller, called = (stack.enter_context(Browser(world, host.box, SHOWS_ADDRESSES)) for host in world.hosts)
        for browser in (caller, called):
            browser.evaluate(_BEGIN % INTERNET_IPV4[0])
        offer = caller.evaluate(_OFFER)
        answer = called.evaluate(_ANSWER % offer)
        caller.evaluate(_ACCEPT % answer)
        first, second = (_ended(browser) for browser in (caller, called))
        return first, second


def _ended(browser: Browser) -> Talk:
    told = browser.evaluate(_END % _ASKED_ENOUGH)
    return Talk(told["opened"], tuple(told["pairs"]))


@pytest.mark.parametrize("words", PAIRS, ids="-".join)
def test_two_chromiums_do_what_the_verdict_says(
    nat_world: NatWorld, words: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    talks = talk(nat_world, words)
    main(["pair", *words, "--json"])
    verdict = json.loads(capsys.readouterr().out)
    assert {each.opened for each in talks} == {bool(verdict["direct"])}, talks
    assert _PATHS.get(verdict["path"], {verdict["path"]}) & {each.path for each in talks}, talks
