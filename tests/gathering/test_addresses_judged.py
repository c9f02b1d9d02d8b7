"""What is said of the relays of this host's several addresses: of each, and of all of them beside the routed one's."""

from typing import Any

import pytest

from natprobe.across import client_without_udp
from natprobe.across.addresses import by_address
from natprobe.address import Address
from natprobe.catalogue import load
from natprobe.model import Check, Status
from natprobe.net.trouble import Reason, Trouble
from natprobe.probes.ice_relay import Evidence, View, judge, why
from natprobe.wire.transactions import Exchange

SERVER, RELAYED = Address("203.0.113.10", 3478), Address("203.0.113.10", 50000)
ROUTED, OTHER = Address("10.7.0.2", 0), Address("10.99.0.5", 0)
URI = "turn:203.0.113.10?transport=udp"
MISSING = "ice-relay-missing-from-address"


def exchange(outcome: str, **more: Any) -> Exchange:
    return Exchange(request="Allocate", sends_ms=(1.0, 101.0), outcome=outcome, **more)


def view(*exchanges: Exchange, **more: Any) -> View:
    return View(base=OTHER, exchanges=exchanges, **more)


@pytest.mark.parametrize(
    ("seen", "clause"),
    [
        (view(trouble=Trouble(reason=Reason.LOCAL, detail="no socket left")), "no socket left"),
        (view(exchange("error", code=401), login=False), "no credentials were given"),
        (view(exchange("error", code=401)), "Allocate is refused: 401 (Unauthenticated)"),
        (
            view(exchange("error", code=486)),
            "Allocate is refused: 486 (Allocation Quota Reached), and each address of this host counts as one",
        ),
        (view(exchange("success")), "the success response names no relayed address"),
        (view(exchange("silent", discarded=("it is odd",))), "the answer cannot be believed: it is odd"),
        (view(exchange("refused", detail="nothing listens there")), "nothing listens there"),
        (
            view(exchange("silent", waited_ms=2600.0)),
            "203.0.113.10:3478 does not answer over udp: asked 2 times in 2.6 s",
        ),
        (
            view(exchange("error", code=401), bid_down=True),
            "the server's list of password algorithms may have been removed on the way",
        ),
    ],
)
def test_each_end_has_its_clause(seen: View, clause: str) -> None:
    assert why(seen, SERVER) == clause


def test_an_address_without_a_relay_is_a_warning_and_one_with_a_relay_none() -> None:
    lacking = judge(Evidence(server=SERVER, uri=URI, views=(view(exchange("silent", waited_ms=2600.0)),)))
    having = judge(Evidence(server=SERVER, uri=URI, views=(view(exchange("success"), relayed=RELAYED),)))
    assert (lacking.status, [each.id for each in lacking.raised]) == (Status.WARN, [MISSING])
    assert (having.status, having.raised, having.summary) == (Status.PASS, (), f"10.99.0.5 has {RELAYED}")
    assert MISSING in load()


def made(name: str, status: Status, *findings: str, asked: str = URI, **evidence: Any) -> Check:
    return Check(
        id=name,
        target=URI,
        asked=asked,
        address=SERVER,
        transport="udp",
        status=status,
        summary="as seen",
        started_ms=0.0,
        duration_ms=1.0,
        evidence=evidence,
        findings=findings,
        facts={finding: {"detail": "as seen"} for finding in findings},
    )


def host(address: Address) -> dict[str, Any]:
    return {"host": address.host, "port": address.port}


LACKING = made("ice.relay", Status.WARN, MISSING, views=[{"base": host(OTHER), "exchanges": [{"outcome": "silent"}]}])
HAVING = made(
    "ice.relay", Status.PASS, views=[{"base": host(OTHER), "exchanges": [{"answered_ms": 2.0}], "relayed": {}}]
)
REACHED = made("turn.reach", Status.PASS, local=host(ROUTED))
ALLOCATED = made("turn.allocate", Status.PASS, relayed=host(RELAYED))


def blocked(asked: str = URI) -> Check:
    return made("turn.reach", Status.FAIL, "udp-port-blocked", asked=asked, local=host(ROUTED))


def test_a_missing_relay_is_told_with_the_address_that_has_one() -> None:
    *_, told = by_address((REACHED, ALLOCATED, LACKING))
    assert told.facts[MISSING]["seen"] == ROUTED.host


def test_where_no_address_has_a_relay_the_routed_ones_checks_tell_the_cause() -> None:
    reach, relay = by_address((blocked(), LACKING))
    assert (reach.findings, relay.findings, relay.status) == (("udp-port-blocked",), (), Status.WARN)


def test_where_another_address_has_a_relay_no_firewall_of_the_server_is_blamed() -> None:
    reach, _ = by_address((blocked(), HAVING))
    assert (reach.findings, reach.status) == ((MISSING,), Status.FAIL)
    assert reach.facts[MISSING] == {
        "address": str(SERVER),
        "uri": URI,
        "local": ROUTED.host,
        "seen": OTHER.host,
        "detail": "as seen",
    }
    assert by_address(by_address((blocked(), HAVING))) == by_address((blocked(), HAVING))


def test_a_transport_that_nobody_named_is_a_warning_then() -> None:
    asked = "turn:203.0.113.10"
    further = made("ice.relay", Status.PASS, asked=asked, **HAVING.evidence)
    assert by_address((blocked(asked), further))[0].status is Status.WARN


def test_silence_at_another_address_is_no_answer_over_udp_and_a_relay_is() -> None:
    others = tuple(
        Check(
            id="turn.reach",
            target=f"turn:192.0.2.{number}",
            address=Address(f"192.0.2.{number}", 3478),
            transport="udp",
            status=Status.FAIL,
            summary="",
            started_ms=0.0,
            duration_ms=1.0,
            findings=("udp-port-blocked",),
        )
        for number in (1, 2)
    )
    assert client_without_udp((*others, LACKING))[0].findings == ("udp-blocked-client",)
    assert client_without_udp((*others, HAVING))[0].findings == ("udp-port-blocked",)
