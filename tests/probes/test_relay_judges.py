"""What is said of an allocation and of the paths through it, for each way in which they can end."""

from typing import Any

import pytest

from natprobe.address import Address
from natprobe.client.flight import Flight
from natprobe.credential import Credential, Secret, examine
from natprobe.probe import Judgement
from natprobe.probes import turn_allocate, turn_relay_in, turn_relay_out
from natprobe.wire.transactions import Exchange

SERVER, RELAYED = Address("203.0.113.10", 3478), Address("203.0.113.10", 50000)
HERE, INNER = Address("198.51.100.20", 40000), Address("10.0.0.2", 50000)
NOW_S = 1700000000.0
PLAIN = "wonderland"
GRANTED = Exchange(request="Allocate request", sends_ms=(1.0,), answered_ms=2.0, rtt_ms=1.0, outcome="success")
LOST = Flight(path="there", sends_ms=(10.0, 110.0), waited_ms=2000.0)
Told = tuple[str, tuple[str, ...]]


def said(judgement: Judgement) -> Told:
    """Its status, and the findings that it raised."""
    return str(judgement.status), tuple(raised.id for raised in judgement.raised)


def arrived(source: Address, *, send: int = 0) -> Flight:
    """Two parcels at 10 and 110 ms, of which number `send` came in 5 ms."""
    sends_ms = (10.0, 110.0)
    return Flight(path="there", sends_ms=sends_ms, arrived_ms=sends_ms[send] + 5, arrived_send=send, source=source)


def refusal(code: int) -> Exchange:
    return Exchange(request="Allocate request", sends_ms=(0.0,), answered_ms=1.0, outcome="error", code=code)


def allocate(exchange: Exchange = GRANTED, *, user: str | None = None, password: str = PLAIN, **more: Any) -> Judgement:
    credential = None if user is None else examine(Credential(user, Secret(password)), NOW_S)
    evidence = turn_allocate.Evidence(server=SERVER, exchanges=(exchange,), credential=credential, **more)
    return turn_allocate.judge(evidence)


@pytest.mark.parametrize(
    ("code", "finding"),
    [
        (300, "turn-alternate-unreachable"),
        (400, "turn-allocate-refused"),
        (403, "turn-draining"),
        (437, "turn-allocation-mismatch-437"),
        (438, "turn-nonce-wrong-loop"),
        (440, "turn-family-unsupported"),
        (441, "turn-auth-441-wrong-credentials"),
        (442, "turn-transport-unsupported"),
        (486, "turn-quota-reached"),
        (500, "turn-500"),
        (508, "turn-ports-exhausted"),
        (599, "turn-allocate-refused"),
    ],
)
def test_the_code_of_a_refusal_says_which_stage_refused(code: int, finding: str) -> None:
    told = allocate(refusal(code), user="alice")
    assert said(told) == ("fail", (finding,))
    assert told.summary.startswith(f"Allocate is refused: {code} (")
    assert told.raised[0].facts.get("transport") == ("UDP" if code == 442 else None)


def test_a_refusal_tells_from_how_many_ports_it_was_asked_for() -> None:
    assert allocate(refusal(437), new_ports=2).summary.endswith(", from 3 ports")
    assert "ports" not in allocate(refusal(437)).summary


@pytest.mark.parametrize(
    ("user", "algorithms", "finding"),
    [
        ("alice", (1, 2), "turn-auth-password-algorithm-400"),
        ("älice", (), "turn-auth-bad-utf8-or-long"),
        ("ali\tce", (), "turn-auth-bad-utf8-or-long"),
        ("a" * 128, (), "turn-allocate-refused"),
        ("a" * 129, (), "turn-auth-bad-utf8-or-long"),
        (None, (), "turn-allocate-refused"),
    ],
)
def test_a_400_is_put_down_to_what_servers_choke_on(
    user: str | None, algorithms: tuple[int, ...], finding: str
) -> None:
    assert said(allocate(refusal(400), user=user, algorithms=algorithms)) == ("fail", (finding,))


IN_FORM, MINTED_LATER = "A" * 27 + "=", "1700003600:alice"


