"""What a dead cell is beside those of the same target that live, and how often a fault is told."""

from typing import Any

import pytest

from natprobe.across import client_without_udp
from natprobe.address import Address
from natprobe.model import Check, Report, Status
from tests.engine.pieces import check, diagnosed

V4, OTHER_V4, V6, OTHER_V6 = (Address(host, 3478) for host in ("192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"))
ANY, NAMED, LED = "turn:a", "turn:a?transport=udp", "turn:a from iceconfig+https://b/?transport=udp"


def cell(
    transport: str, *findings: str, address: Address = V4, asked: str = ANY, name: str = "turn.reach", **more: Any
) -> Check:
    """A check of one cell of `asked`: dead where it has findings, alive where not."""
    return check(name, "turn:a", *findings, asked=asked, address=address, transport=transport, **more)


def said(report: Report) -> tuple[str, tuple[str, ...]]:
    """What became of its first check."""
    return report.checks[0].status.value, report.checks[0].findings


SILENT, REFUSED = cell("udp", "udp-port-blocked"), cell("tcp", "tcp-port-refused")
REFUSAL = "stun-binding-refused"


@pytest.mark.parametrize(
    ("dead", "others", "told"),
    [
        # The contract: what the URI does not name, and is dead while another transport lives, was not offered.
        (SILENT, (cell("tcp"),), ("warn", ("transport-not-offered",))),
        (REFUSED, (cell("udp"),), ("warn", ("turn-no-tcp-fallback",))),
        (cell("dtls", "dtls-off"), (cell("tls"),), ("skip", ("dtls-off",))),
        (SILENT, (cell("tcp", status=Status.WARN),), ("warn", ("transport-not-offered",))),
        (SILENT, (REFUSED,), ("fail", ("udp-port-blocked",))),
        (SILENT, (cell("tcp", status=Status.SKIP),), ("fail", ("udp-port-blocked",))),
        (SILENT, (cell("tcp", name="tls.certificate"),), ("fail", ("udp-port-blocked",))),
        (SILENT, (cell("tcp", asked="turn:b"),), ("fail", ("udp-port-blocked",))),
        # A STUN server over TCP is no fallback of a call.
        (
            cell("tcp", "tcp-port-refused", name="stun.binding"),
            (cell("udp", name="stun.binding"),),
            ("warn", ("transport-not-offered",)),
        ),
        # At another address another transport proves nothing of this one.
        (SILENT, (cell("tcp", address=OTHER_V4),), ("fail", ("udp-port-blocked",))),
        # Whoever refuses is there: what the URI does not name was not offered beside it.
        (SILENT, (cell("tcp", REFUSAL),), ("warn", ("transport-not-offered",))),
        (SILENT, (cell("tcp", REFUSAL, name="turn.allocate"),), ("fail", ("udp-port-blocked",))),
        (SILENT, (cell("udp", REFUSAL, address=OTHER_V4),), ("fail", ("udp-port-blocked",))),
        # Whoever answers wrongly is there, and broken.
        (cell("udp", "stun-answer-malformed"), (cell("tcp"),), ("fail", ("stun-answer-malformed",))),
        (cell("udp", "udp-port-blocked", "stun-420"), (cell("tcp"),), ("fail", ("udp-port-blocked", "stun-420"))),
        (cell("udp", "udp-port-blocked", name="tls.certificate"), (cell("tcp"),), ("fail", ("udp-port-blocked",))),
        # What the URI names must work, whatever the URI says that led to it.
        (cell("udp", "udp-port-blocked", asked=NAMED), (cell("tcp", asked=NAMED),), ("fail", ("udp-port-blocked",))),
        (cell("udp", "udp-port-blocked", asked=LED), (cell("tcp", asked=LED),), ("warn", ("transport-not-offered",))),
        # None of several addresses must be alive, but one.
        (SILENT, (cell("udp", address=OTHER_V4),), ("warn", ("address-dead",))),
        (
            cell("udp", "udp-port-blocked", asked=NAMED),
            (cell("udp", asked=NAMED, address=OTHER_V4),),
            ("warn", ("address-dead",)),
        ),
        (cell("udp", "udp-port-blocked", address=V6), (cell("udp"),), ("warn", ("dns-aaaa-dead",))),
        (cell("udp", "udp-port-blocked", address=V6), (cell("udp", address=OTHER_V6),), ("warn", ("address-dead",))),
        (SILENT, (cell("udp", address=V6),), ("warn", ("address-dead",))),
        (SILENT, (cell("tcp", address=V6), cell("udp", address=V6)), ("warn", ("address-dead",))),
        (
            cell("udp", "udp-port-blocked", address=V6),
            (cell("udp"), cell("udp", address=OTHER_V6)),
            ("warn", ("dns-aaaa-dead",)),
        ),
    ],
)
def test_a_dead_cell_is_as_bad_as_those_beside_it_make_it(
    dead: Check, others: tuple[Check, ...], told: tuple[str, tuple[str, ...]]
) -> None:
    assert said(diagnosed(dead, *others)) == told
    assert said(diagnosed(dead, *others[::-1])) == told


