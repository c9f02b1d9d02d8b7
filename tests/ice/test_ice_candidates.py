"""Priorities, foundations, candidate lines and redundancy, held against the RFCs and against aioice."""

import contextlib
import itertools

import aioice
import pytest
from hypothesis import given
from hypothesis import strategies as st

from natprobe.address import Address
from natprobe.ice import Base, LineError, Reflexive, Relayed, Seen, host, parse_line, reflexive, relayed
from natprobe.ice.priority import RelayProtocol, foundation, local_preference, priority, relay_preference
from natprobe.model import Candidate

BASE = Base(Address("10.7.0.2", 58491), 0)
SERVER = Address("203.0.113.10", 3478)
PROTOCOLS: tuple[RelayProtocol, ...] = ("udp", "dtls", "tcp", "tls")


def srflx(mapped: str = "198.51.100.20", port: int = 17740, base: Base = BASE, order: int = 0) -> Candidate:
    found = Reflexive(mapped=Address(mapped, port), base=base, server=SERVER, server_order=order, url="stun:x")
    return reflexive(found, 42.0)


def relay(through: RelayProtocol = "udp", host: str = "203.0.113.10", order: int = 0) -> Candidate:
    found = Relayed(
        relayed=Address(host, 50000), mapped=Address("198.51.100.20", 17740), through=through, server=SERVER,
        server_order=order, url="turn:x",
    )  # fmt: skip
    return relayed(found, 42.0)


def test_the_formula_is_that_of_rfc_8445_5_1_2_1() -> None:
    assert priority("host", 65535) == (126 << 24) + (65535 << 8) + 255
    assert priority("relay", 0) == 255
    assert priority("host", 65535) < 2**31


def test_the_best_host_candidate_has_the_priority_that_aioice_gives() -> None:
    assert host(BASE, 0.0).priority == aioice.candidate.candidate_priority(1, "host")


@given(st.integers(0, 400), st.integers(0, 40), st.integers(0, 400), st.sampled_from(PROTOCOLS))
def test_a_local_preference_fits_16_bits(rank: int, place: int, server: int, through: RelayProtocol) -> None:
    assert 0 <= local_preference(rank, server) <= 65535
    assert 0 <= relay_preference(rank % 2, place, server, through) <= 65535


def test_local_preferences_are_unlike_for_unlike_things() -> None:
    made = [local_preference(*each) for each in itertools.product(range(16), range(16))]
    assert len(set(made)) == len(made)


def test_preferences_of_relays_are_unlike_for_unlike_things() -> None:
    made = [relay_preference(*each) for each in itertools.product(range(2), range(8), range(64), PROTOCOLS)]
    assert len(set(made)) == len(made)


def test_relays_are_ordered_by_protocol_then_by_the_address_that_asked_then_by_server() -> None:
    made = [
        relay_preference(0, place, server, how) for how, place, server in itertools.product(PROTOCOLS, (0, 1), (0, 1))
    ]
    assert made == sorted(made, reverse=True)


def test_host_comes_before_srflx_before_relay_and_udp_before_tcp_before_tls() -> None:
    told = [host(Base(BASE.address, 9), 0.0), srflx(), relay("udp"), relay("dtls"), relay("tcp"), relay("tls")]
    assert [each.priority for each in told] == sorted((each.priority for each in told), reverse=True)


def test_foundations_are_alike_for_what_may_be_checked_as_one() -> None:
    assert foundation("srflx", "10.7.0.2", "udp", "203.0.113.10") == foundation(
        "srflx", "10.7.0.2", "udp", "203.0.113.10"
    )
    kinds = [
        foundation("host", "10.7.0.2", "udp"),
        foundation("host", "10.7.0.3", "udp"),
        foundation("srflx", "10.7.0.2", "udp", "203.0.113.10"),
        foundation("srflx", "10.7.0.2", "udp", "203.0.113.11"),
        foundation("relay", "203.0.113.10", "udp", "203.0.113.10", "udp"),
        foundation("relay", "203.0.113.10", "udp", "203.0.113.10", "tls"),
    ]
    assert len(set(kinds)) == len(kinds)


