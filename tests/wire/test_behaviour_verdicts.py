"""The tables of NAT behaviour: what follows from which answers, and what never follows from silence."""

from itertools import combinations
from math import comb
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from natprobe.address import Address
from natprobe.wire.behaviour import (
    CERTAIN,
    Door,
    Tally,
    Trial,
    View,
    chance_of_loss,
    filtering_of,
    for_calls,
    mapping_of,
    reach_of,
    type_of,
)

LOCAL = Address("10.7.0.2", 40000)
HOSTS, PORTS = ("192.0.2.34", "192.0.2.35"), (3478, 3479)
DESTINATIONS = tuple(Address(host, port) for host in HOSTS for port in PORTS)
WORDS = ("none", "endpoint-independent", "address-dependent", "address-and-port-dependent")
GOOD = Tally(13, 13)


def seen(word: str, destination: Address) -> Address:
    """As what a NAT of that mapping shows `LOCAL` to `destination`."""
    host, port = HOSTS.index(destination.host), PORTS.index(destination.port)
    ports = {
        "none": LOCAL,
        "endpoint-independent": Address("198.51.100.3", 20000),
        "address-dependent": Address("198.51.100.3", 20000 + host),
        "address-and-port-dependent": Address("198.51.100.3", 20000 + 2 * host + port),
    }
    return ports[word]


def views(word: str, destinations: tuple[Address, ...] = DESTINATIONS) -> tuple[View, ...]:
    return tuple(View(destination, seen(word, destination)) for destination in destinations)


def silence(**changes: object) -> Trial:
    fields: dict[str, object] = {
        "stranger": "192.0.2.35:3479",
        "sends": 6,
        "waited_ms": 650.0,
        "arrived": False,
        "proved": True,
        "control": GOOD,
    }
    return Trial(**(fields | changes))  # type: ignore[arg-type]


ARRIVAL = silence(arrived=True)


@pytest.mark.parametrize("word", WORDS)
def test_four_destinations_tell_every_mapping(word: str) -> None:
    assert mapping_of(views(word), LOCAL).word == word


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("count", range(4))
def test_an_answer_that_is_missing_makes_no_other_mapping_of_it(word: str, count: int) -> None:
    for left in combinations(DESTINATIONS, count):
        verdict = mapping_of(views(word, left), LOCAL)
        assert verdict.word in {word, "unknown"}, left
        assert not verdict.contradictory
        assert verdict.dependent in {None, word not in {"none", "endpoint-independent"}}


@pytest.mark.parametrize("word", WORDS)
def test_two_ports_of_one_address_and_one_of_another_are_enough(word: str) -> None:
    """RFC 5780 section 4.3 asks no more."""
    verdict = mapping_of(views(word, DESTINATIONS[:3]), LOCAL)
    assert (verdict.word, verdict.mapped) == (word, seen(word, DESTINATIONS[0]))
    assert verdict.seen == (
        seen(word, DESTINATIONS[2 if word == "address-dependent" else 1]) if verdict.dependent else None
    )
    assert verdict.why.startswith("3 destinations saw") is (verdict.dependent is False)


def test_one_server_is_named_as_the_only_witness() -> None:
    assert mapping_of(views("none", DESTINATIONS[:1]), LOCAL).why.startswith("192.0.2.34:3478 saw")


def test_two_plain_servers_tell_that_the_mapping_depends_and_not_on_what() -> None:
    verdict = mapping_of(views("address-and-port-dependent", (DESTINATIONS[0], DESTINATIONS[2])), LOCAL)
    assert (verdict.word, verdict.dependent) == ("unknown", True)
    assert "whether the port counts too" in verdict.why


def test_one_server_tells_no_endpoint_independence() -> None:
    verdict = mapping_of(views("endpoint-independent", DESTINATIONS[:2]), LOCAL)
    assert (verdict.word, verdict.dependent) == ("unknown", None)


def test_a_destination_that_sees_two_addresses_is_a_contradiction() -> None:
    twice = (*views("endpoint-independent"), View(DESTINATIONS[0], Address("198.51.100.3", 9)))
    verdict = mapping_of(twice, LOCAL)
    assert (verdict.word, verdict.contradictory) == ("unknown", True)


A, B = Address("198.51.100.3", 20000), Address("198.51.100.3", 20001)


