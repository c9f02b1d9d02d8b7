"""Judges by tables: evidence that no server of the tests gives, or that decides between two look-alikes."""

from types import ModuleType

import pytest

from natprobe.address import Address
from natprobe.client.control import Control
from natprobe.client.flight import Flight
from natprobe.client.stream import Streamed
from natprobe.client.tls_trials import Trial, VersionTrial
from natprobe.credential import Credential, Secret, examine
from natprobe.model import Status
from natprobe.net.answers import Resolution
from natprobe.net.trouble import Reason, Trouble
from natprobe.probe import Judgement
from natprobe.probes import (
    dns_resolve,
    stun_binding,
    stun_rtt,
    turn_allocate,
    turn_quality,
    turn_reach,
    turn_relay_in,
    turn_relay_loop,
    turn_relay_out,
)
from natprobe.wire.transactions import Exchange

SERVER = Address("203.0.113.10", 3478)
RELAYED = Address("203.0.113.10", 50000)
ELSEWHERE = Address("203.0.113.77", 50000)
HERE = Address("198.51.100.20", 40000)
GRANTED = Exchange(request="Allocate", sends_ms=(1.0,), answered_ms=2.0, rtt_ms=1.0, outcome="success")
Told = tuple[str, tuple[str, ...]]
LOST = Flight(path="there", sends_ms=(10.0, 110.0), waited_ms=2000.0)


def arrived(source: Address, *, sent_ms: float = 10.0) -> Flight:
    """A flight whose first parcel came, from `source`."""
    return Flight(path="there", sends_ms=(sent_ms,), arrived_ms=sent_ms + 1, arrived_send=0, source=source)


def said(judgement: Judgement) -> Told:
    """Its status, and the findings that it raised."""
    return str(judgement.status), tuple(raised.id for raised in judgement.raised)


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("127.0.0.1", ("fail", ("turn-relay-loopback",))),
        ("0.0.0.0", ("fail", ("turn-relay-loopback",))),
        ("10.0.0.7", ("fail", ("turn-relay-private-address",))),
        ("172.17.0.1", ("fail", ("turn-relay-picks-docker0",))),
        ("169.254.3.4", ("fail", ("turn-relay-private-address",))),
        ("100.64.1.1", ("fail", ("turn-relay-cgnat",))),
        ("203.0.113.10", ("pass", ())),
    ],
)
def test_a_relayed_address_that_peers_cannot_reach_is_told_by_its_kind(host: str, told: Told) -> None:
    evidence = turn_allocate.Evidence(
        server=SERVER, exchanges=(GRANTED,), relayed=Address(host, 50000), lifetime_s=600, realm="example.org"
    )
    assert said(turn_allocate.judge(evidence)) == told


def test_a_private_relay_of_a_private_server_is_right() -> None:
    evidence = turn_allocate.Evidence(
        server=Address("10.0.0.2", 3478), exchanges=(GRANTED,), relayed=Address("10.0.0.2", 50000), lifetime_s=600
    )
    assert said(turn_allocate.judge(evidence)) == ("pass", ())


@pytest.mark.parametrize(("left_s", "told"), [(3600.0, "turn-auth-rest-wrong-secret"), (0.4, "turn-auth-rest-expired")])
def test_a_401_in_the_last_second_of_a_credential_is_put_down_to_its_end(left_s: float, told: str) -> None:
    refused = Exchange(request="Allocate request", sends_ms=(0.0,), outcome="error", code=401)
    credential = examine(Credential("1700000000:alice", Secret("A" * 27 + "=")), 1700000000.0 - left_s)
    evidence = turn_allocate.Evidence(server=SERVER, exchanges=(refused,), credential=credential)
    assert said(turn_allocate.judge(evidence)) == ("fail", (told,))


ANSWERS_IN_THE_CLEAR = (Control(transport="udp", outcome="silent"), Control(transport="tcp", outcome="answered"))
SILENT_HOST = (Control(transport="udp", outcome="silent"), Control(transport="tcp", outcome="silent"))


@pytest.mark.parametrize(
    ("reason", "alert", "controls", "told"),
    [
        (Reason.TLS, "protocol_version", (), ("fail", ("tls-too-old-only",))),
        (Reason.TLS, "handshake_failure", ANSWERS_IN_THE_CLEAR, ("fail", ("tls-handshake-failed",))),
        (Reason.TLS, None, ANSWERS_IN_THE_CLEAR, ("fail", ("plain-vs-tls-swapped",))),
        (Reason.REFUSED, None, (), ("fail", ("tls-no-listener",))),
        (Reason.SILENT, None, SILENT_HOST, ("fail", ("all-ports-blocked-host-down",))),
        (Reason.UNREACHABLE, None, SILENT_HOST, ("fail", ("host-unreachable",))),
        (Reason.NO_ROUTE, None, (), ("skip", ("no-route",))),
        (Reason.NOT_PERMITTED, None, (), ("inconclusive", ())),
        (Reason.LOCAL, None, (), ("inconclusive", ())),
    ],
)
def test_each_reason_why_a_tls_line_does_not_open_has_its_own_finding(
    reason: Reason, alert: str | None, controls: tuple[Control, ...], told: Told
) -> None:
    trouble = Trouble(reason=reason, detail="so it was", alert=alert)
    evidence = turn_reach.Evidence(server=SERVER, transport="tls", trouble=trouble, controls=controls)
    assert said(turn_reach.judge(evidence)) == told


