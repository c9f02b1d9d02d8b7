"""A host with two ways out, each with an address of its own: which of them gets a relay, and why does one get none?"""

from typing import Any

import pytest

from tests.conftest import BuildWorld
from tests.connecting.ends import carry, start
from tests.gathering.test_gather_in_the_lab import LOGIN, TURN_TCP, TURN_UDP, coturn, found, gathered, interrupted
from tests.lab.coturn import PASSWORD, USER
from tests.lab.layout import SERVER_IPV4, SERVER_IPV6, SILENT_IPV4, Client, Layout
from tests.lab.secondlink import (
    SECOND_IPV4,
    filter_udp,
    further_addresses,
    second_link,
    unique_local_address,
    without_default_route,
)
from tests.lab.world import World

pytestmark = pytest.mark.lab

FIRST_IPV4 = "198.51.100.20"
MISSING = "ice-relay-missing-from-address"


def relays(report: dict[str, Any]) -> list[tuple[str, str | None, str]]:
    """Protocol, the address of this host, and the one that the server saw, best relay first."""
    told = [each for each in report["candidates"] if each["type"] == "relay"]
    best = sorted(told, key=lambda each: -each["priority"])
    return [(each["relay_protocol"], each.get("base", {}).get("host"), each["related"]["host"]) for each in best]


def missed(report: dict[str, Any]) -> dict[tuple[str, str | None], tuple[int | None, str]]:
    """By URL and address of this host."""
    return {
        (each["url"], each.get("base", {}).get("host")): (each.get("code"), each["text"])
        for each in report["candidate_errors"]
    }


def check(report: dict[str, Any], name: str) -> dict[str, Any]:
    """The one check of this id."""
    one: list[dict[str, Any]] = [each for each in report["checks"] if each["id"] == name]
    assert len(one) == 1
    return one[0]


def test_each_address_has_a_relay_over_udp_and_the_routed_one_alone_over_tcp(world: World) -> None:
    second_link(world)
    server = coturn(world)
    code, report = gathered(world, TURN_UDP, TURN_TCP, *LOGIN)
    assert relays(report) == [
        ("udp", FIRST_IPV4, FIRST_IPV4),
        ("udp", SECOND_IPV4, SECOND_IPV4),
        ("tcp", FIRST_IPV4, FIRST_IPV4),
    ]
    assert (code, report["candidate_errors"], found(report)) == (0, [], set())
    assert server.settles_at(0)


def test_the_relays_of_two_addresses_may_be_checked_as_one(world: World) -> None:
    second_link(world)
    coturn(world)
    _, report = gathered(world, TURN_UDP, *LOGIN)
    lines = [each["candidate"] for each in report["candidates"] if each["type"] == "relay"]
    assert len(lines) == 2
    assert len({line.split()[0] for line in lines}) == 1
    assert len({line.split()[3] for line in lines}) == 2


def test_no_more_allocations_are_made_than_a_browser_makes(world: World) -> None:
    second_link(world)
    server = coturn(world, "user-quota=2")
    _, report = gathered(world, TURN_UDP, *LOGIN)
    assert len(relays(report)) == 2
    assert sum(any("new" in line for line in lines) for lines in server.sessions().values()) == 2


@pytest.mark.parametrize(
    ("fate", "said"),
    [
        ("drop", "does not answer over udp: asked 6 times"),
        ("reject", "administratively prohibited"),
        ("unroutable", "no route"),
    ],
)
def test_an_address_whose_way_is_shut_is_told_with_its_cause(world: World, fate: Any, said: str) -> None:
    second_link(world, fate)
    coturn(world)
    code, report = gathered(world, TURN_UDP, *LOGIN)
    assert relays(report) == [("udp", FIRST_IPV4, FIRST_IPV4)]
    assert [*missed(report)] == [(TURN_UDP, SECOND_IPV4)]
    assert said in missed(report)[TURN_UDP, SECOND_IPV4][1]
    assert (code, found(report)) == (0, {MISSING})
    finding = report["findings"][0]["evidence"]
    assert said in finding
    assert f"It gives a relay to {FIRST_IPV4}." in finding


def test_where_the_routed_way_is_shut_the_other_address_has_a_relay_and_the_server_is_not_blamed(world: World) -> None:
    second_link(world)
    filter_udp(world.internet, "client", "drop")
    coturn(world)
    code, report = gathered(world, TURN_UDP, *LOGIN, "-4")
    assert relays(report) == [("udp", SECOND_IPV4, SECOND_IPV4)]
    assert [*missed(report)] == [(TURN_UDP, FIRST_IPV4)]
    assert (code, found(report)) == (1, {MISSING})
    assert check(report, "turn.reach")["summary"].endswith(f"from {SECOND_IPV4} it answers")
    assert check(report, "ice.relay")["status"] == "pass"


def test_an_address_with_a_route_of_its_own_has_a_relay_where_this_host_has_no_other_route(world: World) -> None:
    second_link(world)
    without_default_route(world)
    coturn(world)
    code, report = gathered(world, TURN_UDP, TURN_TCP, *LOGIN, "-4")
    assert relays(report) == [("udp", SECOND_IPV4, SECOND_IPV4)]
    assert {*missed(report)} == {(TURN_TCP, None)}
    assert "no route" in missed(report)[TURN_TCP, None][1]
    assert (code, found(report)) == (0, {"no-route"})


