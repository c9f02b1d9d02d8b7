"""The judges of `natprobe nat` by tables: evidence that no NAT of the lab gives on demand."""

from typing import Any

import pytest

from natprobe.address import Address
from natprobe.client.flight import Flight
from natprobe.client.patience import Silence
from natprobe.client.sounding import Echo, Sounding
from natprobe.client.survey import Offer, Port
from natprobe.client.tcp_views import TcpView
from natprobe.model import NatBehaviour
from natprobe.net.trouble import Reason, Trouble
from natprobe.probe import Judgement
from natprobe.probes import (
    nat_filtering,
    nat_hairpinning,
    nat_lifetime,
    nat_mapping,
    nat_reach,
    nat_tcp_mapping,
    nat_type,
)
from natprobe.wire.behaviour import (
    Bracket,
    FilteringVerdict,
    MappingVerdict,
    ReachVerdict,
    View,
    bracket_of,
    mapping_of,
)

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


def as_word(word: str, **more: Any) -> MappingVerdict:
    fields: dict[str, Any] = {"dependent": word != "endpoint-independent", "mapped": MAPPED, "why": "so they saw"}
    return MappingVerdict(word=word, **(fields | more))  # type: ignore[arg-type]


CONE_SEEN, CARRIER = as_word("endpoint-independent"), Address("100.64.0.9", 20000)


@pytest.mark.parametrize(
    ("verdict", "more", "told"),
    [
        (as_word("none", dependent=False, mapped=LOCAL), {}, ("pass", ("nat-none",))),
        (CONE_SEEN, {}, ("pass", ("nat-eim",))),
        (as_word("address-dependent"), {}, ("pass", ("nat-adm",))),
        (as_word("address-and-port-dependent"), {}, ("warn", ("nat-apdm",))),
        (as_word("unknown", seen=MOVED), {}, ("warn", ("nat-symmetric",))),
        (as_word("unknown", dependent=None), {}, ("inconclusive", ())),
        (as_word("endpoint-independent", dissent=MOVED), {}, ("warn", ("nat-eim", "nat-server-dissents"))),
        (CONE_SEEN, {"rewritten": MOVED}, ("warn", ("nat-eim", "stun-xor-vs-mapped-differs"))),
        (CONE_SEEN, {"tampered": True}, ("warn", ("nat-eim", "nat-alg-sip"))),
        (CONE_SEEN, {"tampered": True, "rewritten": MOVED}, ("warn", ("nat-eim", "nat-alg-sip"))),
        (as_word("endpoint-independent", mapped=CARRIER), {}, ("pass", ("nat-eim", "nat-cgnat"))),
        (as_word("none", dependent=False, mapped=CARRIER), {}, ("pass", ("nat-none",))),  # this host is the carrier's
    ],
)
def test_a_mapping_warns_where_it_hinders_calls_or_somebody_meddles(
    verdict: MappingVerdict, more: dict[str, Any], told: Told
) -> None:
    sounding = Sounding(question="Binding", local=LOCAL, to=SERVER, expected=SERVER, sends_ms=(1.0,), waited_ms=2.0)
    evidence = nat_mapping.Evidence(local=LOCAL, soundings=(sounding,), method="servers", verdict=verdict, **more)
    assert said(nat_mapping.judge(evidence)) == told


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("endpoint-independent", ("pass", ("nat-filter-eif",))),
        ("address-dependent", ("pass", ("nat-filter-adf",))),
        ("address-and-port-dependent", ("pass", ("nat-filter-apdf",))),
        ("unknown", ("inconclusive", ())),
    ],
)
def test_every_filter_is_a_result(word: Any, told: Told) -> None:
    verdict = FilteringVerdict(word=word, why="so it was")
    judgement = nat_filtering.judge(nat_filtering.Evidence(mapped=MAPPED, verdict=verdict))
    assert said(judgement) == told
    assert judgement.summary.endswith("so it was")
    assert all(raised.facts == {"mapped": str(MAPPED)} for raised in judgement.raised)


def asked(to: Address, rtt_ms: float | None) -> Sounding:
    """Two Bindings to `to` in 1.5 s, the first answered after `rtt_ms` if at all."""
    echo = () if rtt_ms is None else (Echo(send=0, at_ms=2.0, rtt_ms=rtt_ms, source=to, mapped=MAPPED),)
    sends_ms = (1.0, 2.0)
    return Sounding(
        question="Binding", local=LOCAL, to=to, expected=to, sends_ms=sends_ms, waited_ms=1500.0, echoes=echo
    )


def reach(*soundings: Sounding, word: Any = "answered", **more: Any) -> Judgement:
    verdict = ReachVerdict(word=word, why="a witness says so")
    return nat_reach.judge(nat_reach.Evidence(family=4, soundings=soundings, verdict=verdict, **more))