def test_a_host_line_has_no_related_address_and_the_others_have_one() -> None:
    assert host(BASE, 0.0).candidate.endswith("10.7.0.2 58491 typ host")
    assert srflx().candidate.endswith("198.51.100.20 17740 typ srflx raddr 10.7.0.2 rport 58491")
    assert relay().candidate.endswith("203.0.113.10 50000 typ relay raddr 198.51.100.20 rport 17740")


def test_a_relay_of_unknown_origin_says_so_as_rfc_8839_does() -> None:
    found = Relayed(
        relayed=Address("2001:db8::10", 50000), mapped=None, through="udp", server=SERVER, server_order=0, url="turn:x"
    )
    assert relayed(found, 0.0).candidate.endswith("2001:db8::10 50000 typ relay raddr :: rport 0")


addresses = st.builds(Address, st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).map(str), st.integers(1, 65535))


@given(addresses, addresses, st.integers(0, 300), st.integers(0, 80))
def test_a_line_reads_back_as_what_was_written_and_aioice_reads_it_too(
    mapped: Address, base: Address, rank: int, order: int
) -> None:
    candidate = srflx(mapped.host, mapped.port, Base(base, rank), order)
    parsed = parse_line(candidate.candidate)
    theirs = aioice.Candidate.from_sdp(candidate.candidate.removeprefix("candidate:"))
    assert (parsed.host, parsed.port, parsed.related) == (mapped.host, mapped.port, (base.host, base.port))
    assert (theirs.host, theirs.port, theirs.related_address) == (mapped.host, mapped.port, base.host)
    assert parsed.priority == theirs.priority == candidate.priority
    assert parsed.foundation == theirs.foundation


def test_lines_of_browsers_are_read() -> None:
    chrome = parse_line(
        "candidate:842163049 1 udp 1677729535 203.0.113.20 17740 typ srflx raddr 0.0.0.0 rport 0 generation 0 "
        "ufrag EEtu network-cost 999"
    )
    assert (chrome.type, chrome.related) == ("srflx", ("0.0.0.0", 0))
    assert ("ufrag", "EEtu") in chrome.extensions
    hidden = parse_line("a=candidate:1 1 UDP 2122252543 4d1c.local 58491 typ host")
    assert (hidden.host, hidden.protocol) == ("4d1c.local", "udp")
    active = parse_line("candidate:1 1 tcp 1518280447 10.7.0.2 9 typ host tcptype active")
    assert active.extensions == (("tcptype", "active"),)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "candidate:",
        "candidate:1 1 udp 1 10.0.0.1 1 typ",
        "candidate:1 1 udp 1 10.0.0.1 1 type host",
        "candidate:1 1 udp 1 10.0.0.1 70000 typ host",
        "candidate:1 1 udp 4294967296 10.0.0.1 1 typ host",
        "candidate:1 1 udp 1 10.0.0.1 1 typ peer",
        "candidate:!! 1 udp 1 10.0.0.1 1 typ host",
        "candidate:1 1 udp 1 10.0.0.1 1 typ srflx raddr 10.0.0.1 rport x",
        "candidate:1 1 udp 1 10.0.0.1 ١ typ host",
        "candidate:1 1 udp 1 10.0.0.1 1 typ host" + " x" * 600,
    ],
)
def test_what_is_no_line_is_refused(text: str) -> None:
    with pytest.raises(LineError):
        parse_line(text)


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    with contextlib.suppress(LineError):
        assert parse_line("candidate:" + text).component <= 256


def test_a_reflexive_candidate_that_equals_its_base_is_redundant() -> None:
    seen = Seen()
    assert seen.is_new(host(BASE, 0.0))
    assert not seen.is_new(srflx(BASE.address.host, BASE.address.port))


def test_one_mapping_seen_by_two_servers_is_one_candidate_but_two_bases_are_two() -> None:
    seen = Seen()
    assert seen.is_new(srflx(order=0))
    assert not seen.is_new(srflx(order=1))
    assert seen.is_new(srflx(base=Base(Address("10.8.0.2", 58491), 1)))
    assert seen.is_new(srflx(port=17741))
