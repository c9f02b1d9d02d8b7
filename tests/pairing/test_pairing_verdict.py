"""Verdicts from two kept reports."""

import itertools
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from natprobe.address import Address
from natprobe.model import Candidate, CandidateError, NatBehaviour, Report, Status
from natprobe.pairing import from_nat, from_report, judge, read_nat, verdict
from natprobe.pairing.nat import FILTERINGS, MAPPINGS, Nat
from natprobe.pairing.rules import outcome
from natprobe.pairing.verdict import Verdict
from tests.pairing.kept import BLOCKED, BROKEN_TURN, CLOSED_RELAY, WORKING_RELAY, behaviour, check, kept

EIM, APDM = "endpoint-independent", "address-and-port-dependent"
EIF, ADF, APDF = "endpoint-independent", "address-dependent", "address-and-port-dependent"

Kind = tuple[Any, Any]


def of(mapping: str, filtering: str, *, n: int = 1, **more: Any) -> Report:
    return kept(behaviour(mapping, filtering, n=n, **more))


def ids(told: Verdict) -> set[str]:
    return {finding.id for finding in told.findings}


@pytest.mark.parametrize("a", [*itertools.product(MAPPINGS, FILTERINGS[1:])], ids="/".join)
@pytest.mark.parametrize("b", [*itertools.product(MAPPINGS, FILTERINGS[1:])], ids="/".join)
def test_two_measured_nats_give_the_closed_form(a: Kind, b: Kind) -> None:
    told = verdict(of(*a, n=1), of(*b, n=2))
    expected = {"direct": True, "direct-by-prflx": True, "uncertain": None, "relay": False}
    assert told.direct is expected[outcome(Nat(*a), Nat(*b))]


behaviours = st.builds(
    behaviour,
    st.sampled_from([*MAPPINGS, "unknown"]),
    st.sampled_from([*FILTERINGS[1:], "unknown"]),
    n=st.sampled_from([1, 2]),
    hairpinning=st.sampled_from([True, False, None]),
    pooling=st.sampled_from(["paired", "arbitrary", None]),
)
reports = st.builds(
    kept,
    st.one_of(st.none(), st.just(BLOCKED), behaviours),
    ipv6=st.one_of(st.none(), st.just(BLOCKED)),
    checks=st.sampled_from([(), WORKING_RELAY, CLOSED_RELAY, BROKEN_TURN]),
)


@given(reports, reports)
def test_the_order_of_the_reports_changes_nothing(a: Report, b: Report) -> None:
    assert verdict(a, b, ("home", "office")) == verdict(b, a, ("office", "home"))


@given(reports, reports)
def test_every_verdict_has_a_reason_and_a_path_that_fits_it(a: Report, b: Report) -> None:
    told = verdict(a, b)
    assert told.reason.endswith((".", "tells."))
    assert (told.path in {"host", "srflx", "prflx"}) is (told.direct is True)


@given(
    st.sampled_from(MAPPINGS), st.sampled_from(FILTERINGS[1:]), st.sampled_from(MAPPINGS), st.sampled_from(FILTERINGS)
)
def test_learning_more_never_contradicts_what_was_certain(m: Any, f: Any, other_m: Any, other_f: Any) -> None:
    other = of(other_m, other_f, n=2)
    known = verdict(of(m, f), other).direct
    assert verdict(of("unknown", f), other).direct in {None, known}
    assert verdict(of(m, "unknown"), other).direct in {None, known}
    assert verdict(of("unknown", "unknown", mapped=None, local=None), other).direct in {None, known}


@pytest.mark.parametrize(
    ("a", "b", "path"),
    [
        (("none", EIF), ("none", APDF), "host"),
        (("none", EIF), (EIM, APDF), "srflx"),
        ((EIM, ADF), (EIM, APDF), "srflx"),
        ((EIM, ADF), (APDM, APDF), "prflx"),
        ((EIM, APDF), (APDM, APDF), "relay"),
    ],
)
def test_the_path_names_the_candidates(a: Kind, b: Kind, path: str) -> None:
    assert verdict(of(*a, n=1), of(*b, n=2)).path == path