@pytest.mark.parametrize(
    "mapped",
    [
        (LOCAL, LOCAL, A, A),  # translated for some, and not for others
        (A, B, A),  # the first address's ports are told apart, and its first port and the second address are not
        (A, A, B, A),
        (A, B, B, A),
    ],
)
def test_what_no_single_mapping_explains_is_a_contradiction(mapped: tuple[Address, ...]) -> None:
    verdict = mapping_of(map(View, DESTINATIONS, mapped), LOCAL)
    assert (verdict.word, verdict.dependent, verdict.contradictory) == ("unknown", None, True)
    assert {verdict.mapped, verdict.seen} == {*mapped}


def test_one_server_that_lies_makes_no_symmetric_nat_of_a_cone() -> None:
    liar = View(Address("203.0.113.9", 3478), Address("203.0.113.1", 1))
    verdict = mapping_of((*views("endpoint-independent"), liar), LOCAL)
    assert (verdict.word, verdict.dissent, verdict.contradictory) == ("endpoint-independent", liar.mapped, False)
    assert (verdict.dependent, verdict.mapped, verdict.seen) == (False, A, liar.mapped)


def test_a_server_inside_the_network_is_left_out_where_public_ones_answer() -> None:
    inside = View(Address("10.7.0.1", 3478), LOCAL)
    assert mapping_of((*views("endpoint-independent"), inside), LOCAL).word == "endpoint-independent"


MAPPED = st.builds(Address, st.just("198.51.100.3"), st.integers(1, 4))


@given(st.lists(st.builds(View, st.sampled_from(DESTINATIONS), MAPPED), max_size=8))
def test_whatever_servers_say_equal_and_different_are_never_mixed_up(said: list[View]) -> None:
    verdict = mapping_of(said, LOCAL)
    mapped = {view.mapped for view in said}
    if len(mapped) > 1:
        assert verdict.word not in {"none", "endpoint-independent"}
    else:
        assert not verdict.dependent


@pytest.mark.parametrize(
    ("address", "port", "word", "why"),
    [
        (ARRIVAL, silence(), "endpoint-independent", "got in unasked"),
        (ARRIVAL, None, "endpoint-independent", "got in unasked"),
        (silence(), ARRIVAL, "address-dependent", "did not (6 requests, waited 0.7 s)"),
        (silence(), silence(), "address-and-port-dependent", "did not get in"),
        (None, silence(), "address-and-port-dependent", "did not get in"),
        (None, ARRIVAL, "unknown", "ports are not filtered"),
        (silence(), None, "unknown", "no stranger at another port"),
        (None, None, "unknown", "no stranger at another address"),
        (silence(proved=False), ARRIVAL, "unknown", "it is not proved that"),
        (silence(), silence(proved=False), "unknown", "it is not proved that"),
        (silence(disproof="it ignores CHANGE-REQUEST"), silence(), "unknown", "it ignores CHANGE-REQUEST"),
        (silence(disproof="420"), silence(disproof="300"), "unknown", "420"),
        (silence(), silence(disproof="420"), "unknown", "420"),
        (silence(control=Tally(13, 9)), ARRIVAL, "unknown", "9 of 13 control requests were answered"),
        (silence(control=Tally()), silence(control=Tally()), "unknown", "could be mere loss"),
    ],
)
def test_the_filter_follows_from_two_strangers(address: Trial | None, port: Trial | None, word: str, why: str) -> None:
    verdict = filtering_of(address, port)
    assert verdict.word == word
    assert why in verdict.why


TRIALS = st.builds(
    silence,
    arrived=st.booleans(),
    proved=st.booleans(),
    sends=st.integers(0, 20),
    disproof=st.none() | st.just("420"),
    control=st.integers(0, 30).flatmap(lambda n: st.builds(Tally, st.just(n), st.integers(0, n))),
)


@given(st.none() | TRIALS, st.none() | TRIALS)
def test_a_filter_is_told_only_where_an_arrival_or_a_proved_silence_says_so(
    address: Trial | None, port: Trial | None
) -> None:
    verdict = filtering_of(address, port)
    assert (verdict.word == "endpoint-independent") == (address is not None and address.arrived)
    if verdict.word == "address-dependent":
        assert address is not None
        assert address.doubt is None
        assert port is not None
        assert port.arrived
    if verdict.word == "address-and-port-dependent":
        assert port is not None
        assert port.doubt is None
    assert verdict.chance < CERTAIN


