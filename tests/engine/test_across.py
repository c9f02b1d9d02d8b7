"""What several checks prove together, and what they do not."""

from typing import Any

import msgspec
import pytest

from natprobe.across import another_service, misleading_records, named_by_answers, rival_credentials
from natprobe.across.amend import added, renamed, without
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
    other = Address("192.0.2.2", 3478)
    elsewhere = msgspec.structs.replace(allocate(STATIC, code=None), address=other)
    refused = allocate(TIMED, code=401, finding="turn-auth-rest-wrong-secret")
    assert findings(challenge(), elsewhere, refused)[2] == refused.findings
    second = msgspec.structs.replace(challenge(), address=other)
    assert findings(challenge(), second, elsewhere, refused)[3] == refused.findings


def test_only_a_refusal_beside_a_success_tells_of_two_kinds() -> None:
    refused = allocate(TIMED, code=401, finding="turn-auth-rest-wrong-secret")
    full = allocate(TIMED, code=486, finding="turn-alloc-486-user-quota")
    assert findings(challenge(), allocate(STATIC, code=None), full)[2] == full.findings
    assert findings(challenge(), allocate(STATIC, code=486), refused)[2] == refused.findings


@pytest.mark.parametrize(
    ("refused", "taken", "said"),
    [(TIMED, STATIC, "it accepts alice, whose name holds no time"), (STATIC, TIMED, "alice, which is time-limited")],
)
def test_the_credential_that_is_taken_is_named(refused: tuple[str, bool], taken: tuple[str, bool], said: str) -> None:
    seen = rival_credentials((challenge(), allocate(taken, code=None), allocate(refused, code=401)))
    facts = seen[2].facts["turn-auth-mode-mismatch"]
    assert facts["user"] == refused[0]
    assert said in facts["detail"]


def resolved(*services: tuple[str, str, int], asked: str = "turn:example.org") -> Check:
    """What the DNS announces: source, transport and port of each service."""
    told = [{"host": "a", "source": source, "transport": name, "port": port} for source, name, port in services]
    found = checked("dns.resolve", Status.PASS, {"name": "example.org", "discovery": {"services": told}})
    return msgspec.structs.replace(found, target=asked, asked=asked, address=None, transport=None)


def dead(
    transport: str, *, scheme: str = "turn", status: Status = Status.FAIL, asked: str = "turn:example.org"
) -> Check:
    found = checked("turn.reach", status, {}, "udp-port-refused" if status is Status.FAIL else "")
    return msgspec.structs.replace(found, target=f"{scheme}:example.org", asked=asked, transport=transport)


@pytest.mark.parametrize(
    ("announced", "cell", "name"),
    [
        (resolved(("srv", "udp", 3478)), dead("udp"), "_turn._udp.example.org"),
        (resolved(("srv", "tls", 3478)), dead("tls", scheme="turns"), "_turns._tcp.example.org"),
        (resolved(("srv", "dtls", 3478)), dead("dtls", scheme="turns"), "_turns._udp.example.org"),
        (resolved(("naptr", "tcp", 3478)), dead("tcp"), "NAPTR example.org"),
        (resolved(("srv", "udp", 9), ("srv", "udp", 3478)), dead("udp"), "_turn._udp.example.org"),
        # No record led there.
        (resolved(("default", "udp", 3478)), dead("udp"), None),
        (resolved(("srv", "udp", 3478), ("default", "tcp", 3478)), dead("tcp"), None),
        (resolved(("srv", "udp", 3479)), dead("udp"), None),
        (resolved(("srv", "udp", 3478), asked="turn:example.net"), dead("udp"), None),
        (resolved(("srv", "udp", 3478)), dead("udp", status=Status.PASS), None),
        (checked("turn.challenge", Status.PASS, {}), dead("udp"), None),
    ],
)
def test_the_record_that_led_to_a_dead_port_is_blamed_and_no_other(
    announced: Check, cell: Check, name: str | None
) -> None:
    """RFC 5928 section 3."""
    first, seen = misleading_records((announced, cell))
    assert first == announced
    assert seen.facts.get("dns-srv-mismatch", {}).get("name") == name
    assert ("dns-srv-mismatch" in seen.findings) is (name is not None)


ISSUER = "iceconfig+https://b/ice"


