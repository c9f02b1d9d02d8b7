"""`natprobe pair` against what really happens: two ICE agents (aioice) behind every pair of emulated NATs, no relay.

A sample of the kinds runs by default; NATPROBE_EVERY_PAIR in the environment asks for all of the matrix.
"""

import itertools
import json
import os
import queue
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path as File
from typing import Literal, NamedTuple

import pytest

from natprobe.cli import main
from natprobe.pairing.matrix import KINDS, name
from tests.lab.caller import MOST_PAIRS, Caller, Ended, call
from tests.lab.layout import INTERNET_IPV4
from tests.lab.natworld import EmulatedHost, NatWorld
from tests.lab.world import natprobe_command
from tests.pairing.ways import BLOCKED, SAMPLE, way

pytestmark = [pytest.mark.lab, pytest.mark.tun, pytest.mark.timeout(300)]

_LANES = 4
_STUN = (INTERNET_IPV4[0], 3478)
_NAT = ("nat", *(f"stun:{host}" for host in INTERNET_IPV4), "-4", "--json")
_ALL = tuple(BLOCKED if kind is None else name(kind) for kind in KINDS)
_WORDS = _ALL if "NATPROBE_EVERY_PAIR" in os.environ else SAMPLE
_NEARNESS = ("host", "srflx", "prflx")


class Pair(NamedTuple):
    """One row of the comparison."""

    words: tuple[str, str]
    scope: Literal["mapping", "endpoint"] = "mapping"
    """What the NATs keep their filters for (RFC 4787 section 5)."""


PAIRS = [Pair(words) for words in itertools.combinations_with_replacement(_WORDS, 2)]
ENDLESS = Pair(("APDM/EIF", "APDM/EIF"))
PER_ENDPOINT = [Pair(("ADM/ADF", other), "endpoint") for other in ("ADM/ADF", "APDM/ADF")]


class Lane(NamedTuple):
    """Two hosts, each with its agent."""

    hosts: tuple[EmulatedHost, EmulatedHost]
    callers: tuple[Caller, Caller]


class Stage:
    """Calls and reports of one world, on as many lanes as are free: most of a failing call is waiting."""

    def __init__(self, world: NatWorld, directory: File) -> None:
        self._directory = directory
        self._lanes: queue.SimpleQueue[Lane] = queue.SimpleQueue()
        for one, other in zip(world.hosts[::2], world.hosts[1::2], strict=True):
            self._lanes.put(Lane((one, other), (Caller(world, one.box), Caller(world, other.box))))

    def call(self, pair: Pair) -> tuple[Ended, Ended]:
        """How a call between hosts behind these NATs ends."""
        with self._lane() as lane:
            for host, word in zip(lane.hosts, pair.words, strict=True):
                host.use(way(word, filter_scope=pair.scope))
            return call(*lane.callers, _STUN)

    def report(self, word: str) -> tuple[str, str]:
        """The files of two reports, of two hosts behind NATs of this kind."""
        with self._lane() as lane:
            for host in lane.hosts:
                host.use(way(word))
            first, second = (host.box for host in lane.hosts)
            with first.start(*natprobe_command(*_NAT)) as one, second.start(*natprobe_command(*_NAT)) as other:
                return self._kept(word, one.wait().stdout, 0), self._kept(word, other.wait().stdout, 1)

    def _kept(self, word: str, report: str, side: int) -> str:
        file = self._directory / f"{word.replace('/', '-')}-{side}.json"
        file.write_text(report)
        return str(file)

    @contextmanager
    def _lane(self) -> Iterator[Lane]:
        lane = self._lanes.get()
        try:
            yield lane
        finally:
            self._lanes.put(lane)


class Played(NamedTuple):
    """What was begun; the futures are waited for by the tests."""

    calls: dict[Pair, Future[tuple[Ended, Ended]]]
    reports: dict[str, Future[tuple[str, str]]]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """Every call and every report."""
    with NatWorld(2 * _LANES) as world, ThreadPoolExecutor(_LANES) as pool:
        stage = Stage(world, tmp_path_factory.mktemp("reports"))
        yield Played(
            {pair: pool.submit(stage.call, pair) for pair in {*PAIRS, ENDLESS, *PER_ENDPOINT}},
            {word: pool.submit(stage.report, word) for word in SAMPLE},
        )
        pool.shutdown(cancel_futures=True)


def told(capsys: pytest.CaptureFixture[str], *sides: str) -> tuple[bool | None, str]:
    """What `natprobe pair` says: direct or not, and the path."""
    main(["pair", *sides, "--json"])
    verdict = json.loads(capsys.readouterr().out)
    return verdict["direct"], verdict["path"]


def happened(ends: tuple[Ended, Ended]) -> tuple[bool, str]:
    """The same of the call: the path is how its two ends were known to the other side, the furthest of them."""
    assert ends[0].connected is ends[1].connected, ends
    if not ends[0].connected:
        return False, "relay"
    return True, max((str(end.remote_type) for end in ends), key=_NEARNESS.index)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: "-".join(pair.words))
def test_the_verdict_is_what_two_agents_do(played: Played, pair: Pair, capsys: pytest.CaptureFixture[str]) -> None:
    ends = played.calls[pair].result()
    direct, path = told(capsys, *pair.words)
    # Where it hangs on what the NATs keep filters for, these keep them for a mapping: relay.
    assert happened(ends) == (bool(direct), path), ends


@pytest.mark.parametrize("pair", PER_ENDPOINT, ids=lambda pair: "-".join(pair.words))
def test_what_can_not_be_told_goes_the_other_way_where_filters_hold_for_an_endpoint(
    played: Played, pair: Pair, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(capsys, *pair.words) == (None, "relay")
    assert happened(played.calls[pair].result()) == (True, "prflx")


def test_two_nats_that_let_all_in_but_change_ports_have_checks_without_end_and_none_answered(
    played: Played, capsys: pytest.CaptureFixture[str]
) -> None:
    ends = played.calls[ENDLESS].result()
    assert happened(ends) == (False, "relay")
    assert told(capsys, *ENDLESS.words) == (False, "relay")
    assert max(len(end.pairs) for end in ends) > MOST_PAIRS
    assert not any("SUCCEEDED" in pair for end in ends for pair in end.pairs)


@pytest.mark.parametrize("words", list(itertools.combinations_with_replacement(SAMPLE, 2)), ids="-".join)
def test_two_kept_reports_lead_to_the_verdict_of_the_words(
    played: Played, words: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    files = (played.reports[words[0]].result()[0], played.reports[words[1]].result()[1])
    assert told(capsys, *files) == told(capsys, *words), [File(file).read_text() for file in files]