def test_a_path_that_lost_nothing_still_needs_several_requests() -> None:
    assert chance_of_loss(Tally(6, 6), 1) == pytest.approx(1 / 8)
    assert chance_of_loss(Tally(13, 13), 6) < CERTAIN < chance_of_loss(Tally(13, 13), 4)


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30))
def test_more_requests_make_loss_less_likely_and_more_loss_more_likely(sends: int, lost: int, asked: int) -> None:
    control = Tally(30, 30 - min(lost, 30))
    assert 0 < chance_of_loss(control, sends + 1) <= chance_of_loss(control, sends) <= 1
    assert chance_of_loss(Tally(30, max(0, control.answers - 1)), asked) >= chance_of_loss(control, asked)


@pytest.mark.parametrize("loss", [0.01, 0.05, 0.1, 0.19, 0.3, 0.5, 0.7, 0.9])
def test_whatever_a_path_loses_a_certain_silence_is_hardly_ever_mere_loss(loss: float) -> None:
    controls, sends = 13, 6
    certain = sum(
        comb(controls, answers) * (1 - loss) ** answers * loss ** (controls - answers)
        for answers in range(controls + 1)
        if chance_of_loss(Tally(controls, answers), sends) < CERTAIN
    )
    assert certain * loss**sends < CERTAIN


@pytest.mark.parametrize(
    ("mapping", "filtering", "word"),
    [
        ("none", "endpoint-independent", "open-internet"),
        ("none", "address-dependent", "symmetric-udp-firewall"),
        ("none", "address-and-port-dependent", "symmetric-udp-firewall"),
        ("none", "unknown", "unknown"),
        ("endpoint-independent", "endpoint-independent", "full-cone"),
        ("endpoint-independent", "address-dependent", "restricted-cone"),
        ("endpoint-independent", "address-and-port-dependent", "port-restricted-cone"),
        ("endpoint-independent", "unknown", "unknown"),
        ("address-dependent", "endpoint-independent", "symmetric"),
        ("address-and-port-dependent", "unknown", "symmetric"),
        ("unknown", "endpoint-independent", "unknown"),
    ],
)
def test_rfc_3489_has_one_word_for_each_pair(mapping: str, filtering: str, word: str) -> None:
    assert type_of(mapping, filtering) == word  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("mapping", "filtering", "words"),
    [
        ("none", "endpoint-independent", "calls: direct with every peer that has UDP"),
        ("endpoint-independent", "address-and-port-dependent", "relay (TURN) with symmetric ones"),
        ("address-dependent", "unknown", "relay (TURN) with the others"),
        *((word, "unknown", "depends on the filter, which is not known") for word in ("none", "endpoint-independent")),
        *(("unknown", word, "plan with a relay (TURN)") for word in ("endpoint-independent", "unknown")),
    ],
)
def test_what_it_means_for_calls_follows_from_what_is_known(mapping: Any, filtering: Any, words: str) -> None:
    assert words in for_calls(type_of(mapping, filtering), mapping, filtering)


def test_a_mapping_that_depends_is_symmetric_even_if_not_known_on_what() -> None:
    assert type_of("unknown", "unknown", dependent=True) == "symmetric"


