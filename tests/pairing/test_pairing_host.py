"""What a kept report knows of its host, and what it leaves open."""

from typing import Any

import msgspec
import pytest

from natprobe.address import Address
from natprobe.model import Candidate, Check, NatBehaviour, Report, Status
from natprobe.pairing import from_report
from natprobe.pairing.host import Access
from natprobe.pairing.nat import CLOSED_RELAY as CLOSED
from natprobe.pairing.nat import RELAY
from tests.pairing.kept import BLOCKED, BROKEN_TURN, CLOSED_RELAY, WORKING_RELAY, behaviour, check, kept

LOCAL, MAPPED, SIX = Address("10.1.0.2", 40000), Address("198.51.100.1", 40000), Address("2001:db8::1", 40000)
NOWHERE: dict[str, Any] = {"local": None, "mapped": None}
EVERY_ADF = {"none/ADF", "EIM/ADF", "ADM/ADF", "APDM/ADF"}


def access(report: Report) -> Access:
    """Its only address family."""
    (only,) = from_report("A", report).accesses
    return only


def candidate(kind: Any, protocol: Any = "udp", address: Address = MAPPED) -> Candidate:
    return Candidate(
        candidate="", type=kind, protocol=protocol, address=address, related=LOCAL, priority=1, gathered_ms=1.0
    )


@pytest.mark.parametrize(
    ("measured", "unknown", "udp", "nats"),
    [
        (behaviour("endpoint-independent", "address-dependent"), (), True, {"EIM/ADF"}),
        (behaviour("endpoint-independent", "address-dependent", **NOWHERE), (), True, {"EIM/ADF"}),
        (behaviour("none", "unknown"), ("filtering",), True, {"none/EIF", "none/ADF", "none/APDF"}),
        (behaviour("unknown", "address-dependent"), ("mapping",), True, {"EIM/ADF", "ADM/ADF", "APDM/ADF"}),
        # What a server saw is this host's own address: there is no NAT. Without both, that is as likely as any.
        (behaviour("unknown", "address-dependent", mapped=LOCAL), (), True, {"none/ADF"}),
        (behaviour("unknown", "address-dependent", local=None), ("mapping",), True, EVERY_ADF),
        (behaviour("unknown", "address-dependent", mapped=None), ("mapping", "UDP access"), None, EVERY_ADF),
        (behaviour("unknown", "unknown", type="full-cone", **NOWHERE), (), True, {"EIM/EIF"}),
        (behaviour("unknown", "unknown", type="symmetric-udp-firewall"), (), True, {"none/APDF"}),
    ],
)
def test_every_nat_that_fits_what_is_known_is_thought_of(
    measured: NatBehaviour, unknown: tuple[str, ...], udp: Any, nats: set[str]
) -> None:
    found = access(kept(measured))
    assert ({str(nat) for nat in found.nats}, found.unknown, found.udp) == (nats, unknown, udp)


def test_each_address_family_stands_for_itself() -> None:
    one, other = from_report("A", kept(behaviour("none", "unknown"), ipv6=BLOCKED)).accesses
    assert (one.family, one.udp, other.family, other.udp, other.nats) == (4, True, 6, False, ())


@pytest.mark.parametrize(
    ("candidates", "family", "udp", "mapped"),
    [
        ((candidate("host"), candidate("srflx")), 4, True, MAPPED),
        ((candidate("srflx", address=SIX),), 6, True, SIX),
        ((candidate("host"),), 4, None, None),
        ((candidate("srflx", "tcp"),), 4, None, None),
        ((), 4, None, None),
    ],
)
def test_without_a_nat_block_a_server_reflexive_candidate_shows_that_udp_works(
    candidates: tuple[Candidate, ...], family: int, udp: Any, mapped: Address | None
) -> None:
    found = access(kept(candidates=candidates))
    assert (found.family, found.udp, found.mapped) == (family, udp, mapped)
    assert found.local == (LOCAL if mapped else None)
    assert found.unknown == ("mapping", "filtering", *(() if udp else ("UDP access",)))


@pytest.mark.parametrize(
    ("checks", "candidates", "turn"),
    [
        (WORKING_RELAY, (), True),
        (CLOSED_RELAY, (), True),  # permissions open the way for who is asked first (RFC 8656 section 9)
        (BROKEN_TURN, (), False),
        ((), (candidate("relay"),), True),
        ((), (candidate("srflx"),), None),
        ((), (), None),
        ((check("turn.reach", Status.PASS),), (), None),
        ((check("turn.reach", Status.FAIL),), (), False),
        ((check("turn.allocate", Status.INCONCLUSIVE),), (), None),
        ((check("tls.certificate", Status.FAIL),), (), None),
        ((check("turn.allocate", Status.WARN), check("turn.relay-out", Status.FAIL)), (), False),
        # What one transport cannot do another one of the same server may.
        ((*BROKEN_TURN, check("turn.allocate", Status.PASS, "tcp")), (), True),
    ],
)
def test_a_relay_works_where_it_was_seen_to_and_fails_where_it_was_seen_to(
    checks: tuple[Check, ...], candidates: tuple[Candidate, ...], turn: Any
) -> None:
    assert from_report("A", kept(checks=checks, candidates=candidates)).turn is turn