@pytest.mark.parametrize(
    ("home", "office", "words"),
    [
        ("none/eif", "none/apdf", "Neither home nor office stands behind a NAT"),
        ("none/eif", "eim/apdf", "Every peer sees the same port of home and of office"),
        ("eim/apdf", "eim/apdf", "where a router is Linux, an early check may spoil an attempt"),
        ("eim/apdf", "apdm/adf", "office uses a new port for each destination, so its checks come from a port that"),
        ("apdm/adf", "eim/apdf", "and office lets in only ports that it has sent to"),
        ("eim/adf", "apdm/adf", "home lets in addresses that it has sent to, and answers it as a peer-reflexive"),
        ("apdm/eif", "apdm/eif", "home and office both use a new port for each destination, so no two ports"),
        ("adm/eif", "apdm/apdf", "office uses a new port for each destination, and office lets in only ports"),
        ("adm/apdf", "apdm/eif", "office uses a new port for each destination, and home lets in only ports"),
        ("adm/adf", "apdm/adf", "both filter by address: direct only where the filters hold for a host"),
        ("adm/eif", "apdm/adf", "one packet that is let in reveals the port, as a peer-reflexive candidate"),
    ],
)
def test_the_reason_is_the_rule_that_decides(home: str, office: str, words: str) -> None:
    one, other = from_nat("home", read_nat(home)), from_nat("office", read_nat(office))
    assert words in judge(one, other).reason
    assert words in judge(other, one).reason


def test_several_public_addresses_are_the_reason_only_where_the_other_side_filters_by_address() -> None:
    mover = from_nat("home", msgspec.structs.replace(read_nat("apdm/eif"), arbitrary=True))
    blamed = judge(mover, from_nat("office", read_nat("eim/adf"))).reason
    assert "The NAT of home uses several public addresses at once" in blamed
    assert "office lets nobody else in" in blamed
    assert judge(mover, from_nat("office", read_nat("eim/eif"))).direct is True
    strict = judge(mover, from_nat("office", read_nat("eim/apdf"))).reason
    assert "office lets in only ports that it has sent to" in strict


def test_an_open_lite_agent_is_the_reason_why_it_is_reached() -> None:
    told = judge(from_nat("gateway", read_nat("none/open"), lite=True), from_nat("home", read_nat("apdm/apdf")))
    assert "gateway is an ICE-lite agent whose port is open to everybody" in told.reason


def test_an_unknown_filter_that_decides_leaves_the_verdict_open_and_is_named() -> None:
    told = verdict(of(EIM, "unknown"), of(APDM, APDF, n=2), ("home", "office"))
    assert told.direct is None
    assert told.path == "relay"
    assert "can't be told without the filtering of home" in told.reason


def test_an_unknown_filter_that_decides_nothing_leaves_the_verdict_certain() -> None:
    connects = verdict(of(EIM, "unknown"), of(EIM, APDF, n=2))
    assert connects.direct is True
    assert "Every peer sees the same port" in connects.reason
    fails = verdict(of(APDM, "unknown"), of(APDM, APDF, n=2))
    assert fails.direct is False
    assert "no two ports ever fit" in fails.reason


def test_an_unknown_mapping_that_decides_nothing_is_told_with_the_verdict() -> None:
    told = verdict(of("unknown", EIF), of(EIM, EIF, n=2), ("home", "office"))
    assert told.direct is True
    assert "Whatever the mapping of home may be, every NAT that fits what is known connects" in told.reason


def test_where_no_nat_that_fits_connects_it_matters_not_whether_udp_gets_out() -> None:
    told = verdict(of("unknown", APDF, mapped=None, local=None), of(APDM, APDF, n=2))
    assert told.direct is False


@pytest.mark.parametrize(("kind", "direct"), [("full-cone", True), ("port-restricted-cone", False)])
def test_a_type_alone_says_what_its_words_mean(kind: str, direct: bool) -> None:  # noqa: FBT001
    told = verdict(of("unknown", "unknown", type=kind), of(APDM, APDF, n=2))
    assert told.direct is direct


def test_an_unknown_mapping_of_a_translated_address_is_no_missing_nat() -> None:
    told = verdict(of("unknown", EIF), of("none", EIF, n=2))
    assert told.direct is True
    assert told.path == "prflx"


def test_a_report_without_a_nat_block_cannot_be_told_even_beside_an_open_host() -> None:
    told = verdict(kept(), of("none", EIF, n=2))
    assert told.direct is None
    assert "UDP access of A" in told.reason


def test_candidates_alone_show_that_udp_works() -> None:
    srflx = Candidate(
        candidate="candidate:1 1 udp 1 198.51.100.1 40000 typ srflx raddr 10.1.0.2 rport 40000",
        type="srflx",
        protocol="udp",
        address=Address("198.51.100.1", 40000),
        related=Address("10.1.0.2", 40000),
        priority=1,
        gathered_ms=1.0,
    )
    assert verdict(kept(candidates=(srflx,)), of("none", EIF, n=2)).direct is True


def test_no_address_family_in_common_is_told() -> None:
    told = verdict(of(EIM, EIF), kept(ipv6=behaviour("none", APDF)))
    assert told.direct is None
    assert "no address family in common" in told.reason