@pytest.mark.parametrize(
    ("doors", "word"),
    [
        ((Door(host="192.0.2.34", answered=True), Door(host="192.0.2.35")), "answered"),
        ((Door(host="192.0.2.34", tcp=True), Door(host="192.0.2.35", tcp=False)), "blocked"),
        ((Door(host="192.0.2.34", tcp=True),), "unknown"),
        ((Door(host="192.0.2.34", name="a", tcp=True), Door(host="192.0.2.35", name="a", tcp=True)), "unknown"),
        ((Door(host="192.0.2.34", name="a", tcp=True), Door(host="192.0.2.34", name="b", tcp=True)), "unknown"),
        ((Door(host="192.0.2.34", name="a"), Door(host="192.0.2.35", name="b", tcp=True)), "blocked"),
        ((Door(host="192.0.2.34", rejected_by="10.7.0.1"),), "blocked"),
        ((Door(host="192.0.2.34", rejected_by="203.0.113.1"),), "unknown"),
        ((Door(host="10.9.0.34", rejected_by="10.7.0.1"),), "unknown"),
        ((Door(host="192.0.2.34", rejected_by="203.0.113.1"), Door(host="192.0.2.35")), "blocked"),
        ((Door(host="192.0.2.34", forbidden=True),), "blocked"),
        ((Door(host="192.0.2.34", forbidden=True), Door(host="192.0.2.35")), "unknown"),
        ((Door(host="192.0.2.34", name="a", rejected_by="10.7.0.1"), Door(host="192.0.2.35", name="a")), "blocked"),
        ((Door(host="192.0.2.34", tcp=False),), "unknown"),
        ((Door(host="192.0.2.34", tcp=False), Door(host="192.0.2.35", tcp=False)), "unknown"),  # nobody lives
        ((Door(host="192.0.2.34", refused=True), Door(host="192.0.2.35", tcp=True)), "unknown"),
        ((Door(host="192.0.2.34", tcp=True), Door(host="192.0.2.35", oddity="error 300")), "unknown"),
        ((Door(host="192.0.2.34", refused=True, tcp=True),), "unknown"),
        ((Door(host="192.0.2.34", oddity="error 300", tcp=True),), "unknown"),
        ((), "unknown"),
    ],
)
def test_udp_is_blocked_only_where_something_proves_it(doors: tuple[Door, ...], word: str) -> None:
    verdict = reach_of(doors)
    assert verdict.word == word
    assert verdict.confidence == {"answered": 1.0, "blocked": 0.99, "unknown": 0.0}[word]


@pytest.mark.parametrize(
    ("doors", "why"),
    [
        ((Door(host="192.0.2.34", answered=True), Door(host="192.0.2.35")), "1 of 2 hosts answer over UDP"),
        ((Door(host="192.0.2.34", refused=True), Door(host="192.0.2.35")), "UDP gets out: a server's own host says"),
        ((Door(host="192.0.2.34"), Door(host="192.0.2.35", oddity="error 300")), "no answer can be used: error 300"),
        ((Door(host="192.0.2.34", tcp=True), Door(host="192.0.2.35")), "192.0.2.34 reacts over TCP"),
        ((Door(host="192.0.2.34", rejected_by="10.7.0.1", tcp=True),), "10.7.0.1 rejects it on the way"),
        ((Door(host="192.0.2.34"), Door(host="192.0.2.35")), "nobody reacts over TCP either"),
        ((Door(host="192.0.2.34", forbidden=True),), "this host's own firewall forbids"),
    ],
)
def test_the_proof_is_named(doors: tuple[Door, ...], why: str) -> None:
    assert why in reach_of(doors).why


@pytest.mark.parametrize("door", [Door(host="192.0.2.34", tcp=True), Door(host="192.0.2.34", rejected_by="192.0.2.1")])
def test_one_silent_server_asks_for_a_second_one(door: Door) -> None:
    assert "name a second server" in reach_of((door,)).why


def plain(*mapped: Address) -> tuple[View, ...]:
    """What so many plain servers saw, each at an address of its own."""
    return tuple(View(Address(f"192.0.2.{number}", 3478), address) for number, address in enumerate(mapped, 1))


TRUE, ELSEWHERE, OTHER_PORT = (
    Address("198.51.100.3", 20000),
    Address("203.0.113.9", 20000),
    Address("198.51.100.3", 7),
)


def test_two_servers_that_see_two_public_hosts_prove_no_mapping() -> None:
    verdict = mapping_of(plain(TRUE, ELSEWHERE), LOCAL)
    assert (verdict.word, verdict.dependent, verdict.contradictory) == ("unknown", None, True)


def test_two_servers_that_see_two_ports_of_one_host_show_a_mapping_by_destination() -> None:
    assert mapping_of(plain(TRUE, OTHER_PORT), LOCAL).dependent


def test_one_server_that_names_another_host_is_outvoted_by_two() -> None:
    verdict = mapping_of(plain(TRUE, ELSEWHERE, TRUE), LOCAL)
    assert (verdict.word, verdict.mapped, verdict.dissent) == ("endpoint-independent", TRUE, ELSEWHERE)


def test_nobody_is_outvoted_by_as_many_nor_for_another_port_of_the_same_host() -> None:
    for seen in ((TRUE, TRUE, OTHER_PORT), (TRUE, TRUE, ELSEWHERE, ELSEWHERE), (TRUE, ELSEWHERE, OTHER_PORT)):
        assert mapping_of(plain(*seen), LOCAL).word == "unknown"