@pytest.mark.parametrize("probe", [turn_reach, stun_binding])
def test_what_a_port_says_beneath_tls_that_is_silent_decides(probe: ModuleType) -> None:
    def told(*controls: Control, fault: str | None = None, older: bool = False) -> Told:
        reason = Reason.TLS if fault else Reason.SILENT
        trouble = Trouble(reason=reason, detail="so it was", fault=fault)
        trials = (VersionTrial(version="TLSv1", trial=Trial(outcome="completed" if older else "silent")),)
        return said(
            probe.judge(
                probe.Evidence(server=SERVER, transport="tls", trouble=trouble, controls=controls, older=trials)
            )
        )

    assert told(*ANSWERS_IN_THE_CLEAR) == ("fail", ("plain-vs-tls-swapped",))
    assert told(*ANSWERS_IN_THE_CLEAR, older=True) == ("fail", ("tls-too-old-only",))
    assert told(Control(transport="tcp", outcome="open")) == ("fail", ("tls-handshake-failed",))
    assert told(Control(transport="udp", outcome="answered")) == ("fail", ("tcp-port-blocked",))
    assert told(*SILENT_HOST) == ("fail", ("all-ports-blocked-host-down",))
    assert told(fault="unsupported protocol") == ("fail", ("tls-too-old-only",))


@pytest.mark.parametrize("outcome", [Reason.NOT_PERMITTED, Reason.LOCAL])
def test_what_this_host_forbids_is_not_the_servers_fault(outcome: Reason) -> None:
    exchange = Exchange(request="Allocate", sends_ms=(1.0,), outcome=outcome, detail="this host forbids it")
    evidence = turn_reach.Evidence(server=SERVER, transport="udp", exchanges=(exchange,))
    assert said(turn_reach.judge(evidence)) == ("inconclusive", ())


def relay_in(**facts: object) -> Judgement:
    """What is said of the unsolicited path."""
    evidence = turn_relay_in.Evidence(**({"relayed": RELAYED, "permitted": True, "udp": True} | facts))  # type: ignore[arg-type]
    return turn_relay_in.judge(evidence)


def test_closed_is_said_only_where_an_answer_got_through() -> None:
    lost = {"flight": LOST, "outward_arrived": True, "outward_seen": RELAYED}
    assert said(relay_in(**lost, returned=True)) == ("fail", ("relay-port-range-blocked",))
    assert said(relay_in(**lost, returned=False)) == ("inconclusive", ("relay-unreachable-from-here",))
    assert said(relay_in(flight=LOST, outward_arrived=False)) == ("inconclusive", ("relay-unreachable-from-here",))


def test_a_parcel_that_came_after_the_relay_had_written_proves_nothing() -> None:
    late = arrived(HERE, sent_ms=500.0)
    assert said(relay_in(flight=late, outward_began_ms=100.0))[0] == "inconclusive"
    assert said(relay_in(flight=late, outward_began_ms=600.0))[0] == "pass"
    assert said(relay_in(flight=late))[0] == "pass"


def test_where_only_late_parcels_came_in_the_second_relay_tells_a_filter_from_loss() -> None:
    late = {"flight": arrived(HERE, sent_ms=500.0), "outward_began_ms": 100.0}
    second = Address("203.0.113.10", 50001)
    assert said(relay_in(**late, second_relayed=second, second=arrived(HERE, sent_ms=700.0))) == ("pass", ())
    closed = relay_in(**late, second_relayed=second, second=LOST)
    assert said(closed) == ("fail", ("relay-port-range-blocked",))
    assert closed.raised[0].facts["relayed"] == str(second)
    assert closed.raised[0].facts["sends"] == str(len(LOST.sends_ms))


def test_nobody_outside_can_send_to_a_loopback_relay() -> None:
    assert said(relay_in(relayed=Address("127.0.0.1", 50000))) == ("fail", ())


def test_without_a_permission_or_a_socket_nothing_is_said() -> None:
    assert said(relay_in(permitted=False, flight=LOST)) == ("skip", ())
    assert said(relay_in(udp=False)) == ("inconclusive", ())


