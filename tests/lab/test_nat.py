"""Each knob of the emulated NAT, one packet at a time."""

from typing import Any

import msgspec
import pytest

from tests.lab.behaviour import Behaviour
from tests.lab.nat import Chain, Nat
from tests.lab.packets import Endpoint, Packet, echo, endpoint, error, parse_quote, tcp, udp

HOST = endpoint("10.7.0.2", 5000)
OTHER_HOST = endpoint("10.7.0.3", 5000)
SERVER = endpoint("192.0.2.34", 3478)
STRANGER = endpoint("192.0.2.35", 3479)
POOL = ("198.51.100.20",)


def make(**knobs: Any) -> Nat:
    """A NAT with one public address and these knobs."""
    return Nat(msgspec.convert({"pool": POOL, "router": "10.7.0.1", **knobs}, Behaviour))


def through(nat: Nat, packet: Packet, now: float = 0.0) -> Packet:
    """The one packet that an outbound packet becomes, whichever side it leaves on."""
    (emission,) = nat.outbound(packet, now)
    return emission.packet


def answered(nat: Nat, source: Endpoint, to: Endpoint, now: float = 0.0) -> bool:
    """Whether a packet from outside comes in."""
    return bool(nat.inbound(udp(source, to), now))


def test_a_free_port_is_preserved_and_a_taken_one_is_not() -> None:
    nat = make(ports="preserving")
    assert through(nat, udp(HOST, SERVER)).source == endpoint(POOL[0], HOST.port)
    assert through(nat, udp(OTHER_HOST, SERVER)).source.port != OTHER_HOST.port


@pytest.mark.parametrize(
    ("filtering", "lets_in"),
    [
        ("endpoint-independent", (True, True, True)),
        ("address-dependent", (True, True, False)),
        ("address-and-port-dependent", (True, False, False)),
    ],
)
@pytest.mark.parametrize("mapping", ["none", "endpoint-independent", "address-dependent", "address-and-port-dependent"])
def test_a_filter_lets_in_whom_its_name_says(mapping: str, filtering: str, lets_in: tuple[bool, ...]) -> None:
    nat = make(mapping=mapping, filtering=filtering)
    mapped = through(nat, udp(HOST, SERVER)).source
    strangers = (SERVER, SERVER._replace(port=3479), STRANGER)
    assert tuple(answered(nat, each, mapped) for each in strangers) == lets_in


@pytest.mark.parametrize(
    ("mapping", "is_shared"),
    [
        ("none", (True, True)),
        ("endpoint-independent", (True, True)),
        ("address-dependent", (True, False)),
        ("address-and-port-dependent", (False, False)),
    ],
)
def test_a_mapping_is_shared_as_its_name_says(mapping: str, is_shared: tuple[bool, ...]) -> None:
    nat = make(mapping=mapping)
    first, *others = (through(nat, udp(HOST, to)).source for to in (SERVER, SERVER._replace(port=3479), STRANGER))
    assert tuple(first == other for other in others) == is_shared


def test_an_open_filter_lets_strangers_in_through_a_router_and_to_the_dmz() -> None:
    assert answered(make(mapping="none", filtering="open"), STRANGER, HOST)
    nat = make(filtering="open", dmz="10.7.0.2")
    (got,) = nat.inbound(udp(STRANGER, endpoint(POOL[0], 5000)), 0.0)
    assert got.packet.destination == HOST
    assert through(nat, udp(HOST, STRANGER)).source == endpoint(POOL[0], 5000)


def test_a_filter_per_endpoint_lets_in_who_was_written_to_through_another_mapping() -> None:
    knobs = {"mapping": "address-dependent", "filtering": "address-dependent"}
    for scope, comes_in in (("mapping", False), ("endpoint", True)):
        nat = make(**knobs, filter_scope=scope)
        first = through(nat, udp(HOST, SERVER)).source
        through(nat, udp(HOST, STRANGER))
        assert answered(nat, STRANGER, first) is comes_in


@pytest.mark.parametrize(("source", "seen_as"), [("external-source", POOL[0]), ("internal-source", "10.7.0.3")])
def test_a_hairpin_comes_back_from_the_address_that_it_is_told(source: str, seen_as: str) -> None:
    nat = make(hairpinning=source, filtering="endpoint-independent")
    mapped = through(nat, udp(HOST, SERVER)).source
    (got,) = nat.outbound(udp(OTHER_HOST, mapped), 0.0)
    assert (got.side, got.packet.destination) == ("near", HOST)
    assert got.packet.source.host == endpoint(seen_as, 0).host


@pytest.mark.parametrize(
    ("refresh", "by_outbound", "by_inbound"),
    [
        ("outbound", True, False),
        ("inbound", False, True),
        ("both", True, True),
    ],
)
def test_a_binding_lives_on_by_those_packets_that_refresh_it(refresh: str, by_outbound: bool, by_inbound: bool) -> None:  # noqa: FBT001
    for way, lives in (("out", by_outbound), ("in", by_inbound)):
        nat = make(refresh=refresh, lifetime_s=60.0)
        mapped = through(nat, udp(HOST, SERVER)).source
        if way == "out":
            through(nat, udp(HOST, SERVER), 40.0)
        else:
            assert answered(nat, SERVER, mapped, 40.0)
        assert answered(nat, SERVER, mapped, 80.0) is lives