def led(name: str, origin: str, finding: str = "", *, status: Status = Status.FAIL, **facts: str) -> Check:
    """A check of what the answer of `origin` named."""
    found = checked(name, status, {"exchanges": [{"outcome": "error", "code": 401}]}, finding)
    facts = found.facts.get(finding, {}) | {"user": "1:alice"} | facts
    asked = f"turn:192.0.2.1 from {origin}"
    return msgspec.structs.replace(found, asked=asked, facts={finding: facts} if finding else {})


@pytest.mark.parametrize(
    ("check", "more"),
    [
        *(
            (led(name, ISSUER), ("iceconfig-private-or-dead-server",))
            for name in ("turn.reach", "stun.binding", "dns.resolve")
        ),
        (led("turn.reach", ISSUER, status=Status.WARN), ()),
        (led("turn.reach", "https://b/"), ()),
        (led("turn.allocate", ISSUER, "turn-auth-401-bad-credentials"), ("iceconfig-turn-rejects",)),
        (led("turn.allocate", ISSUER, "turn-alloc-486-user-quota"), ()),
        (led("turn.challenge", ISSUER, "turn-auth-no-realm"), ()),
        (led("turn.allocate", "apprtc+https://b", "turn-auth-401-bad-credentials"), ()),
    ],
)
def test_what_an_answer_names_and_does_not_work_is_a_fault_of_that_answer(check: Check, more: tuple[str, ...]) -> None:
    (seen,) = named_by_answers((check,))
    assert seen.findings == (*check.findings, *more)
    for finding in more:
        assert seen.facts[finding]["uri"] == ISSUER
    if "iceconfig-turn-rejects" in more:
        assert (seen.facts[more[0]]["user"], seen.facts[more[0]]["code"]) == ("1:alice", "401")


@pytest.mark.parametrize("scheme", ["collider+wss", "wss"])
def test_a_dead_collider_is_a_fault_of_the_room_server_that_named_it(scheme: str) -> None:
    found = led("ws.upgrade", "apprtc+https://b", "ws-404")
    (seen,) = named_by_answers((msgspec.structs.replace(found, target=f"{scheme}://c/ws"),))
    assert seen.findings == (("ws-404", "sig-apprtc-wss") if scheme.startswith("collider+") else ("ws-404",))


@pytest.mark.parametrize(
    ("left_s", "user", "origin", "finding", "skewed"),
    [
        (120.0, "1:alice", ISSUER, "turn-auth-rest-expired", True),
        (0.0, "1:alice", ISSUER, "turn-auth-rest-expired", False),
        (None, "1:alice", ISSUER, "turn-auth-rest-expired", False),
        (120.0, "1:bob", ISSUER, "turn-auth-rest-expired", False),
        (120.0, "1:alice", "iceconfig+https://c/", "turn-auth-rest-expired", False),
        (120.0, "1:alice", ISSUER, "turn-auth-401-bad-credentials", False),
    ],
)
def test_a_credential_that_only_this_hosts_clock_calls_expired_is_a_matter_of_clocks(
    left_s: float | None, user: str, origin: str, finding: str, *, skewed: bool
) -> None:
    told = {"credentials": [{"user": user, "left_s": left_s}]}
    expiry = msgspec.structs.replace(checked("iceconfig.expiry", Status.PASS, told), target=origin)
    shape = msgspec.structs.replace(checked("iceconfig.shape", Status.PASS, {}), target=ISSUER)
    *_, seen = named_by_answers((shape, expiry, led("turn.allocate", ISSUER, finding)))
    assert ("turn-auth-clock-skew" in seen.findings) is skewed
    assert seen.findings[-1] == "iceconfig-turn-rejects"
    if skewed:
        assert seen.facts["turn-auth-clock-skew"]["detail"].startswith("by that clock 120 s are left")


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


def test_what_becomes_of_one_finding_leaves_those_beside_it_alone() -> None:
    both = msgspec.structs.replace(
        checked("turn.reach", Status.FAIL, {}), findings=("a", "b"), facts={"a": {"x": "1"}, "b": {"x": "2"}}
    )
    new = renamed(both, "a", "c", {"y": "3"})
    assert (new.findings, new.facts) == (("c", "b"), {"c": {"x": "1", "y": "3"}, "b": {"x": "2"}})
    left = without(both, frozenset({"a"}))
    assert (left.findings, left.facts) == (("b",), {"b": {"x": "2"}})
    more = added(both, "c", {"detail": "so"})
    assert (more.findings, more.facts["c"]) == (("a", "b", "c"), {"address": str(SERVER), "detail": "so"})
    assert added(more, "c", {"detail": "otherwise"}) == more
