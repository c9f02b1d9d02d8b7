"""The judges of `natprobe nat` by tables: evidence that no NAT of the lab gives on demand."""

import pytest

from natprobe.address import Address
from natprobe.client.flight import Flight
from natprobe.client.sounding import Echo, Sounding
from natprobe.client.survey import Port
from natprobe.client.tcp_views import TcpView
from natprobe.model import NatBehaviour
from natprobe.probe import Judgement
from natprobe.probes import nat_hairpinning, nat_lifetime, nat_mapping, nat_tcp_mapping, nat_type
from natprobe.wire.behaviour import Bracket, FilteringVerdict, MappingVerdict, View, mapping_of

LOCAL = Address("10.7.0.2", 40000)
SERVER, OTHER = Address("192.0.2.34", 3478), Address("192.0.2.35", 3478)
MAPPED, MOVED = Address("198.51.100.3", 20000), Address("198.51.100.3", 20001)
Told = tuple[str, tuple[str, ...]]


def said(judgement: Judgement) -> Told:
    """Its status, and the findings that it raised."""
    return str(judgement.status), tuple(raised.id for raised in judgement.raised)


def mapping(*views: View) -> Judgement:
    sounding = Sounding(question="Binding", local=LOCAL, to=SERVER, expected=SERVER, sends_ms=(1.0,), waited_ms=2.0)
    verdict = mapping_of(views, LOCAL)
    return nat_mapping.judge(
        nat_mapping.Evidence(local=LOCAL, soundings=(sounding,), method="servers", verdict=verdict)
    )


def test_a_destination_that_sees_two_addresses_is_a_nat_that_changes_its_mind() -> None:
    told = mapping(View(SERVER, MAPPED), View(SERVER, MOVED), View(OTHER, MAPPED))
    assert said(told) == ("inconclusive", ("nat-nondeterministic",))


def test_destinations_that_contradict_each_other_prove_nothing_about_the_nat() -> None:
    third = Address("203.0.113.9", 3478)
    told = mapping(View(SERVER, MAPPED), View(OTHER, MAPPED), View(third, MOVED))
    assert said(told) == ("inconclusive", ())


def lifetime(alive_s: float | None, gone_s: float | None) -> Judgement:
    bracket = Bracket(alive_s=alive_s, gone_s=gone_s)
    return nat_lifetime.judge(nat_lifetime.Evidence(server=SERVER, cap_s=180.0, bracket=bracket))


@pytest.mark.parametrize(
    ("alive_s", "gone_s", "told"),
    [
        (30.0, 45.0, ("warn", ("nat-short-udp-timeout",))),
        (None, 5.0, ("warn", ("nat-short-udp-timeout",))),
        (120.0, 135.0, ("pass", ())),
        (180.0, None, ("pass", ())),
        (60.0, 30.0, ("inconclusive", ("nat-nondeterministic",))),
        (None, None, ("inconclusive", ())),
    ],
)
def test_a_lifetime_is_judged_by_the_two_minutes_of_rfc_4787(
    alive_s: float | None, gone_s: float | None, told: Told
) -> None:
    assert said(lifetime(alive_s, gone_s)) == told


def test_a_lower_bound_is_told_as_one() -> None:
    assert "180 s at least" in lifetime(180.0, None).summary


def kind(*ports: Port) -> Judgement:
    behaviour = NatBehaviour(
        type="port-restricted-cone", mapping="endpoint-independent", filtering="address-and-port-dependent"
    )
    return nat_type.judge(nat_type.Evidence(behaviour=behaviour, ports=ports, calls="calls: well"))


def test_a_nat_that_keeps_most_ports_and_not_all_has_met_a_neighbour() -> None:
    kept = tuple(Port(Address("10.7.0.2", port), Address("198.51.100.3", port)) for port in (40001, 40002))
    moved = Port(Address("10.7.0.2", 40003), Address("198.51.100.3", 1024))
    assert said(kind(*kept, moved)) == ("warn", ("nat-port-preserving-collision",))
    assert said(kind(*kept)) == ("pass", ())
    assert said(kind(moved)) == ("pass", ())


KEPT = tuple(Port(Address("10.7.0.2", port), Address("198.51.100.3", port)) for port in (40001, 40002))
ELSEWHERE = Port(Address("10.7.0.2", 40003), Address("198.51.100.4", 40003))
CONE, SHUT = View(OTHER, MAPPED), FilteringVerdict(word="address-and-port-dependent", why="", chance=1e-5)


def together(*views: View, filtering: FilteringVerdict = SHUT, ports: tuple[Port, ...] = KEPT) -> NatBehaviour:
    """The behaviour of a socket that `views` saw, where the plain servers alone told the mapping."""
    hosts = frozenset(view.mapped.host for view in views)
    return nat_type.together(mapping_of(views, LOCAL), filtering, LOCAL, ports, hosts=hosts, mapping_by="servers")