def test_the_nearest_server_that_answers_is_named_and_so_is_what_it_offers() -> None:
    near, far, silent = asked(SERVER, 8.0), asked(OTHER, 30.0), asked(Address("192.0.2.36", 3478), None)
    one = Offer(SERVER, Address("192.0.2.35", 3479))
    assert reach(near).summary == "192.0.2.34:3478 answers in 8 ms"
    both = reach(far, silent, near, offer=one)
    assert said(both) == ("pass", ())
    assert both.summary == "192.0.2.34:3478 answers in 8 ms, 2 of 3 servers do; it offers RFC 5780"
    assert "offers" not in reach(near, far, offer=Offer(OTHER, Address("192.0.2.34", 3479))).summary


def test_silence_is_blocked_udp_only_where_something_proves_it() -> None:
    silent = asked(SERVER, None), asked(OTHER, None)
    blocked = reach(*silent, word="blocked")
    assert said(blocked) == ("warn", ("nat-udp-blocked",))
    assert blocked.summary == "UDP is blocked: no answer to 4 requests in 1.5 s, and a witness says so"
    assert blocked.raised[0].facts == {"sends": "4", "waited": "1.5 s"}
    unknown = reach(*silent, word="unknown")
    assert (said(unknown), unknown.summary) == (
        ("inconclusive", ()), "no answer to 4 requests in 1.5 s: a witness says so",
    )  # fmt: skip


@pytest.mark.parametrize(("reason", "status"), [(Reason.NO_ROUTE, "skip"), (Reason.NOT_PERMITTED, "inconclusive")])
def test_what_this_host_does_not_send_says_nothing_about_the_network(reason: Reason, status: str) -> None:
    trouble = Trouble(reason=reason, detail="this host cannot")
    told = nat_reach.judge(nat_reach.Evidence(family=6, trouble=trouble))
    assert (said(told), told.summary) == ((status, ()), "not tested: this host cannot")


def lifetime(alive_s: float | None, gone_s: float | None) -> Judgement:
    bracket = Bracket(alive_s=alive_s, gone_s=gone_s)
    return nat_lifetime.judge(nat_lifetime.Evidence(server=SERVER, cap_s=180.0, bracket=bracket))


@pytest.mark.parametrize(
    ("alive_s", "gone_s", "told"),
    [
        (30.0, 45.0, ("warn", ("nat-short-udp-timeout",))),
        (None, 5.0, ("warn", ("nat-short-udp-timeout",))),
        (105.0, 120.0, ("warn", ("nat-short-udp-timeout",))),
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


@pytest.mark.parametrize(
    ("told", "bracket"),
    [
        ({15.0: "alive", 30.0: "same", 45.0: "unknown", 60.0: "gone"}, Bracket(alive_s=30.0, gone_s=60.0)),
        ({30.0: "same", 45.0: "unknown", 60.0: "same"}, Bracket()),
    ],
)
def test_an_unchanged_address_is_the_old_binding_only_where_a_new_one_differs(
    told: dict[float, Any], bracket: Bracket
) -> None:
    silences = tuple(Silence(idle_s=idle_s, fate=fate) for idle_s, fate in told.items())
    assert bracket_of(nat_lifetime.fates(silences)) == bracket


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
    assert said(kind(*kept, moved, moved)) == ("pass", ())
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


@pytest.mark.parametrize(
    ("behaviour", "told"),
    [
        ({"type": "full-cone"}, ("pass", ())),
        ({"type": "symmetric"}, ("warn", ())),
        ({"type": "udp-blocked"}, ("warn", ())),
        ({"type": "unknown"}, ("inconclusive", ())),
        ({"type": "full-cone", "pooling": "paired"}, ("pass", ())),
        ({"type": "full-cone", "pooling": "arbitrary"}, ("warn", ("nat-ip-pooling-arbitrary",))),
        ({"type": "unknown", "pooling": "arbitrary"}, ("inconclusive", ("nat-ip-pooling-arbitrary",))),
    ],
)
def test_a_type_warns_where_calls_need_a_relay(behaviour: dict[str, Any], told: Told) -> None:
    known: dict[str, Any] = {"mapping": "endpoint-independent", "filtering": "unknown", "mapped": MAPPED} | behaviour
    hosts = (MAPPED.host, "198.51.100.4")
    evidence = nat_type.Evidence(behaviour=NatBehaviour(**known), hosts=hosts, calls="calls: well")
    judgement = nat_type.judge(evidence)
    assert said(judgement) == told
    assert judgement.summary == f"{behaviour['type']}; calls: well"
    assert all(raised.facts["seen"] == "198.51.100.4" for raised in judgement.raised)


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