def test_where_no_address_reaches_the_server_the_cause_is_told_once(world: World) -> None:
    second_link(world)
    code, report = gathered(world, TURN_UDP, *LOGIN, "-4")
    assert found(report) == {"udp-port-refused", "ice-no-relay"}
    assert {*missed(report)} == {(TURN_UDP, FIRST_IPV4), (TURN_UDP, SECOND_IPV4)}
    assert code == 1


def test_each_address_counts_against_the_users_quota_and_the_routed_one_comes_first(world: World) -> None:
    second_link(world)
    coturn(world, "user-quota=1")
    code, report = gathered(world, TURN_UDP, *LOGIN)
    assert relays(report) == [("udp", FIRST_IPV4, FIRST_IPV4)]
    told = "Allocate is refused: 486 (Allocation Quota Reached), and each address of this host counts as one"
    assert missed(report) == {(TURN_UDP, SECOND_IPV4): (486, told)}
    assert (code, found(report)) == (0, {MISSING})


def test_a_wrong_password_is_wrong_from_each_address(world: World) -> None:
    second_link(world)
    coturn(world)
    _, report = gathered(world, TURN_UDP, "-u", USER, "-p", "mistaken")
    assert [code for code, _ in missed(report).values()] == [401, 401]
    assert "turn-auth-401-bad-credentials" in found(report)
    assert MISSING not in found(report)


def test_without_credentials_no_address_has_a_relay(world: World) -> None:
    second_link(world)
    coturn(world)
    _, report = gathered(world, TURN_UDP)
    assert missed(report)[TURN_UDP, SECOND_IPV4] == (401, "no credentials were given")
    assert MISSING not in found(report)


def test_of_many_addresses_seven_are_asked_beside_the_routed_one_and_the_text_says_so(world: World) -> None:
    further_addresses(world, 9)
    server = coturn(world)
    _, report = gathered(world, TURN_UDP, *LOGIN)
    assert len(relays(report)) == 8
    assert check(report, "ice.relay")["summary"].endswith("not asked from 2 more, 7 are the limit")
    assert len(check(report, "ice.relay")["evidence"]["unasked"]) == 2
    assert server.settles_at(0)


def test_a_host_with_one_link_is_asked_for_one_relay(world: World) -> None:
    server = coturn(world)
    _, report = gathered(world, TURN_UDP, *LOGIN)
    assert relays(report) == [("udp", None, FIRST_IPV4)]
    assert "ice.relay" not in {each["id"] for each in report["checks"]}
    assert len(server.sessions()) == 1


def test_an_address_that_is_for_its_site_alone_asks_no_public_server(world: World) -> None:
    unique_local_address(world)
    coturn(world)
    code, report = gathered(world, f"turn:[{SERVER_IPV6}]?transport=udp", *LOGIN)
    assert "fd00:20::20" in {each["address"]["host"] for each in report["candidates"]}
    assert len(relays(report)) == 1
    assert (code, report["candidate_errors"], found(report)) == (0, [], set())


def test_interrupted_it_leaves_no_allocation_of_any_address(world: World) -> None:
    second_link(world)
    server = coturn(world)
    done = interrupted(world, (f"stun:{SILENT_IPV4}", TURN_UDP, *LOGIN), f"by udp for {SECOND_IPV4}")
    assert done.exit_code == 130
    assert "Traceback" not in done.stdout + done.stderr
    assert server.settles_at(0)


def test_cut_off_by_the_deadline_it_says_so_of_each_address_that_was_still_asking(world: World) -> None:
    second_link(world, "drop")
    coturn(world)
    _, report = gathered(world, TURN_UDP, *LOGIN, "--timeout", "2.5")
    assert relays(report) == [("udp", FIRST_IPV4, FIRST_IPV4)]
    said = "not decided: the run reached its deadline of 2.5 s"
    assert missed(report) == {(TURN_UDP, SECOND_IPV4): (None, said)}


def test_the_text_names_the_address_of_each_relay_and_of_each_that_is_missing(world: World) -> None:
    second_link(world, "drop")
    coturn(world)
    done = world.natprobe("gather", TURN_UDP, *LOGIN)
    assert f" by udp for {FIRST_IPV4}\n" in done.stdout
    assert f"nothing from {TURN_UDP} for {SECOND_IPV4}: {SERVER_IPV4}:3478 does not answer" in done.stdout


def test_with_connect_a_call_is_made_through_the_server_and_each_address_has_its_relay(world: World) -> None:
    second_link(world)
    server = coturn(world, "user-quota=3")
    code, report = gathered(world, TURN_UDP, *LOGIN, "--connect")
    assert len(relays(report)) == 2
    assert check(report, "ice.connect")["status"] == "pass"
    assert (code, PASSWORD in str(report)) == (0, False)
    assert server.settles_at(0)


def test_a_call_goes_by_the_relay_of_the_other_address_where_the_routed_way_is_shut(build_world: BuildWorld) -> None:
    away = Client(name="away", ipv4="198.51.103.20/24", ipv6="2001:db8:103::20/64")
    world = build_world(Layout(clients=(Client(), away)))
    second_link(world)
    filter_udp(world.internet, "client", "drop")
    server = coturn(world)
    relayed = (TURN_UDP, "-u", USER, "--policy", "relay", "-4")
    offering = start(world.client, *relayed, secret=True)
    first, second = carry(offering, lambda offer: start(world["away"], offer, *relayed, secret=True))
    assert (first.selected, second.selected) == (("relay", "relay"), ("relay", "relay"))
    assert relays(first.report) == [("udp", SECOND_IPV4, SECOND_IPV4)]
    assert server.settles_at(0)
