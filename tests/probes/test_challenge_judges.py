"""What is said of a challenge, of a server that sends clients away, and of two relays, for each way it can go."""

from typing import Any

import pytest

from natprobe.address import Address
from natprobe.client.flight import Flight
from natprobe.net.trouble import Reason, Trouble
from natprobe.probe import Judgement
from natprobe.probes import turn_challenge, turn_relay_loop
from natprobe.probes.turn_challenge import Alternate
from natprobe.wire.transactions import Exchange

SERVER, INNER_SERVER = Address("203.0.113.10", 3478), Address("10.0.0.2", 3478)
OTHER, PRIVATE = Address("203.0.113.11", 3478), Address("10.0.0.3", 3478)
Told = tuple[str, tuple[str, ...]]


def said(judgement: Judgement) -> Told:
    """Its status, and the findings that it raised."""
    return str(judgement.status), tuple(raised.id for raised in judgement.raised)


def exchange(outcome: str, code: int | None = None, **more: Any) -> Exchange:
    return Exchange(request="Allocate request", sends_ms=(0.0,), outcome=outcome, code=code, **more)


ASKED, GRANTED, SILENT = exchange("error", 401), exchange("success"), exchange("silent", waited_ms=9500.0)


def challenge(answer: Exchange = ASKED, **more: Any) -> Judgement:
    known: dict[str, Any] = {"server": SERVER, "transport": "udp", "realm": "example.org", "nonce_length": 16}
    return turn_challenge.judge(turn_challenge.Evidence(exchange=answer, **(known | more)))


@pytest.mark.parametrize(
    ("answer", "more", "told"),
    [
        (ASKED, {}, ("pass", ())),
        (ASKED, {"realm": ""}, ("warn", ("turn-auth-realm-empty",))),
        (ASKED, {"nonce_length": None}, ("fail", ("turn-answer-malformed",))),
        (ASKED, {"bid_down": True}, ("fail", ("turn-auth-bid-down",))),
        (GRANTED, {}, ("warn", ("turn-auth-unchallenged",))),
        (exchange("error", 300), {}, ("fail", ("turn-alternate-unreachable",))),
        (exchange("error", 403), {}, ("fail", ("turn-draining",))),
        (exchange("error", 420), {}, ("fail", ("stun-420",))),
        (exchange("error", 500), {}, ("fail", ("turn-500",))),
        (exchange("error", 599), {}, ("fail", ("turn-allocate-refused",))),
        (SILENT, {}, ("fail", ("turn-allocate-timeout",))),
        (SILENT, {"binding": GRANTED}, ("fail", ("stun-only-server",))),
        (SILENT, {"binding": SILENT}, ("fail", ("turn-allocate-timeout",))),
        (exchange("silent", discarded=("its FINGERPRINT is wrong",)), {}, ("fail", ("turn-answer-malformed",))),
    ],
)
def test_each_answer_to_an_allocate_without_credentials_has_its_meaning(
    answer: Exchange, more: dict[str, Any], told: Told
) -> None:
    assert said(challenge(answer, **more)) == told


def test_who_asks_and_for_what_is_told() -> None:
    assert challenge().summary == 'the server asks for credentials, realm "example.org"'
    both = challenge(software="Coturn", third_party="https://as.example.org")
    assert both.summary.endswith('or an OAuth token from https://as.example.org, realm "example.org", Coturn')


@pytest.mark.parametrize(
    ("server", "alternate", "told"),
    [
        (SERVER, Alternate(address=OTHER, exchange=ASKED), ("pass", ("turn-try-alternate",))),
        (SERVER, Alternate(address=OTHER, exchange=GRANTED), ("pass", ("turn-try-alternate",))),
        (SERVER, Alternate(address=OTHER, exchange=SILENT), ("fail", ("turn-alternate-unreachable",))),
        (SERVER, Alternate(address=OTHER, exchange=exchange("error", 300)), ("fail", ("turn-alternate-unreachable",))),
        (SERVER, Alternate(address=OTHER), ("fail", ("turn-alternate-unreachable",))),
        (
            SERVER,
            Alternate(address=OTHER, trouble=Trouble(reason=Reason.REFUSED, detail="refused")),
            ("fail", ("turn-alternate-unreachable",)),
        ),
        # A private address is of use inside its network alone.
        (SERVER, Alternate(address=PRIVATE, exchange=ASKED), ("fail", ("turn-alternate-unreachable",))),
        (INNER_SERVER, Alternate(address=PRIVATE, exchange=ASKED), ("pass", ("turn-try-alternate",))),
    ],
)
def test_a_server_that_sends_clients_away_is_as_good_as_where_it_sends_them(
    server: Address, alternate: Alternate, told: Told
) -> None:
    assert said(challenge(exchange("error", 300), server=server, alternate=alternate)) == told


FIRST, SECOND = Address("203.0.113.10", 50000), Address("203.0.113.10", 50001)
PERMITTED = (exchange("success"), exchange("success"))
THERE = Flight(path="first to second", sends_ms=(10.0,), arrived_ms=11.0, arrived_send=0, source=FIRST)
BACK = Flight(path="second to first", sends_ms=(10.0,), arrived_ms=11.0, arrived_send=0, source=SECOND)
LOST = Flight(path="first to second", sends_ms=(10.0, 110.0), waited_ms=2000.0)


def loop(**more: Any) -> Judgement:
    known: dict[str, Any] = {"second": SECOND, "permissions": PERMITTED, "there": THERE, "back": BACK}
    return turn_relay_loop.judge(turn_relay_loop.Evidence(server=SERVER, first=FIRST, **(known | more)))


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({}, ("pass", ())),
        ({"there": None}, ("inconclusive", ())),
        ({"back": None}, ("inconclusive", ())),
        ({"second": None}, ("inconclusive", ())),
        ({"second": None, "allocation": (exchange("silent"),)}, ("inconclusive", ())),
        *(
            ({"second": None, "allocation": (ASKED, exchange("error", code))}, ("fail", (finding,)))
            for code, finding in (
                (486, "turn-quota-reached"),
                (508, "turn-ports-exhausted"),
                (500, "turn-allocate-refused"),
            )
        ),
        *(
            ({"permissions": (PERMITTED[0], exchange("error", code))}, ("fail", (finding,)))
            for code, finding in (
                (403, "turn-r2r-forbidden"),
                (438, "turn-nonce-wrong-loop"),
                (441, "turn-auth-441-wrong-credentials"),
                (443, "turn-peer-family-443"),
                (599, "turn-permission-refused"),
            )
        ),
        ({"permissions": (SILENT, PERMITTED[0])}, ("fail", ())),  # silence has no finding of its own
    ],
)
def test_two_relays_are_told_by_the_first_stage_that_fails(more: dict[str, Any], told: Told) -> None:
    assert said(loop(**more)) == told


def test_a_server_that_forbids_itself_is_told_from_one_that_only_refuses() -> None:
    forbidden = loop(permissions=(exchange("error", 403),))
    assert "the server forbids its own relayed address as a peer: 403" in forbidden.summary
    assert forbidden.raised[0].facts["code"] == "403"
    assert "does not permit its own" in loop(permissions=(exchange("error", 443),)).summary


def test_the_way_that_is_dead_is_named() -> None:
    told = loop(there=LOST)
    assert told.summary == "first to second is dead (2 packets, 2.0 s), the way back works"
    assert (told.raised[0].facts["sends"], told.raised[0].facts["peer"]) == ("2", str(SECOND))
