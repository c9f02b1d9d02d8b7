"""What several checks prove together, and what they do not."""

from typing import Any

import msgspec

from natprobe.across import another_service, rival_credentials
from natprobe.address import Address
from natprobe.model import Check, Status

SERVER = Address("192.0.2.1", 3478)
STATIC, TIMED = ("alice", False), ("1764000000:alice", True)


def challenge(software: str | None = "Coturn-4.6.1 'Gorst'") -> Check:
    evidence: dict[str, Any] = {} if software is None else {"software": software}
    return checked("turn.challenge", Status.PASS, evidence)


def allocate(who: tuple[str, bool], *, code: int | None, finding: str = "") -> Check:
    exchange = {"outcome": "success"} if code is None else {"outcome": "error", "code": code}
    user, timed = who
    evidence = {
        "credential": {"username": user, "looks_like_rest": timed},
        "exchanges": [{"outcome": "error"}, exchange],
    }
    return checked("turn.allocate", Status.FAIL if code else Status.PASS, evidence, finding)


def checked(name: str, status: Status, evidence: dict[str, Any], finding: str = "") -> Check:
    return Check(
        id=name,
        target="turn:192.0.2.1?transport=udp",
        address=SERVER,
        transport="udp",
        status=status,
        summary="",
        started_ms=0.0,
        duration_ms=1.0,
        evidence=evidence,
        findings=(finding,) if finding else (),
        facts={finding: {"address": str(SERVER)}} if finding else {},
    )


def findings(*checks: Check) -> list[tuple[str, ...]]:
    return [check.findings for check in rival_credentials(checks)]


def test_a_coturn_that_knows_a_static_user_takes_no_time_limited_one() -> None:
    refused = allocate(TIMED, code=401, finding="turn-auth-rest-wrong-secret")
    seen = findings(challenge(), allocate(STATIC, code=None), refused)
    assert seen == [(), (), ("turn-auth-mode-mismatch",)]


def test_an_expired_credential_stays_expired_beside_that() -> None:
    refused = allocate(TIMED, code=401, finding="turn-auth-rest-expired")
    seen = findings(challenge(), allocate(STATIC, code=None), refused)
    assert seen[2] == ("turn-auth-rest-expired", "turn-auth-mode-mismatch")


def test_a_coturn_with_a_shared_secret_takes_no_static_user() -> None:
    refused = allocate(STATIC, code=401, finding="turn-auth-401-bad-credentials")
    checks = rival_credentials((challenge(), refused, allocate(TIMED, code=None)))
    assert checks[1].findings == ("turn-auth-mode-mismatch",)
    assert checks[1].facts["turn-auth-mode-mismatch"]["user"] == "alice"
    assert rival_credentials(checks) == checks


def test_two_credentials_of_one_kind_say_nothing_about_the_kind() -> None:
    refused = allocate(STATIC, code=401, finding="turn-auth-401-bad-credentials")
    assert findings(challenge(), refused, allocate(("bob", False), code=None))[1] == refused.findings


def test_other_servers_may_take_both_kinds() -> None:
    refused = allocate(TIMED, code=401, finding="turn-auth-rest-wrong-secret")
    for software in (None, "eturnal"):
        assert findings(challenge(software), allocate(STATIC, code=None), refused)[2] == refused.findings


def test_a_server_at_another_address_says_nothing_about_this_one() -> None:
    elsewhere = msgspec.structs.replace(allocate(STATIC, code=None), address=Address("192.0.2.2", 3478))
    refused = allocate(TIMED, code=401, finding="turn-auth-rest-wrong-secret")
    assert findings(challenge(), elsewhere, refused)[2] == refused.findings


def at_port(transport: str, finding: str) -> Check:
    check = checked("stun.binding", Status.FAIL, {}, finding)
    return msgspec.structs.replace(check, asked="stun:192.0.2.1", transport=transport)


def test_silence_over_udp_at_another_services_port_is_no_firewalls_doing() -> None:
    checks = (at_port("udp", "udp-port-blocked"), at_port("tcp", "uri-wrong-service-port"))
    seen = another_service(checks)
    assert [check.findings for check in seen] == [("uri-wrong-service-port",)] * 2
    assert seen[0].facts == checks[1].facts
    assert another_service(seen) == seen


def test_silence_over_udp_beside_a_port_that_only_hangs_up_stays_a_blocked_port() -> None:
    checks = (at_port("udp", "udp-port-blocked"), at_port("tcp", "tcp-accept-then-close"))
    assert another_service(checks) == checks