def test_the_better_address_family_decides() -> None:
    six = [NatBehaviour(type="x", mapping="none", filtering=APDF, local=at, mapped=at) for at in _SIX]
    told = verdict(
        kept(behaviour(APDM, APDF), ipv6=six[0]), kept(behaviour(APDM, APDF, n=2), ipv6=six[1]), ("home", "office")
    )
    assert (told.direct, told.path) == (True, "host")
    assert told.reason.startswith("Over IPv6 neither home nor office stands behind a NAT")
    assert "ice-ipv6-firewalled" in ids(told)


_SIX = (Address("2001:db8:1::2", 5000), Address("2001:db8:2::2", 5000))


def test_udp_blocked_on_one_side_needs_a_relay() -> None:
    told = verdict(kept(BLOCKED), of("none", EIF, n=2), ("home", "office"))
    assert (told.direct, told.path) == (False, "relay")
    assert "UDP does not leave the network of home: it needs a TURN relay over TCP or TLS" in told.reason
    assert {"nat-udp-blocked", "ice-needs-relay"} <= ids(told)


def test_udp_blocked_with_only_the_others_relay_has_no_path() -> None:
    told = verdict(kept(BLOCKED, checks=BROKEN_TURN), kept(behaviour(EIM, APDF), checks=WORKING_RELAY))
    assert (told.direct, told.path) == (False, "none")
    assert "ice-no-relay" in ids(told)


def test_both_blocked_with_a_relay_each_go_from_relay_to_relay() -> None:
    told = verdict(kept(BLOCKED, checks=WORKING_RELAY), kept(BLOCKED, checks=WORKING_RELAY))
    assert (told.direct, told.path) == (False, "relay")
    assert "A TURN relay works from A and B." in told.reason
    assert "UDP does not leave the network of A and B; each needs a TURN relay" in told.reason


def test_one_relay_is_enough_for_every_peer_that_has_udp() -> None:
    told = verdict(
        kept(behaviour(APDM, APDF), checks=WORKING_RELAY), kept(behaviour(APDM, APDF, n=2), checks=BROKEN_TURN)
    )
    assert told.path == "relay"


def test_a_relay_behind_a_closed_range_fails_against_a_dependent_mapping() -> None:
    told = verdict(
        kept(behaviour(APDM, APDF), checks=CLOSED_RELAY), kept(behaviour(APDM, APDF, n=2), checks=BROKEN_TURN)
    )
    assert (told.direct, told.path) == (False, "none")


def test_arbitrary_pooling_defeats_a_relay_on_one_side_only() -> None:
    mover = behaviour(APDM, APDF, pooling="arbitrary")
    told = verdict(kept(mover, checks=BROKEN_TURN), kept(behaviour(EIM, ADF, n=2), checks=WORKING_RELAY))
    assert (told.direct, told.path) == (False, "none")
    assert {"nat-ip-pooling-arbitrary", "ice-needs-relay"} <= ids(told)


def test_a_direct_call_with_a_broken_turn_server_is_warned_of() -> None:
    told = verdict(kept(behaviour(EIM, EIF), checks=BROKEN_TURN), of(EIM, EIF, n=2))
    assert told.direct is True
    assert ids(told) == {"ice-all-hides-broken-turn"}
    assert "No TURN relay works from A." in told.reason


def test_a_refused_server_of_a_gathering_is_a_relay_that_does_not_work() -> None:
    errors = (CandidateError(url="turn:turn.example.org", text="Unauthorized", code=401, at_ms=1.0),)
    report = Report(
        natprobe="0", command="gather", started="", duration_ms=1.0, verdict=kept().verdict,
        vantage=kept().vantage, candidate_errors=errors,
    )  # fmt: skip
    assert from_report("A", report).turn is False


def test_a_passive_tcp_candidate_on_an_open_public_host_needs_no_udp() -> None:
    line = "candidate:1 1 tcp 1 203.0.113.9 4443 typ host tcptype passive"
    passive = Candidate(
        candidate=line, type="host", protocol="tcp", address=Address("203.0.113.9", 4443), priority=1, gathered_ms=1.0
    )
    open_host = kept(behaviour("none", EIF, n=2), candidates=(passive,))
    closed_host = kept(behaviour("none", APDF, n=2), candidates=(passive,))
    assert verdict(kept(BLOCKED), open_host).direct is True
    closed = verdict(kept(BLOCKED), closed_host)
    assert closed.direct is None
    assert "whether a firewall lets the connection in is not known" in closed.reason
    assert verdict(kept(BLOCKED), kept(BLOCKED, candidates=(passive,))).direct is None