@pytest.mark.parametrize(
    ("user", "password", "more", "findings"),
    [
        ("alice", "wonderland", {}, ("turn-auth-401-bad-credentials",)),
        (None, "", {}, ("turn-auth-401-bad-credentials",)),
        (MINTED_LATER, IN_FORM, {}, ("turn-auth-rest-wrong-secret",)),
        (MINTED_LATER, IN_FORM, {"minted": True}, ("turn-auth-rest-wrong-secret",)),
        ("alice", IN_FORM, {"minted": True}, ("turn-auth-rest-wrong-secret",)),
        ("1600000000:alice", IN_FORM, {}, ("turn-auth-rest-expired",)),
        (MINTED_LATER, "wonderland", {}, ("turn-auth-rest-wrong-digest",)),
        ("1600000000:alice", "wonderland", {}, ("turn-auth-rest-expired", "turn-auth-rest-wrong-digest")),
        (MINTED_LATER, IN_FORM, {"third_party": "https://as.example.org"}, ("turn-oauth-required",)),
    ],
)
def test_a_401_is_explained_by_the_credential(
    user: str | None, password: str, more: dict[str, Any], findings: tuple[str, ...]
) -> None:
    told = allocate(refusal(401), user=user, password=password, **more)
    assert said(told) == ("fail", findings)
    assert {raised.facts["user"] for raised in told.raised} == {user or ""}


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"lifetime_s": 600}, ("pass", ())),
        ({"lifetime_s": None}, ("pass", ())),
        ({"lifetime_s": 599}, ("warn", ("turn-lifetime-short",))),
        ({"lifetime_s": 0}, ("warn", ("turn-lifetime-zero",))),
        ({"family_refused": True}, ("warn", ("turn-family-unsupported",))),
        ({"declared_ports": (50000, 50000)}, ("pass", ())),
        ({"declared_ports": (49152, 49999)}, ("fail", ("docker-relay-range-mismatch",))),
        ({"declared_ports": (50001, 65535)}, ("fail", ("docker-relay-range-mismatch",))),
        ({"relayed": None}, ("fail", ("turn-answer-malformed",))),
        ({"relayed": INNER}, ("fail", ("turn-relay-private-address",))),
    ],
)
def test_an_allocation_is_judged_by_its_lifetime_its_port_and_its_address(more: dict[str, Any], told: Told) -> None:
    assert said(allocate(**({"relayed": RELAYED} | more))) == told


def test_the_facts_of_an_allocation_are_what_the_server_said() -> None:
    (raised,) = allocate(relayed=RELAYED, realm="", lifetime_s=0, declared_ports=(49152, 65535), user="alice").raised
    told = {name: raised.facts[name] for name in ("realm", "lifetime", "range", "relayed_port", "kind", "user")}
    assert told == {
        "realm": '""', "lifetime": "0 s", "range": "49152-65535", "relayed_port": "50000", "kind": "public",
        "user": "alice",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("discarded", "finding", "words"),
    [
        (("other", "MESSAGE-INTEGRITY is wrong"), "turn-auth-integrity-missing-in-response", "must not be believed"),
        (("its FINGERPRINT is wrong",), "turn-answer-malformed", "cannot be believed: its FINGERPRINT is wrong"),
        ((), "turn-allocate-timeout", "is not answered (silent, waited 9.5 s)"),
    ],
)
def test_an_allocate_without_a_sound_answer_is_told_by_what_came(
    discarded: tuple[str, ...], finding: str, words: str
) -> None:
    exchange = Exchange(
        request="Allocate request", sends_ms=(0.0,), outcome="silent", waited_ms=9500.0, discarded=discarded
    )
    told = allocate(exchange, user="alice")
    assert said(told) == ("fail", (finding,))
    assert words in told.summary


def test_without_a_credential_nothing_is_said_of_the_relay() -> None:
    assert said(turn_allocate.judge(turn_allocate.Evidence(server=SERVER))) == ("inconclusive", ())


