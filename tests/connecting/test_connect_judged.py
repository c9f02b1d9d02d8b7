"""What is said of calls that a browser told of, and of names that stayed unknown: the judge alone."""

from typing import Any, Literal

import msgspec
import pytest

from natprobe.address import Address
from natprobe.client.browsers import BrowserCandidate, BrowserEnd, BrowserPair
from natprobe.client.call import Call, Checks, Flow, Pair, Quality
from natprobe.model import Status
from natprobe.probe import Judgement
from natprobe.probes.ice_connect import Evidence, judge

HERE, THERE = Address("10.7.0.2", 1000), Address("198.51.100.7", 2000)
QUALITY = Quality(outward=Flow(sent=50, arrived=50), inward=Flow(sent=50, arrived=50), rtt_ms=1.0)


def pair(local: str = "host", remote: str = "srflx", **more: Any) -> Pair:
    fields: dict[str, Any] = {"sent": 3, "answered": 1, "state": "succeeded"} | more
    return Pair(local=HERE, local_type=local, remote=THERE, remote_type=remote, **fields)


def call(**fields: Any) -> Call:
    known: dict[str, Any] = {"policy": "all", "candidates": (("host",), ("srflx",)), "role": "controlling"}
    return Call(**(known | fields))


def connected(selected: Pair, **fields: Any) -> Call:
    return call(selected=selected, pairs=(selected,), connect_ms=20.0, quality=QUALITY, **fields)


FAILED = {"trouble": "no pair was nominated", "waited_ms": 10_000.0, "checks": Checks(sent=28)}


def ids(told: Judgement) -> list[str]:
    return [raised.id for raised in told.raised]


def test_loss_is_a_warning_and_stands_in_the_summary() -> None:
    lossy = msgspec.structs.replace(QUALITY, outward=Flow(sent=50, arrived=47, jitter_ms=2.0))
    told = judge(Evidence(all=msgspec.structs.replace(connected(pair()), quality=lossy)))
    assert told.status is Status.WARN
    assert "out 3 of 50 lost, jitter 2.0 ms; in 0 of 50 lost" in told.summary


def test_loss_that_nobody_told_is_no_loss_and_no_proof_of_none() -> None:
    untold = msgspec.structs.replace(QUALITY, outward=Flow(sent=50))
    told = judge(Evidence(all=msgspec.structs.replace(connected(pair()), quality=untold)))
    assert told.status is Status.PASS
    assert "out loss not told" in told.summary


def test_a_relay_that_was_only_quicker_is_no_finding() -> None:
    assert ids(judge(Evidence(all=connected(pair("relay"), direct_refuted=False)))) == []
    assert ids(judge(Evidence(all=connected(pair("relay"), direct_refuted=True)))) == ["ice-needs-relay"]
    assert ids(judge(Evidence(relay=connected(pair("relay", "relay"), direct_refuted=None)))) == []


@pytest.mark.parametrize(
    ("made", "finding"),
    [
        (connected(pair(), names=("a.local",)), []),
        (connected(pair("relay"), names=("a.local",)), ["ice-mdns-candidates"]),
        (call(names=("a.local",), **FAILED), ["ice-no-pair", "ice-mdns-candidates"]),
    ],
)
def test_a_name_that_stayed_unknown_is_told_where_it_may_have_mattered(made: Call, finding: list[str]) -> None:
    assert ids(judge(Evidence(all=made))) == finding


def test_a_relay_on_either_side_leaves_the_timeout_alone() -> None:
    silent = (pair(sent=9, answered=0, state="in-progress"),)
    assert ids(judge(Evidence(all=call(pairs=silent, **FAILED)))) == ["ice-check-timeout", "ice-needs-relay"]
    for candidates in ((("host", "relay"), ("host",)), (("host",), ("relay",))):
        assert ids(judge(Evidence(all=call(pairs=silent, **(FAILED | {"candidates": candidates}))))) == [
            "ice-check-timeout"
        ]


def test_the_policy_relay_without_a_relay_is_told_as_such() -> None:
    made = call(**(FAILED | {"policy": "relay", "candidates": ((), ("host",))}))
    assert ids(judge(Evidence(relay=made))) == ["ice-relay-only-no-turn"]


def browser_pair(
    local: Literal["srflx", "relay"] = "srflx", *, sent: int = 5, answered: int = 4, state: str = "succeeded"
) -> BrowserPair:
    one, other = BrowserCandidate(type=local, host="198.51.100.7"), BrowserCandidate(type="srflx", host="198.51.100.8")
    return BrowserPair(local=one, remote=other, state=state, sent=sent, answered=answered)


def end(**fields: Any) -> BrowserEnd:
    known: dict[str, Any] = {
        "browser": "Chrome",
        "ice": "connected",
        "connection": "connected",
        "channel": True,
        "connect_ms": 90.0,
        "selected": browser_pair(),
        "pairs": (browser_pair(),),
        "candidates": ("mdns", "srflx"),
        "quality": QUALITY,
    }
    return BrowserEnd(**(known | fields))


def between(*ends: BrowserEnd, policy: Any = "all") -> Judgement:
    return judge(Evidence(browsers=ends, policy=policy))


LOST: dict[str, Any] = {"ice": "failed", "connection": "failed", "channel": False, "selected": None, "quality": None}


def test_two_browsers_whose_channel_opened_are_fine() -> None:
    told = between(end(), end())
    assert (told.status, ids(told)) == (Status.PASS, [])


def test_ice_without_a_channel_is_blamed_on_dtls() -> None:
    told = between(end(channel=False, connection="failed"), end(channel=False))
    assert (told.status, ids(told)) == (Status.FAIL, ["ice-dtls-fails-after-ice"])
    assert "no data channel opened" in told.summary


def test_a_page_that_told_nothing_decides_nothing() -> None:
    told = between(end(), BrowserEnd())
    assert (told.status, told.summary) == (Status.INCONCLUSIVE, "1 of 2 browsers told no result")


def test_one_browser_that_is_not_connected_is_enough() -> None:
    silent = (browser_pair(sent=9, answered=0, state="failed"),)
    told = between(end(), end(pairs=silent, **LOST))
    assert told.status is Status.FAIL
    assert "connected and failed" in told.summary
    told = between(end(pairs=silent, **LOST), end(pairs=silent, **LOST))
    assert ids(told) == ["ice-check-timeout", "ice-needs-relay"]
    assert told.raised[0].facts["sends"] == "9"


def test_browsers_that_may_use_relays_alone_and_have_none() -> None:
    told = between(end(candidates=(), pairs=(), **LOST), end(**LOST), policy="relay")
    assert ids(told) == ["ice-relay-only-no-turn"]


@pytest.mark.parametrize(("sent", "answered", "needed"), [(6, 0, True), (3, 0, False), (6, 1, False)])
def test_a_relay_was_needed_where_every_direct_pair_was_asked_often(sent: int, answered: int, *, needed: bool) -> None:
    direct, relay = browser_pair(sent=sent, answered=answered), browser_pair("relay")
    told = between(end(selected=relay, pairs=(direct, relay)), end())
    assert ids(told) == (["ice-needs-relay"] if needed else [])


def test_a_browser_that_contradicts_this_end_makes_it_a_failure() -> None:
    told = judge(Evidence(all=connected(pair()), browsers=(end(ice="checking", connect_ms=None, selected=None),)))
    assert told.status is Status.FAIL
    assert told.summary.endswith("the browser says checking; DTLS was not attempted")
    agreed = judge(Evidence(all=connected(pair()), browsers=(end(),)))
    assert agreed.status is Status.PASS