@pytest.mark.parametrize(
    ("seen", "inward", "told"),
    [
        (RELAYED, True, ("pass", ())),
        (Address(RELAYED.host, 1024), True, ("warn", ("turn-egress-port-rewritten",))),
        (ELSEWHERE, True, ("fail", ("turn-egress-nat-gateway",))),
        (ELSEWHERE, False, ("fail", ("turn-external-ip-wrong",))),
        (Address("10.0.0.2", 50000), True, ("inconclusive", ("relay-unreachable-from-here",))),
    ],
)
def test_the_source_that_a_peer_sees_is_compared_host_first(
    seen: Address,
    inward: bool,  # noqa: FBT001
    told: Told,
) -> None:
    evidence = turn_relay_out.Evidence(
        server=SERVER, relayed=RELAYED, permitted=True, peer_mapped=HERE, flight=arrived(seen), inward_arrived=inward
    )
    assert said(turn_relay_out.judge(evidence)) == told


@pytest.mark.parametrize(
    ("there", "back", "told"),
    [
        (arrived(RELAYED), arrived(ELSEWHERE), ("pass", ())),
        (arrived(RELAYED), LOST, ("fail", ("turn-one-way",))),
        (LOST, arrived(ELSEWHERE), ("fail", ("turn-one-way",))),
        (LOST, LOST, ("fail", ("turn-r2r-mapped-to-wrong-local-ip",))),
        (arrived(ELSEWHERE), arrived(RELAYED), ("warn", ("turn-egress-port-rewritten",))),
    ],
)
def test_two_relays_reach_each_other_both_ways_from_their_own_addresses(
    there: Flight, back: Flight, told: Told
) -> None:
    permitted = Exchange(request="CreatePermission", sends_ms=(1.0,), outcome="success")
    evidence = turn_relay_loop.Evidence(
        server=SERVER, first=RELAYED, second=ELSEWHERE, permissions=(permitted, permitted), there=there, back=back
    )
    assert said(turn_relay_loop.judge(evidence)) == told


def test_a_name_in_an_answer_that_leads_to_this_host_is_told_and_not_followed() -> None:
    evidence = dns_resolve.Evidence(
        name="turn.example.org",
        resolution=Resolution(name="turn.example.org", addresses=("127.0.0.1",), source="hosts"),
        withheld=(Address("127.0.0.1", 3478),),
    )
    judgement = dns_resolve.judge(evidence)
    assert judgement.status is Status.FAIL
    assert judgement.summary == "turn.example.org leads to 127.0.0.1, where no answer may send us"
    assert [raised.id for raised in judgement.raised] == ["dns-private-address"]


def streamed(*, sent: int, lost: int) -> Streamed:
    """A stream of which so many packets were lost."""
    rate = 500.0 * (sent - lost) / sent
    return Streamed(path="through the relay", offered_kbps=500.0, sent=sent, arrived=sent - lost, rate_kbps=rate)


@pytest.mark.parametrize(
    ("sent", "lost", "told"),
    [
        (75, 0, ("pass", ())),
        (75, 2, ("pass", ())),
        (75, 3, ("warn", ("bw-loss-at-rate",))),
        (188, 3, ("pass", ())),
        (188, 18, ("warn", ("bw-loss-at-rate",))),
        (188, 19, ("fail", ("bw-relay-insufficient",))),
        (188, 188, ("inconclusive", ())),
    ],
)
def test_what_a_relay_carries_is_judged_by_the_worse_direction(sent: int, lost: int, told: Told) -> None:
    streams = (streamed(sent=sent, lost=lost), streamed(sent=sent, lost=0))
    evidence = turn_quality.Evidence(server=SERVER, relayed=RELAYED, far=HERE, streams=streams)
    assert said(turn_quality.judge(evidence)) == told


def _round_trips(*measured_ms: float | None) -> stun_rtt.Evidence:
    exchanges = tuple(
        Exchange(request="Binding request", sends_ms=(0.0,), answered_ms=each or 9.0, rtt_ms=each, outcome="success")
        for each in measured_ms
    )
    return stun_rtt.Evidence(server=SERVER, max_rtt_ms=50.0, exchanges=exchanges)


@pytest.mark.parametrize(
    ("measured_ms", "status"),
    [
        ((10.0, 11.0, 900.0, 12.0, 10.0, 11.0, 10.0), "pass"),
        ((60.0, 61.0, 10.0, 62.0, 60.0, 61.0, 60.0), "fail"),
        ((60.0, None, 61.0), "inconclusive"),
        ((None,), "skip"),
        ((), "skip"),
    ],
)
def test_the_middle_of_the_round_trips_decides_and_too_few_decide_nothing(
    measured_ms: tuple[float | None, ...], status: str
) -> None:
    assert stun_rtt.judge(_round_trips(*measured_ms)).status == status
