"""What is said of a gathering: each server's judgement, the whole's, and the cause for each URI that gave nothing."""

from typing import Any

import pytest

from natprobe.address import Address
from natprobe.catalogue import load
from natprobe.client.bases import ranked
from natprobe.events import CheckEnded
from natprobe.gathering import cause
from natprobe.ice import Relayed, relayed
from natprobe.model import Status
from natprobe.probes import ice_candidates, ice_gather
from natprobe.wire.transactions import Exchange

SERVER = Address("203.0.113.10", 3478)


def exchange(outcome: str, **more: Any) -> Exchange:
    return Exchange(request="Binding", sends_ms=(1.0, 101.0), outcome=outcome, **more)


def of_server(*exchanges: Exchange, mapped: Address | None = None, serves_turn: bool = False) -> ice_gather.Evidence:
    base = Address("10.7.0.2", 5000)
    views = tuple(ice_gather.View(base=base, exchange=each, mapped=mapped) for each in exchanges)
    return ice_gather.Evidence(server=SERVER, uri="stun:203.0.113.10", views=views, serves_turn=serves_turn)


def whole(**more: Any) -> ice_candidates.Evidence:
    fields: dict[str, Any] = {
        "policy": "all",
        "host": 1,
        "srflx": 1,
        "relay": 1,
        "reflected": True,
        "complete_ms": 40.0,
    }
    return ice_candidates.Evidence(**fields | more)


@pytest.mark.parametrize(
    ("evidence", "status", "finding"),
    [
        (of_server(exchange("success"), mapped=Address("198.51.100.1", 1)), Status.PASS, None),
        (of_server(exchange("silent", waited_ms=2500.0)), Status.FAIL, "ice-error-701"),
        (of_server(exchange("refused", detail="nothing listens")), Status.FAIL, "udp-port-refused"),
        (of_server(exchange("error", code=401)), Status.FAIL, "stun-binding-401"),
        (of_server(exchange("error", code=403)), Status.FAIL, "stun-binding-refused"),
        (of_server(exchange("success", source=Address("192.0.2.1", 1))), Status.FAIL, "stun-wrong-source"),
        (of_server(exchange("success")), Status.FAIL, "stun-classic-only"),
        (of_server(exchange("silent", discarded=("its FINGERPRINT is wrong",))), Status.FAIL, "stun-answer-malformed"),
        (of_server(exchange("silent"), exchange("error", code=420)), Status.FAIL, "stun-420"),
        (of_server(exchange("silent", waited_ms=2500.0), serves_turn=True), Status.WARN, None),
        (of_server(), Status.SKIP, "no-route"),
    ],
)
def test_each_answer_has_its_meaning(evidence: ice_gather.Evidence, status: Status, finding: str | None) -> None:
    judgement = ice_gather.judge(evidence)
    assert judgement.status is status
    assert [raised.id for raised in judgement.raised] == ([finding] if finding else [])
    assert all(raised.id in load() for raised in judgement.raised)


@pytest.mark.parametrize(
    ("evidence", "status", "finding"),
    [
        (whole(turn=("turn:x",)), Status.PASS, None),
        (whole(srflx=0, stun=("stun:x",)), Status.PASS, None),
        (whole(srflx=0, reflected=False, stun=("stun:x",)), Status.WARN, "ice-no-srflx"),
        (whole(relay=0, turn=("turn:x",)), Status.FAIL, "ice-no-relay"),
        (whole(relay=0), Status.PASS, None),
        (whole(policy="relay", host=0, srflx=0, relay=0), Status.FAIL, "ice-relay-only-no-turn"),
        (whole(policy="relay", host=0, srflx=0, turn=("turn:x",)), Status.PASS, None),
        (whole(host=0, srflx=0, relay=0, reflected=False), Status.FAIL, None),
        (whole(missed=("stun:y",), complete_ms=3000.0), Status.WARN, "ice-half-trickle-slow"),
    ],
)
def test_the_whole_is_judged_by_what_a_call_needs(
    evidence: ice_candidates.Evidence, status: Status, finding: str | None
) -> None:
    judgement = ice_candidates.judge(evidence)
    assert judgement.status is status
    assert [raised.id for raised in judgement.raised] == ([finding] if finding else [])


def ended(name: str, status: Status, summary: str, **evidence: Any) -> CheckEnded:
    return CheckEnded(
        id=name, target="turn:x", status=status, summary=summary, started_ms=0.0, duration_ms=1.0, evidence=evidence
    )


def test_the_cause_is_that_of_the_attempt_that_got_furthest() -> None:
    refused = ended("turn.reach", Status.FAIL, "nothing listens")
    denied = ended("turn.allocate", Status.FAIL, "401: wrong", exchanges=[{"outcome": "error", "code": 401}])
    assert cause([denied, refused, ended("turn.release", Status.SKIP, "not tested")]) == (401, "wrong")


def test_a_uri_whose_checks_were_all_skipped_says_why() -> None:
    assert cause([ended("turn.reach", Status.SKIP, "this host has no route")]) == (None, "this host has no route")
    assert cause([]) == (None, "it was not asked in time")


def test_addresses_take_turns_by_family_and_routing_decides_within_each() -> None:
    hosts = ["10.0.0.1", "10.0.0.2", "2001:db8::1", "2001:db8::2", "10.0.0.3"]
    order = [address.host for address in ranked((Address(host, 0) for host in hosts), ("10.0.0.2", "2001:db8::2"))]
    assert order == ["2001:db8::2", "10.0.0.2", "2001:db8::1", "10.0.0.1", "10.0.0.3"]


def test_what_a_browser_would_not_do_is_noted() -> None:
    found = [
        Relayed(
            relayed=Address("2001:db8::9", 5), mapped=None, through=through, server=SERVER, server_order=0, url="turn:x"
        )
        for through in ("tcp", "dtls")
    ]
    notes = ice_candidates.browser_notes(tuple(relayed(each, 0.0) for each in found), ("stuns:y",))
    assert [any(word in note for note in notes) for word in ("UDP alone", "DTLS", "no address family", "stuns:y")] == [
        True
    ] * 4
    assert ice_candidates.browser_notes(()) == ()
    assert "own public address" in ice_candidates.browser_notes((), reflected_own=True)[0]
