"""Which findings a verdict on a pair raises, and no other; and what becomes of two hosts behind one public address."""

from typing import Any

import pytest

from natprobe.address import Address
from natprobe.model import NatBehaviour, Report
from natprobe.pairing import verdict
from natprobe.pairing.verdict import Verdict
from tests.pairing.kept import BLOCKED, BROKEN_TURN, WORKING_RELAY, behaviour, kept

EIM, APDM = "endpoint-independent", "address-and-port-dependent"
EIF, ADF, APDF = "endpoint-independent", "address-dependent", "address-and-port-dependent"


def six(filtering: str, n: int) -> Report:
    """A host with IPv6 alone, behind a firewall of that filter."""
    local = Address(f"2001:db8:{n}::2", 5000)
    return kept(ipv6=NatBehaviour(type="x", mapping="none", filtering=filtering, local=local, mapped=local))


def four(mapping: str, filtering: str, n: int = 1, **more: Any) -> Report:
    return kept(behaviour(mapping, filtering, n=n, **more))


def ids(told: Verdict) -> set[str]:
    return {finding.id for finding in told.findings}


MOVER = four(APDM, APDF, pooling="arbitrary")


@pytest.mark.parametrize(
    ("a", "b", "findings"),
    [
        (four(EIM, APDF), four(EIM, APDF, 2), set()),
        (four("none", APDF), four("none", APDF, 2), set()),
        (six(APDF, 1), six(APDF, 2), {"ice-ipv6-firewalled"}),
        (six(APDF, 1), six(EIF, 2), set()),
        (four(APDM, APDF), four(EIM, APDF, 2), {"ice-needs-relay"}),
        # Several public addresses are to blame only where one alone would do.
        (MOVER, four(EIM, ADF, 2), {"ice-needs-relay", "nat-ip-pooling-arbitrary"}),
        (MOVER, four(EIM, APDF, 2), {"ice-needs-relay"}),
        (MOVER, four(EIM, EIF, 2), set()),
    ],
)
def test_each_pair_raises_what_explains_it_and_nothing_else(a: Report, b: Report, findings: set[str]) -> None:
    assert ids(verdict(a, b)) == ids(verdict(b, a)) == findings


@pytest.mark.parametrize(
    ("a", "b", "words"),
    [
        (WORKING_RELAY, WORKING_RELAY, "A TURN relay works from A and B."),
        (WORKING_RELAY, BROKEN_TURN, "A TURN relay works from A. No TURN relay works from B."),
        (WORKING_RELAY, (), "A TURN relay works from A."),
        (BROKEN_TURN, (), "No TURN relay works from A."),
        ((), (), "Whether a TURN relay works is not known; `natprobe check` tells."),
    ],
)
def test_the_reason_ends_with_the_relays(a: Any, b: Any, words: str) -> None:
    open_to_all = behaviour("none", EIF), behaviour("none", EIF, n=2)
    told = verdict(kept(open_to_all[0], checks=a), kept(open_to_all[1], checks=b))
    assert told.reason.endswith(f"filter. {words}")
    hidden = [finding.evidence for finding in told.findings if finding.id == "ice-all-hides-broken-turn"]
    assert len(hidden) == (BROKEN_TURN in (a, b))
    assert all(f"no relay works from {'A' if a == BROKEN_TURN else 'B'}" in evidence for evidence in hidden)


def test_whether_a_relay_is_reached_is_not_known_where_udp_is_not() -> None:
    told = verdict(kept(BLOCKED, checks=WORKING_RELAY), kept(checks=BROKEN_TURN))
    assert (told.direct, told.path) == (False, "relay")
    assert "ice-no-relay" not in ids(told)
    shut = verdict(kept(BLOCKED, checks=WORKING_RELAY), kept(BLOCKED, checks=BROKEN_TURN))
    assert (shut.direct, shut.path) == (False, "none")
    assert "ice-no-relay" in ids(shut)


SHARED, NEAR, FAR = Address("198.51.100.7", 40001), Address("10.7.0.2", 5000), Address("10.8.0.3", 5000)


@pytest.mark.parametrize(
    ("one", "other", "direct", "words", "findings"),
    [
        ((EIM, True), (EIM, None), True, "which loops packets back", set()),
        ((EIM, None), (EIM, True), True, "which loops packets back", set()),
        ((EIM, False), (EIM, None), None, "it does not loop packets back", {"nat-no-hairpin"}),
        ((EIM, None), (EIM, None), None, "it is not known whether it loops packets back", set()),
        ((APDM, True), (APDM, None), None, "no pair of its mappings fits", set()),
    ],
)
def test_behind_one_address_and_apart_it_takes_a_nat_that_loops_and_mappings_that_fit(
    one: Any, other: Any, direct: object, words: str, findings: set[str]
) -> None:
    reports = [
        four(mapping, APDF, mapped=SHARED, local=local, hairpinning=hairpinning)
        for (mapping, hairpinning), local in ((one, NEAR), (other, FAR))
    ]
    told = verdict(reports[0], reports[1])
    assert told.direct is direct
    assert f"oth stand behind 198.51.100.7, {'which' if direct else 'and'}" in told.reason
    assert words in told.reason
    assert ids(told) == findings


def test_two_machines_with_one_inner_address_are_not_one_host() -> None:
    """Two homes behind a carrier's NAT may use the same private addresses."""
    reports = [kept(behaviour(EIM, APDF, mapped=SHARED, local=NEAR), hostname=name) for name in ("one", "other")]
    assert "made on one host" in verdict(reports[0], reports[0]).reason
    assert verdict(reports[0], reports[1]).direct is None


@pytest.mark.parametrize(("near", "far"), [(None, NEAR), (NEAR, None), (None, None)])
def test_without_an_inner_address_nobody_is_a_neighbour(near: Address | None, far: Address | None) -> None:
    a, b = (four(EIM, APDF, mapped=SHARED, local=local) for local in (near, far))
    assert verdict(a, b).direct is None