@pytest.mark.parametrize(
    ("mapped", "ports", "preserved", "pooling"),
    [
        (MAPPED, KEPT, True, "paired"),
        (MAPPED, (*KEPT, Port(Address("10.7.0.2", 40003), Address("198.51.100.3", 1024))), False, "paired"),
        (MAPPED, (*KEPT, ELSEWHERE), True, "arbitrary"),
        (MAPPED, (ELSEWHERE,), True, "arbitrary"),
        (
            MAPPED,
            KEPT[:1],
            True,
            None,
        ),  # one socket more shows one address, and that is what paired and arbitrary share
        (MAPPED, (), None, None),
        (LOCAL, KEPT, None, None),  # no NAT chooses anything
    ],
)
def test_how_the_nat_chooses_ports_and_addresses_is_told_by_fresh_sockets(
    mapped: Address, ports: tuple[Port, ...], preserved: object, pooling: str | None
) -> None:
    """RFC 4787 section 4.1, REQ-2, and section 4.2, REQ-3."""
    found = together(View(SERVER, mapped), View(OTHER, mapped), ports=ports)
    assert (found.port_preservation, found.pooling) == (preserved, pooling)


def test_a_server_that_names_another_host_makes_no_nat_with_several_addresses() -> None:
    false, third = View(Address("203.0.113.9", 3478), Address("203.0.113.1", 1)), View(SERVER, MAPPED)
    assert together(CONE, third, false).pooling is None
    assert together(CONE, false).pooling is None  # nobody knows who of the two is right


@pytest.mark.parametrize(
    ("views", "filtering", "kind", "method", "confidence"),
    [
        ((View(SERVER, MAPPED), CONE), SHUT, "port-restricted-cone", "servers", 0.95),
        ((View(SERVER, MAPPED), CONE), FilteringVerdict(word="unknown", why=""), "unknown", "servers", None),
        ((CONE,), FilteringVerdict(word="unknown", why="", method="relay"), "unknown", None, None),
        ((View(SERVER, MOVED), CONE), FilteringVerdict(word="unknown", why=""), "symmetric", "servers", 0.95),
        (
            (View(SERVER, MAPPED), CONE),
            FilteringVerdict(word="address-dependent", why="", chance=0.1, method="relay"),
            "restricted-cone",
            "servers, relay",
            0.855,
        ),
    ],
)
def test_a_type_is_as_certain_as_what_it_rests_on(
    views: tuple[View, ...], filtering: FilteringVerdict, kind: str, method: str | None, confidence: float | None
) -> None:
    found = together(*views, filtering=filtering)
    assert (found.type, found.method, found.confidence) == (kind, method, confidence)


ARRIVED = Flight(path="there", sends_ms=(1.0,), arrived_ms=2.0, arrived_send=0, source=MAPPED)
LOST = Flight(path="there", sends_ms=tuple(float(n) for n in range(8)), waited_ms=900.0)


def control(answers: int) -> Sounding:
    """Sixteen ordinary requests beside the packets, so many of them answered."""
    echoes = tuple(Echo(send=send, at_ms=2.0, rtt_ms=1.0, source=SERVER, mapped=MAPPED) for send in range(answers))
    return Sounding(
        question="Binding", local=LOCAL, to=SERVER, expected=SERVER, sends_ms=(1.0,) * 16, waited_ms=9.0, echoes=echoes
    )


@pytest.mark.parametrize(
    ("flight", "answers", "sees_inner", "hairpinning", "told"),
    [
        (ARRIVED, 16, False, True, ("pass", ())),
        (LOST, 16, True, False, ("pass", ("nat-no-hairpin",))),
        (LOST, 16, False, None, ("inconclusive", ())),
        (LOST, 4, True, None, ("inconclusive", ())),
    ],
)
def test_silence_is_no_hairpinning_only_where_an_inner_source_would_show(
    flight: Flight,
    answers: int,
    sees_inner: bool,  # noqa: FBT001
    hairpinning: bool | None,  # noqa: FBT001
    told: Told,
) -> None:
    evidence = nat_hairpinning.decided((flight, flight), (control(answers),), sees_inner=sees_inner)
    assert evidence.hairpinning is hairpinning
    assert said(nat_hairpinning.judge(evidence)) == told


def test_what_hinders_the_comparison_over_tcp_is_told() -> None:
    views = (TcpView(server=SERVER, mapped=MAPPED), TcpView(server=OTHER, trouble=f"{OTHER} refuses TCP"))
    verdict = MappingVerdict(word="unknown", mapped=MAPPED, why="only 192.0.2.34 answered")
    told = nat_tcp_mapping.judge(nat_tcp_mapping.Evidence(local=LOCAL, views=views, verdict=verdict))
    assert told.summary == f"TCP mapping unknown: only 192.0.2.34 answered; {OTHER} refuses TCP"
