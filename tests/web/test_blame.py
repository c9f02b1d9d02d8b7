"""What an answer named and does not work is told of the server that was named, and of the answer."""

from typing import Any

import pytest

from natprobe.across import named_by_answers
from natprobe.address import Address
from natprobe.model import Check, Status

ENDPOINT = "iceconfig+https://www.example.org/ice"
TURN = "turn:turn.example.org:3478?transport=udp"
USER = "1800000000:alice"
REFUSED = {"exchanges": [{"code": 401}]}


def check(check_id: str, finding: str | None, origin: str = ENDPOINT, **more: Any) -> Check:
    """A check of what `origin` named; it failed."""
    facts = {finding: {"user": USER}} if finding else {}
    fields: dict[str, Any] = {
        "target": TURN, "asked": f"{TURN} from {origin}", "address": Address("203.0.113.10", 3478),
        "status": Status.FAIL, "summary": "it went wrong", "started_ms": 0.0, "duration_ms": 1.0,
        "findings": (finding,) if finding else (), "facts": facts,
    }  # fmt: skip
    return Check(id=check_id, **fields | more)


def expiry(left_s: float) -> Check:
    """What iceconfig.expiry saw of the same credential."""
    evidence = {"credentials": [{"user": USER, "left_s": left_s}]}
    return check("iceconfig.expiry", None, target=ENDPOINT, asked=ENDPOINT, status=Status.PASS, evidence=evidence)


def findings(*checks: Check) -> tuple[str, ...]:
    return named_by_answers(checks)[0].findings


@pytest.mark.parametrize(
    ("check_id", "finding", "blamed"),
    [
        ("turn.reach", "udp-port-refused", "iceconfig-private-or-dead-server"),
        ("stun.binding", "udp-port-blocked", "iceconfig-private-or-dead-server"),
        ("dns.resolve", "dns-nxdomain", "iceconfig-private-or-dead-server"),
        ("turn.allocate", "turn-auth-401-bad-credentials", "iceconfig-turn-rejects"),
    ],
)
def test_the_endpoint_that_named_a_server_is_told_too(check_id: str, finding: str, blamed: str) -> None:
    assert findings(check(check_id, finding, evidence=REFUSED)) == (finding, blamed)
    assert findings(check(check_id, finding, asked=TURN)) == (finding,)
    assert findings(check(check_id, finding, status=Status.WARN)) == (finding,)


def test_a_refusal_for_another_reason_is_not_the_credentials_fault() -> None:
    assert findings(check("turn.allocate", "turn-allocate-refused")) == ("turn-allocate-refused",)


@pytest.mark.parametrize(("left_s", "skewed"), [(3600.0, True), (-1.0, False)])
def test_past_here_and_not_by_the_issuers_clock_is_a_wrong_clock(left_s: float, *, skewed: bool) -> None:
    told = findings(check("turn.allocate", "turn-auth-rest-expired", evidence=REFUSED), expiry(left_s))
    assert ("turn-auth-clock-skew" in told) is skewed
    assert "iceconfig-turn-rejects" in told


def test_a_collider_that_fails_is_the_room_servers_fault_as_well() -> None:
    wss = "collider+wss://www.example.org:8089/ws"
    failed = check("port.tcp", "tcp-port-refused", target=wss, asked=f"{wss} from apprtc+https://www.example.org")
    assert findings(failed) == ("tcp-port-refused", "sig-apprtc-wss")


def test_blaming_twice_changes_nothing() -> None:
    once = named_by_answers((check("turn.allocate", "turn-auth-401-bad-credentials", evidence=REFUSED),))
    assert named_by_answers(once) == once
