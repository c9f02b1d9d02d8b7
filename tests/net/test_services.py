"""Records in, services out: the decisions of RFC 5928 and RFC 2782 as tables."""

import pytest

from natprobe.net.services import (
    Naptr,
    Referral,
    Service,
    Srv,
    SrvAnswer,
    defaults,
    from_srv,
    needs_discovery,
    offered,
    referrals,
    srv_name,
    uses_naptr,
)
from natprobe.target import TransportName, parse

NONE, UNKNOWN = SrvAnswer(()), SrvAnswer(None)
TURN = parse("turn:example.org")


def short(services: tuple[Service, ...]) -> list[str]:
    """`udp a.example.org:3478 srv`, one for each service."""
    return [f"{found.transport} {found.host}:{found.port} {found.source}" for found in services]


@pytest.mark.parametrize(
    ("uri", "asked"),
    [
        ("turn:example.org", True),
        ("stuns:example.org", True),
        ("turn:example.org?transport=udp", True),
        ("turn:example.org:3478", False),
        ("turn:192.0.2.1", False),
        ("turn:[2001:db8::1]", False),
        ("turn:localhost", False),
        ("https://example.org", False),
        ("tcp:example.org:80", False),
    ],
)
def test_services_are_looked_for_where_a_name_has_no_port(uri: str, *, asked: bool) -> None:
    assert needs_discovery(parse(uri)) is asked


def test_naptr_counts_for_turn_without_a_transport() -> None:
    assert uses_naptr(parse("turns:example.org"))
    assert not uses_naptr(parse("turn:example.org?transport=udp"))
    assert not uses_naptr(parse("stun:example.org"))


@pytest.mark.parametrize(
    ("uri", "services"),
    [
        ("turn:example.org", ["udp example.org:3478 default", "tcp example.org:3478 default"]),
        ("turns:example.org", ["tls example.org:5349 default", "dtls example.org:5349 default"]),
        ("turns:example.org?transport=udp", ["dtls example.org:5349 default"]),
        ("stun:192.0.2.1:80", ["udp 192.0.2.1:80 default", "tcp 192.0.2.1:80 default"]),
    ],
)
def test_the_default_is_the_name_itself_at_the_schemes_port(uri: str, services: list[str]) -> None:
    assert short(defaults(parse(uri))) == services


A, B = Srv(10, 5, 3478, "a.example.org."), Srv(10, 60, 3479, "B.example.org.")


@pytest.mark.parametrize(
    ("answers", "services"),
    [
        ({"udp": NONE, "tcp": NONE}, ["udp example.org:3478 default", "tcp example.org:3478 default"]),
        ({"udp": UNKNOWN, "tcp": UNKNOWN}, ["udp example.org:3478 default", "tcp example.org:3478 default"]),
        ({}, ["udp example.org:3478 default", "tcp example.org:3478 default"]),
        ({"udp": SrvAnswer((A,)), "tcp": NONE}, ["udp a.example.org:3478 srv"]),
        ({"udp": SrvAnswer((A,)), "tcp": UNKNOWN}, ["udp a.example.org:3478 srv", "tcp example.org:3478 default"]),
        (
            {"tcp": SrvAnswer((A,)), "udp": SrvAnswer((A, B))},
            ["udp b.example.org:3479 srv", "udp a.example.org:3478 srv", "tcp a.example.org:3478 srv"],
        ),
        ({"udp": SrvAnswer((Srv(0, 0, 0, "."),)), "tcp": NONE}, []),
    ],
)
def test_srv_records_are_followed_where_there_are_any(
    answers: dict[TransportName, SrvAnswer], services: list[str]
) -> None:
    assert short(from_srv(TURN, answers)) == services


@pytest.mark.parametrize(
    ("records", "hosts"),
    [
        ((Srv(20, 0, 1, "c."), Srv(10, 1, 1, "a."), Srv(10, 9, 1, "b.")), ["b", "a", "c"]),
        ((Srv(1, 1, 1, "b."), Srv(1, 1, 1, "a.")), ["a", "b"]),
        ((Srv(1, 1, 1, "a."), Srv(2, 1, 1, "a.")), ["a"]),
        ((Srv(1, 1, 1, "."),), []),
        ((Srv(1, 1, 0, "a."),), []),
        ((Srv(1, 1, 1, "a\\000b."), Srv(1, 1, 1, "<b>."), Srv(1, 1, 1, "a..b.")), []),
    ],
)
def test_records_are_ordered_and_what_cannot_be_dialled_is_left_out(records: tuple[Srv, ...], hosts: list[str]) -> None:
    assert [service.host for service in offered(records, "udp", "srv")] == hosts


def test_no_more_than_32_records_count() -> None:
    flood = tuple(Srv(1, 1, port, "a.example.org.") for port in range(1, 200))
    assert len(offered(flood, "udp", "srv")) == 32
    many = tuple(Naptr(1, 1, "s", "RELAY:turn.udp", f"a{n}.example.org.") for n in range(200))
    assert len(referrals(many, ("udp",))) == 32


@pytest.mark.parametrize(
    ("record", "found"),
    [
        (Naptr(1, 1, "s", "RELAY:turn.udp", "_turn._udp.example.org."), [("udp", "s", "_turn._udp.example.org")]),
        (Naptr(1, 1, "S", "relay:TURN.TCP", "T.example.org."), [("tcp", "s", "t.example.org")]),
        (Naptr(1, 1, "A", "RELAY:turn.udp:turn.tcp", "a."), [("udp", "a", "a"), ("tcp", "a", "a")]),
        (Naptr(1, 1, "", "RELAY:turn.udp", "next.example.org."), [("udp", "", "next.example.org")]),
        (Naptr(1, 1, "u", "RELAY:turn.udp", "a."), []),
        (Naptr(1, 1, "s", "SIP+D2U", "a."), []),
        (Naptr(1, 1, "s", "RELAY:turn.tls", "a."), []),
        (Naptr(1, 1, "s", "RELAY", "a."), []),
        (Naptr(1, 1, "s", "RELAY:turn.udp", "."), []),
    ],
)
def test_a_naptr_record_refers_each_wanted_transport(record: Naptr, found: list[tuple[str, str, str]]) -> None:
    assert [tuple(referral) for referral in referrals((record,), ("udp", "tcp"))] == found


def test_naptr_records_go_by_order_then_preference() -> None:
    records = (
        Naptr(20, 1, "s", "RELAY:turn.udp", "c."),
        Naptr(10, 9, "s", "RELAY:turn.udp", "b."),
        Naptr(10, 1, "s", "RELAY:turn.tcp", "a."),
    )
    assert referrals(records, ("udp", "tcp")) == (
        Referral("tcp", "s", "a"),
        Referral("udp", "s", "b"),
        Referral("udp", "s", "c"),
    )


def test_each_scheme_has_its_names() -> None:
    assert srv_name("turns", "tls", "example.org") == "_turns._tcp.example.org"
    assert srv_name("stuns", "dtls", "example.org") == "_stuns._udp.example.org"