def test_relays_are_shut_to_strangers_only_where_all_that_work_are() -> None:
    open_one = (check("turn.allocate", Status.PASS, "tcp"), check("turn.relay-in", Status.PASS, "tcp"))
    assert from_report("A", kept(checks=CLOSED_RELAY)).relay == CLOSED
    assert from_report("A", kept(checks=(*CLOSED_RELAY, *open_one))).relay == RELAY
    assert from_report("A", kept(checks=BROKEN_TURN)).relay == RELAY


def port(fate: str, kind: str = "public", protocol: str = "udp", host: str | None = MAPPED.host) -> dict[str, Any]:
    """One candidate of a gateway, as `janus.media` and `srs.media` tell it."""
    address = host and {"host": host, "port": 20000}
    return {"fate": fate, "protocol": protocol, "kind": kind, "address": address}


def gateway(*ports: dict[str, Any]) -> Report:
    return kept(checks=(msgspec.structs.replace(check("srs.media", Status.PASS), evidence={"candidates": ports}),))


@pytest.mark.parametrize(
    ("ports", "hosts", "unknown", "passive_tcp"),
    [
        ((port("answered"),), [MAPPED.host], (), False),
        ((port("silent"),), [MAPPED.host], ("filtering",), False),  # which filter keeps strangers out is not known
        ((port("silent"), port("answered", host="198.51.100.9")), ["198.51.100.9"], (), False),
        ((port("answered", host=SIX.host), port("answered")), [MAPPED.host, SIX.host], (), False),
        ((port("answered"), port("unsent", protocol="tcp")), [MAPPED.host], (), None),
        ((port("answered"), port("answered", protocol="tcp")), [MAPPED.host], (), True),
        ((port("answered"), port("silent", protocol="tcp")), [MAPPED.host], (), False),
        ((port("answered"), port("active", protocol="tcp")), [MAPPED.host], (), False),
        ((port("answered"), port("answered", "private", "tcp")), [MAPPED.host], (), False),
    ],
)
def test_a_gateway_is_known_by_the_best_of_its_public_ports_of_each_family(
    ports: tuple[dict[str, Any], ...], hosts: list[str], unknown: tuple[str, ...], passive_tcp: Any
) -> None:
    found = from_report("A", gateway(*ports))
    assert [each.mapped and each.mapped.host for each in found.accesses] == hosts
    assert {each.unknown for each in found.accesses} == {unknown}
    assert found.passive_tcp is passive_tcp


@pytest.mark.parametrize(
    "useless",
    [
        port("answered", kind="private"),
        port("withheld"),
        port("answered", protocol="tcp"),
        port("answered", host=None),  # a .local name
    ],
)
def test_a_gateways_candidate_that_says_nothing_of_a_public_udp_port_is_none(useless: dict[str, Any]) -> None:
    found = from_report("A", gateway(useless))
    assert found.accesses[0].unknown == ("mapping", "filtering", "UDP access")
    assert found.machine == "host"


def test_a_host_that_measured_its_nat_is_the_side_whatever_it_checked_beside() -> None:
    report = msgspec.structs.replace(gateway(port("answered")), nat=kept(behaviour("none", "unknown")).nat)
    assert access(report).mapped == LOCAL


def tcp(kind: str, host: str = "203.0.113.9", protocol: Any = "tcp") -> Candidate:
    """A TCP candidate of that type (RFC 6544)."""
    line = f"candidate:1 1 tcp 1 {host} 4443 typ host tcptype {kind}"
    return msgspec.structs.replace(candidate("host", protocol, Address(host, 4443)), candidate=line)


@pytest.mark.parametrize(
    ("offered", "nat", "passive"),
    [
        (tcp("passive"), behaviour("none", "endpoint-independent"), True),
        (tcp("passive"), behaviour("none", "address-dependent"), None),
        (tcp("passive"), behaviour("none", "unknown"), None),
        (tcp("passive"), behaviour("address-dependent", "endpoint-independent"), None),
        (tcp("active"), behaviour("none", "endpoint-independent"), False),
        (tcp("passive", "10.0.0.9"), behaviour("none", "endpoint-independent"), False),
        (tcp("passive", protocol="udp"), behaviour("none", "endpoint-independent"), False),
        (candidate("host", "tcp"), behaviour("none", "endpoint-independent"), False),
    ],
)
def test_a_passive_tcp_candidate_is_reached_for_sure_only_where_everybody_is_let_in(
    offered: Candidate, nat: NatBehaviour, passive: Any
) -> None:
    assert from_report("A", kept(nat, candidates=(offered,))).passive_tcp is passive