def test_without_hairpinning_nothing_comes_back() -> None:
    nat = make(filtering="endpoint-independent")
    mapped = through(nat, udp(HOST, SERVER)).source
    assert nat.outbound(udp(OTHER_HOST, mapped), 0.0) == []


def test_new_bindings_beyond_the_rate_get_lost() -> None:
    nat = make(bindings_per_s=2)
    ends = [endpoint("10.7.0.2", port) for port in (1, 2, 3)]
    assert [len(nat.outbound(udp(end, SERVER), 0.5)) for end in ends] == [1, 1, 0]
    assert len(nat.outbound(udp(ends[2], SERVER), 1.5)) == 1


@pytest.mark.parametrize(("udp_knob", "answers"), [("dropped", 0), ("rejected", 1)])
def test_blocked_udp_is_silent_or_told_by_icmp(udp_knob: str, answers: int) -> None:
    emissions = make(udp=udp_knob).outbound(udp(HOST, SERVER), 0.0)
    assert len(emissions) == answers
    assert all((each.side, each.packet.body[:2]) == ("near", b"\x03\x0d") for each in emissions)


def test_tcp_goes_only_to_open_ports_and_keeps_its_own_even_where_udp_does_not() -> None:
    nat = make(tcp_ports=((443, 443),), tcp_refusal="rejected", mapping="address-and-port-dependent")
    assert through(nat, tcp(HOST, endpoint("192.0.2.34", 443))).source.port == HOST.port
    refused = through(nat, tcp(HOST, SERVER))
    assert (refused.destination, refused.body[13]) == (HOST, 0x14)


def test_an_alg_replaces_the_hosts_in_payloads() -> None:
    nat = make(alg=True)
    sent = through(nat, udp(HOST, SERVER, b"I am " + HOST.host))
    assert sent.payload == b"I am " + sent.source.host
    (got,) = nat.inbound(udp(SERVER, sent.source, b"you are " + sent.source.host), 0.0)
    assert got.packet.payload == b"you are " + HOST.host


def test_a_packet_that_may_not_be_cut_is_told_the_size() -> None:
    large = udp(HOST, SERVER, bytes(1400))._replace(dont_fragment=True)
    told = through(make(mtu=1280), large)
    assert (told.body[:2], int.from_bytes(told.body[6:8])) == (b"\x03\x04", 1280)
    assert make(mtu=1280, too_big="dropped").outbound(large, 0.0) == []


def test_an_icmp_error_finds_the_packet_that_it_is_about() -> None:
    nat = make()
    sent = through(nat, udp(HOST, SERVER))
    (got,) = nat.inbound(error(sent, "port-unreachable", SERVER.host), 0.0)
    about = parse_quote(got.packet.payload)
    assert about is not None
    assert (got.packet.destination.host, about.source, about.destination) == (HOST.host, HOST, SERVER)


def test_a_refusal_from_inside_is_told_outside_in_the_nats_words() -> None:
    nat = make()
    mapped = through(nat, udp(HOST, SERVER)).source
    (got,) = nat.inbound(udp(SERVER, mapped), 0.0)
    told = through(nat, error(got.packet, "port-unreachable", HOST.host))
    about = parse_quote(told.payload)
    assert about is not None
    assert (told.source.host, about.destination) == (mapped.host, mapped)


def test_unsolicited_packets_can_be_rejected() -> None:
    (told,) = make(unsolicited="rejected").inbound(udp(STRANGER, endpoint(POOL[0], 9)), 0.0)
    assert (told.side, told.packet.destination.host) == ("far", STRANGER.host)


def test_an_echo_is_mapped_by_its_identifier() -> None:
    nat = make()
    sent = through(nat, echo(HOST, SERVER))
    assert sent.source == endpoint(POOL[0], HOST.port)
    reply = sent._replace(source=sent.destination, destination=sent.source, body=b"\0" + sent.body[1:])
    (got,) = nat.inbound(reply, 0.0)
    assert got.packet.destination == HOST


def test_behind_two_nats_the_inner_one_has_an_outer_address_that_is_not_public() -> None:
    home = make(pool=("100.64.0.2",))
    carrier = make(router="100.64.0.1")
    chain = Chain((home, carrier))
    (sent,) = chain.forward("near", udp(HOST, SERVER), 0.0)
    assert (sent.side, sent.packet.source.host) == ("far", endpoint(POOL[0], 0).host)
    (got,) = chain.forward("far", udp(SERVER, sent.packet.source), 0.0)
    assert (got.side, got.packet.destination) == ("near", HOST)


@pytest.mark.parametrize(("ttl", "router"), [(1, "10.7.0.1"), (2, "100.64.0.1")])
def test_each_router_tells_when_a_packet_dies_at_it(ttl: int, router: str) -> None:
    chain = Chain((make(pool=("100.64.0.2",)), make(router="100.64.0.1")))
    (told,) = chain.forward("near", udp(HOST, SERVER, ttl=ttl), 0.0)
    about = parse_quote(told.packet.payload)
    assert about is not None
    assert (told.packet.source.host, about.source) == (endpoint(router, 0).host, HOST)