def test_what_was_not_offered_and_which_address_answers_is_said() -> None:
    refused = diagnosed(check("turn.reach", ANY, "tcp-port-refused", address=V4, transport="tcp"), cell("udp"))
    assert refused.checks[0].summary.startswith("not offered: ")
    assert refused.checks[0].facts["turn-no-tcp-fallback"]["transport"] == "tcp"
    dead = diagnosed(SILENT, cell("udp", address=OTHER_V4), cell("udp", address=V6)).checks[0]
    assert dead.summary.endswith("; 192.0.2.2:3478 answers")
    assert dead.facts["address-dead"]["seen"] == "192.0.2.2:3478, [2001:db8::1]:3478"
    assert dead.facts["address-dead"]["host"] == "192.0.2.1"


LOOP = "turn-r2r-mapped-to-wrong-local-ip"
INWARD, OUTWARD = (cell("udp", name=name) for name in ("turn.relay-in", "turn.relay-out"))


@pytest.mark.parametrize(
    ("others", "kept"),
    [
        ((INWARD, OUTWARD), True),
        ((), True),
        ((cell("udp", "relay-port-range-blocked", name="turn.relay-in"), OUTWARD), False),
        ((INWARD, cell("udp", name="turn.relay-out", status=Status.SKIP)), False),
        ((INWARD, OUTWARD, cell("tcp", "relay-port-range-blocked", name="turn.relay-in")), True),  # of another cell
    ],
)
def test_a_relay_loop_is_blamed_on_the_mapping_only_where_both_ways_work(others: tuple[Check, ...], kept: Any) -> None:
    looped = cell("udp", LOOP, "turn-r2r-forbidden", name="turn.relay-loop")
    assert said(diagnosed(looped, *others))[1] == ((LOOP,) if kept else ()) + ("turn-r2r-forbidden",)


def test_one_fault_of_several_cells_is_told_once_with_its_places() -> None:
    twice = [
        check("turn.reach", NAMED, "stun-answer-malformed", asked=ANY, address=address, transport="udp")
        for address in (V4, OTHER_V4)
    ]
    (found,) = diagnosed(*twice, twice[0]).findings
    assert (found.target, found.address) == (ANY, V4)
    assert found.evidence.endswith(" Seen at 192.0.2.1:3478 over udp, 192.0.2.2:3478 over udp.")
    (alone,) = diagnosed(check("turn.reach", NAMED, "stun-answer-malformed", asked=f"{ANY} from https://b/")).findings
    assert alone.target == f"{NAMED} from https://b/"
    (single,) = diagnosed(twice[0]).findings
    assert "Seen at" not in alone.evidence + single.evidence


NEAR, FAR = cell("udp", "udp-port-blocked"), cell("udp", "udp-port-blocked", address=OTHER_V4, asked="turn:b")


@pytest.mark.parametrize(
    ("checks", "told"),
    [
        ((NEAR, FAR), "udp-blocked-client"),
        ((NEAR, cell("udp", "udp-port-blocked", asked="turn:b")), "udp-port-blocked"),  # one server under two names
        ((NEAR, FAR, cell("udp", address=V6)), "udp-port-blocked"),
        ((NEAR, FAR, cell("dtls", address=V6, status=Status.WARN)), "udp-port-blocked"),
        ((NEAR, FAR, cell("tcp")), "udp-blocked-client"),
        # An answer that is of no use has come all the same.
        ((NEAR, FAR, cell("udp", "stun-420", name="stun.binding")), "udp-port-blocked"),
        ((NEAR, FAR, cell("udp", "stun-wrong-source")), "udp-port-blocked"),
        ((NEAR, FAR, cell("udp", "udp-port-unreachable")), "udp-blocked-client"),
        *(
            ((NEAR, FAR, cell("udp", name="port.udp", evidence={"runs": [{"answer": {"word": word}}]})), finding)
            for word, finding in (("open", "udp-port-blocked"), ("silent", "udp-blocked-client"))
        ),
    ],
)
def test_this_hosts_network_is_blamed_only_where_nobody_answers_over_udp(checks: tuple[Check, ...], told: str) -> None:
    first, second, *others = client_without_udp(checks)
    assert (first.findings, second.findings) == ((told,), (told,))
    assert first.facts.keys() == {told}
    assert [each.findings for each in others] == [each.findings for each in checks[2:]]
    assert client_without_udp((first, second, *others)) == (first, second, *others)


def test_udp_that_no_server_gets_is_no_transport_that_each_of_them_lacks() -> None:
    report = diagnosed(NEAR, FAR, cell("tcp"), cell("tcp", address=OTHER_V4, asked="turn:b"))
    assert said(report) == ("warn", ("udp-blocked-client",))