def relay_in(**facts: Any) -> Judgement:
    known: dict[str, Any] = {
        "relayed": RELAYED,
        "permitted": True,
        "udp": True,
        "outward_arrived": True,
        "outward_seen": RELAYED,
    }
    return turn_relay_in.judge(turn_relay_in.Evidence(**(known | facts)))


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        # The control proves that this host's packets get through: what is shut is the port.
        ({"flight": LOST, "returned": True}, ("fail", ("relay-port-range-blocked",))),
        ({"flight": LOST, "returned": True, "declared_ports": (50000, 50000)}, ("fail", ("relay-port-range-blocked",))),
        *(
            ({"flight": LOST, "returned": True, "declared_ports": declared}, ("fail", ("docker-relay-range-mismatch",)))
            for declared in ((49152, 49999), (50001, 65535))
        ),
        # Nothing proves it.
        ({"flight": LOST}, ("inconclusive", ("relay-unreachable-from-here",))),
        ({"flight": LOST, "outward_seen": INNER}, ("inconclusive", ("relay-unreachable-from-here",))),
        ({"flight": LOST, "outward_seen": HERE}, ("fail", ())),  # turn.relay-out tells the wrong address
        *(
            ({"flight": LOST, "relayed": INNER, "outward_seen": None, "outward_arrived": came}, told)
            for came, told in (
                (True, ("inconclusive", ("relay-unreachable-from-here",))),
                (False, ("fail", ())),  # turn.allocate tells the private address
                (None, ("fail", ())),
            )
        ),
        ({"flight": None, "relayed": Address("0.0.0.0", 50000)}, ("fail", ())),
        ({"flight": None, "relayed": Address("0.0.0.0", 50000), "udp": False}, ("inconclusive", ())),
        ({"flight": None}, ("inconclusive", ())),
    ],
)
def test_a_closed_relay_is_told_by_what_else_passes(facts: dict[str, Any], told: Told) -> None:
    assert said(relay_in(**facts)) == told


@pytest.mark.parametrize(("outward_arrived", "words"), [(True, "not even an answer"), (False, "in either direction")])
def test_what_passes_neither_way_is_told_apart(outward_arrived: bool, words: str) -> None:  # noqa: FBT001
    assert words in relay_in(flight=LOST, outward_arrived=outward_arrived).summary


def test_the_time_of_an_unsolicited_parcel_is_that_of_the_send_that_came() -> None:
    assert relay_in(flight=arrived(HERE, send=1)).summary.endswith("within 5.0 ms")
    # The second send left as the relay first wrote: its filter may have been open then.
    assert said(relay_in(flight=arrived(HERE, send=1), outward_began_ms=110.0)) == ("inconclusive", ())
    assert said(relay_in(flight=arrived(HERE, send=1), outward_began_ms=110.1)) == ("pass", ())
    assert said(relay_in(flight=arrived(HERE, send=0), outward_began_ms=110.0)) == ("pass", ())


def relay_out(**facts: Any) -> Judgement:
    known: dict[str, Any] = {
        "server": SERVER,
        "relayed": RELAYED,
        "permitted": True,
        "peer_mapped": HERE,
        "flight": LOST,
    }
    return turn_relay_out.judge(turn_relay_out.Evidence(**(known | facts)))


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"permitted": False}, ("skip", ())),
        ({"flight": None}, ("inconclusive", ("relay-unreachable-from-here",))),
        ({"inward_arrived": True}, ("fail", ("turn-one-way",))),
        ({"inward_arrived": False}, ("inconclusive", ())),
        ({"inward_arrived": None}, ("inconclusive", ())),
        # Behind the relay's own public address, the path is not that of a peer outside.
        (
            {"inward_arrived": True, "peer_mapped": Address(RELAYED.host, 1)},
            ("inconclusive", ("relay-unreachable-from-here",)),
        ),
        ({"relayed": INNER, "flight": arrived(RELAYED)}, ("fail", ())),  # turn.allocate tells the private address
        ({"relayed": INNER, "flight": arrived(Address("10.0.0.3", 50000))}, ("fail", ("turn-external-ip-wrong",))),
    ],
)
def test_what_the_relay_sends_is_told_by_what_arrives_and_what_else_passes(facts: dict[str, Any], told: Told) -> None:
    assert said(relay_out(**facts)) == told


def test_it_is_said_where_nothing_passes_either_way() -> None:
    assert relay_out(inward_arrived=False).summary.endswith(
        "(2 packets, 2.0 s), and nothing of this host reached the relay"
    )
    assert relay_out(inward_arrived=None).summary.endswith("(2 packets, 2.0 s)")