def test_words_may_declare_a_passive_tcp_candidate() -> None:
    told = judge(from_nat("A", None), from_nat("B", read_nat("none/open"), passive_tcp=True))
    assert (told.direct, told.path) == (True, "host")


@pytest.mark.parametrize("home", ["home", "at home"])  # one stands behind the gateway, one before it
def test_a_filtered_lite_agent_is_the_one_to_blame(home: str) -> None:
    told = judge(from_nat("gateway", read_nat("eim/apdf"), lite=True), from_nat(home, read_nat("eim/eif")))
    assert told.direct is False
    assert "gateway is an ICE-lite agent" in told.reason
    assert "ice-lite-behind-nat" in ids(told)


@pytest.mark.parametrize(("nats", "direct"), [(("none/open", "none/apdf"), False), (("none/open", "none/open"), True)])
def test_two_lite_agents_must_each_be_open(nats: tuple[str, str], direct: bool) -> None:  # noqa: FBT001
    one, other = (from_nat(name, read_nat(nat), lite=True) for name, nat in zip("AB", nats, strict=True))
    assert judge(one, other).direct is direct
    assert judge(other, one).direct is direct


@pytest.mark.parametrize(("nat", "path"), [("eim/apdf", "srflx"), ("apdm/apdf", "prflx")])
def test_an_open_lite_agent_is_reached_from_the_port_that_the_nat_gives(nat: str, path: str) -> None:
    told = judge(from_nat("gateway", read_nat("none/open"), lite=True), from_nat("home", read_nat(nat)))
    assert (told.direct, told.path) == (True, path)


def of_gateway(fate: str, *, lite: bool, host: str = "203.0.113.10", kind: str = "public") -> Report:
    """A check of a Janus with one candidate."""
    candidate = {"line": "", "fate": fate, "protocol": "udp", "kind": kind, "address": {"host": host, "port": 20000}}
    media = check("janus.media", Status.PASS)
    evidence = {"lite": lite, "candidates": [candidate]}
    return kept(checks=(msgspec.structs.replace(media, evidence=evidence),), hostname="where-it-was-asked")


def test_a_gateway_that_a_report_checked_is_the_side_and_its_lite_agent_is_known() -> None:
    for fate, direct in (("answered", True), ("silent", False), ("rejected", False)):
        told = verdict(of_gateway(fate, lite=True), of(EIM, APDF, n=2))
        assert told.direct is direct
        assert ("ice-lite-behind-nat" in ids(told)) is not direct
    assert verdict(of_gateway("silent", lite=False), of(EIM, APDF, n=2)).direct is True
    assert verdict(of_gateway("silent", lite=False), of(APDM, APDF, n=2)).direct is None


def test_a_gateway_whose_ports_could_not_be_asked_is_not_known() -> None:
    for report in (of_gateway("withheld", lite=True), of_gateway("answered", lite=True, kind="private")):
        assert verdict(report, of(EIM, APDF, n=2)).direct is None
        assert from_report("A", report).lite is True


def test_janus_own_word_about_ice_lite_counts_where_no_session_was_made() -> None:
    info = msgspec.structs.replace(check("janus.info", Status.PASS), evidence={"info": {"ice_lite": True}})
    assert from_report("A", kept(checks=(info,))).lite is True
    assert from_report("A", kept(behaviour(EIM, APDF), checks=(info,))).lite is True


def test_neighbours_behind_one_public_address_use_host_candidates() -> None:
    mapped = Address("198.51.100.7", 40001)
    a = of(APDM, APDF, mapped=mapped, local=Address("10.7.0.2", 5000))
    b = of(APDM, APDF, mapped=mapped, local=Address("10.7.0.3", 5000))
    assert (verdict(a, b).direct, verdict(a, b).path) == (True, "host")


def test_apart_behind_one_public_address_it_takes_hairpinning() -> None:
    mapped = Address("198.51.100.7", 40001)
    near: dict[str, Any] = {"mapped": mapped, "local": Address("10.7.0.2", 5000)}
    far: dict[str, Any] = {"mapped": mapped, "local": Address("10.8.0.3", 5000)}
    loops = verdict(of(EIM, APDF, hairpinning=True, **near), of(EIM, APDF, **far))
    silent = verdict(of(EIM, APDF, hairpinning=False, **near), of(EIM, APDF, **far))
    unknown = verdict(of(EIM, APDF, **near), of(EIM, APDF, **far))
    assert (loops.direct, loops.path) == (True, "srflx")
    assert (silent.direct, ids(silent)) == (None, {"nat-no-hairpin"})
    assert unknown.direct is None


def test_one_report_twice_is_one_host() -> None:
    assert verdict(of(APDM, APDF), of(APDM, APDF)).path == "host"
