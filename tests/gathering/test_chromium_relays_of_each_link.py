"""On a host with two ways out a real Chromium has the same relays as natprobe, in the same order of priority."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.gathering.of_chromium import Relay, allow_microphone, relays, relays_of_natprobe
from tests.gathering.test_chromium_gathers_alike import pin
from tests.lab.browser import ALLOWS_MICROPHONE, SHOWS_ADDRESSES, Browser
from tests.lab.certificates import Authority
from tests.lab.coturn import LONG_TERM, PASSWORD, USER, Coturn, cloud_addresses
from tests.lab.layout import SERVER_IPV4
from tests.lab.secondlink import SECOND_IPV4, Fate, neighbour_address, second_link, without_default_route
from tests.lab.world import World

pytestmark = [pytest.mark.lab, pytest.mark.chromium]

FIRST_IPV4 = "198.51.100.20"
ROUTED = tuple(Relay(protocol, FIRST_IPV4) for protocol in ("udp", "tcp", "tls"))
SECOND = Relay("udp", SECOND_IPV4)
_URLS = [
    *(f"turn:{SERVER_IPV4}:3478?transport={protocol}" for protocol in ("udp", "tcp")),
    f"turns:{SERVER_IPV4}:5349?transport=tcp",
]
_QUIET_S = 3.0


class Seen(NamedTuple):
    """The relays of one host."""

    natprobe: tuple[Relay, ...]
    unasked: tuple[Relay, ...]
    allowed: tuple[Relay, ...]
    """Of a page that may use the microphone."""


@pytest.fixture
def world() -> Iterator[World]:
    """Its client gets its second link by the test."""
    with World() as world:
        yield world


def seen(world: World, authority: Authority) -> Seen:
    """What both programs find there, one after the other."""
    certificate = authority.issue("good", SERVER_IPV4)
    Coturn(world, *cloud_addresses(world), *LONG_TERM, *certificate.options)
    login = ("-u", USER, "-p", PASSWORD, "--ca-file", str(authority.root), "-4")
    report = world.natprobe("gather", *_URLS, *login, "--json").report
    servers = [{"urls": _URLS, "username": USER, "credential": PASSWORD}]
    page = world.new_file("page.html")
    page.touch()
    trust = f"--ignore-certificate-errors-spki-list={pin(certificate.chain)}"
    with Browser(world, world.client, trust, *ALLOWS_MICROPHONE, SHOWS_ADDRESSES) as browser:
        unasked = relays(browser, servers, _QUIET_S)
        allow_microphone(browser, page)
        allowed = relays(browser, servers, _QUIET_S)
    return Seen(relays_of_natprobe(report), unasked, allowed)


@pytest.mark.parametrize(
    ("fate", "expected"),
    [("pass", (ROUTED[0], SECOND, *ROUTED[1:])), ("drop", ROUTED), ("reject", ROUTED), ("unroutable", ROUTED)],
)
def test_a_page_has_a_relay_over_udp_for_each_link_and_over_tcp_for_the_routed_one(
    world: World, authority: Authority, fate: Fate, expected: tuple[Relay, ...]
) -> None:
    second_link(world, fate)
    found = seen(world, authority)
    assert found.allowed == expected
    assert found.natprobe == expected


def test_before_that_it_has_those_of_the_routed_link_alone(world: World, authority: Authority) -> None:
    second_link(world)
    assert [relay.protocol for relay in seen(world, authority).unasked] == ["udp", "tcp", "tls"]


def test_where_routing_picks_no_address_the_one_with_a_route_of_its_own_has_its_relay(
    world: World, authority: Authority
) -> None:
    second_link(world)
    without_default_route(world)
    found = seen(world, authority)
    assert found.allowed == (SECOND,)
    assert found.natprobe == (SECOND,)


def test_two_addresses_of_one_link_have_one_relay_between_them(world: World, authority: Authority) -> None:
    neighbour_address(world)
    found = seen(world, authority)
    assert found.allowed == ROUTED
    assert found.natprobe == ROUTED
