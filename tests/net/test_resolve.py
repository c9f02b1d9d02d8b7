"""Names against a real DNS server on loopback: every way in which it can answer, or not."""

import asyncio
import threading
from typing import Any

import msgspec
import pytest

from natprobe.address import Address
from natprobe.net.answers import DnsAnswer, Outcome, Resolution, SystemAnswer, merged
from natprobe.net.clock import Clock
from natprobe.net.nameservers import Nameservers, names_to_try
from natprobe.net.resolve import parse_nameserver, resolve
from natprobe.net.system import ask_system
from tests.net import dns_server
from tests.net.dns_server import Reaction, closed_port, records, serving

NAME = "turn.example.org"
A, AAAA = (f"{NAME}.", "A"), (f"{NAME}.", "AAAA")
ADDRESS = records(f"{NAME}. 60 IN A 192.0.2.1")


async def resolved(*servers: Address, deadline_s: float = 8, name: str = NAME) -> Resolution:
    """The name as these servers alone know it."""
    return await resolve(name, clock=Clock(), deadline_s=deadline_s, nameservers=servers)


def answer(resolution: Resolution, qtype: str = "A") -> DnsAnswer:
    """The answer to one of the two questions."""
    (found,) = (answer for answer in resolution.answers if answer.qtype == qtype)
    return found


async def test_both_families_are_asked_and_told_with_ttl_and_server() -> None:
    six = records(f"{NAME}. 30 IN AAAA 2001:db8::1")
    async with serving({A: ADDRESS, AAAA: six}) as (server, _):
        resolution = await resolved(server)
    assert resolution.addresses == ("192.0.2.1", "2001:db8::1")
    assert resolution.source == "dns"
    assert resolution.system is None
    assert answer(resolution).outcome == "answered"
    assert answer(resolution).ttl_s == 60
    assert answer(resolution).server == server
    assert answer(resolution).asked == 1
    assert answer(resolution).canonical_name is None
    assert answer(resolution, "AAAA").ttl_s == 30


async def test_the_servers_are_asked_over_ipv6_too() -> None:
    async with serving({A: ADDRESS}, host="::1") as (server, _):
        assert (await resolved(server)).addresses == ("192.0.2.1",)


@pytest.mark.parametrize(
    ("reaction", "outcome"),
    [
        (dns_server.nxdomain, "nxdomain"),
        (dns_server.nodata, "nodata"),
        (dns_server.servfail, "servfail"),
        (dns_server.refused, "refused"),
        (dns_server.silence, "timeout"),
        (dns_server.garbage, "malformed"),
        (dns_server.from_another_query, "malformed"),
    ],
)
async def test_each_way_to_answer_has_its_outcome(reaction: Reaction, outcome: Outcome) -> None:
    async with serving({A: reaction, AAAA: reaction}) as (server, _):
        resolution = await resolved(server, deadline_s=1.2)
    assert resolution.addresses == ()
    assert [answer.outcome for answer in resolution.answers] == [outcome, outcome]
    assert answer(resolution).server == server


async def test_silence_is_told_with_how_often_it_was_asked() -> None:
    async with serving({A: dns_server.silence, AAAA: dns_server.nodata}) as (server, heard):
        resolution = await resolved(server, deadline_s=1.2)
    assert answer(resolution).asked == 2
    assert heard.asked.count(A) == 2


async def test_a_lost_query_is_sent_again() -> None:
    async with serving({A: dns_server.late(1, ADDRESS), AAAA: dns_server.nodata}) as (server, _):
        resolution = await resolved(server)
    assert resolution.addresses == ("192.0.2.1",)
    assert answer(resolution).asked == 2


async def test_a_closed_port_is_unreachable_without_waiting_for_the_deadline() -> None:
    resolution = await resolved(closed_port(), deadline_s=3600)
    assert [answer.outcome for answer in resolution.answers] == ["unreachable", "unreachable"]


async def test_garbage_before_the_answer_does_not_hide_it() -> None:
    async with serving({A: ADDRESS}, noise=b"\xff" * 30) as (server, _):
        resolution = await resolved(server)
    assert resolution.addresses == ("192.0.2.1",)


async def test_another_server_is_asked_while_the_first_is_silent() -> None:
    silent = {A: dns_server.silence, AAAA: dns_server.silence}
    async with serving(silent) as (first, _), serving({A: ADDRESS}) as (second, _):
        resolution = await resolved(first, second)
    assert resolution.addresses == ("192.0.2.1",)
    assert answer(resolution).server == second


@pytest.mark.parametrize("reaction", [dns_server.servfail, dns_server.refused])
async def test_another_server_is_asked_where_the_first_fails(reaction: Reaction) -> None:
    async with serving({A: reaction}) as (first, _), serving({A: ADDRESS}) as (second, heard):
        resolution = await resolved(first, closed_port(), second)
    assert resolution.addresses == ("192.0.2.1",)
    assert A in heard.asked


async def test_what_a_server_said_is_told_rather_than_the_silence_of_another() -> None:
    async with serving({A: dns_server.servfail}) as (first, _), serving({A: dns_server.silence}) as (second, _):
        resolution = await resolved(first, second, deadline_s=0.8)
    assert answer(resolution).outcome == "servfail"
    assert answer(resolution).server == first
    assert answer(resolution).asked == 3


async def test_the_first_server_has_the_last_word_on_what_does_not_exist() -> None:
    async with serving({A: dns_server.nxdomain}) as (first, _), serving({A: ADDRESS}) as (second, heard):
        resolution = await resolved(first, second)
    assert answer(resolution).outcome == "nxdomain"
    assert heard.asked == []


async def test_a_truncated_answer_is_asked_for_over_tcp() -> None:
    over_tcp = {A: records(f"{NAME}. 60 IN A 192.0.2.7")}
    async with serving({A: dns_server.truncated}, over_tcp) as (server, _):
        resolution = await resolved(server)
    assert resolution.addresses == ("192.0.2.7",)
    assert answer(resolution).asked == 2


@pytest.mark.parametrize(
    ("over_tcp", "outcome"),
    [
        (None, "unreachable"),
        ({A: dns_server.silence}, "timeout"),
        ({A: dns_server.garbage}, "malformed"),
        ({A: dns_server.from_another_query}, "malformed"),
        ({A: dns_server.servfail}, "servfail"),
    ],
)
async def test_trouble_over_tcp_is_told(over_tcp: dict[Any, Reaction] | None, outcome: Outcome) -> None:
    async with serving({A: dns_server.truncated}, over_tcp) as (server, _):
        resolution = await resolved(server, deadline_s=0.8)
    assert answer(resolution).outcome == outcome


async def test_a_chain_of_aliases_is_followed_to_its_end() -> None:
    chain = records(f"{NAME}. 60 IN CNAME b.example.net.", "b.example.net. 9 IN CNAME C.example.net.",
                    "c.example.net. 30 IN A 192.0.2.9")  # fmt: skip
    async with serving({A: chain}) as (server, _):
        resolution = await resolved(server)
    assert resolution.addresses == ("192.0.2.9",)
    assert answer(resolution).canonical_name == "c.example.net"


@pytest.mark.parametrize("links", [9, 40])
async def test_a_chain_that_does_not_end_is_malformed(links: int) -> None:
    lines = [f"{NAME}. 60 IN CNAME a0.example.net."]
    lines += [f"a{n}.example.net. 60 IN CNAME a{n + 1}.example.net." for n in range(links)]
    async with serving({A: records(*lines)}, {A: records(*lines)}) as (server, _):
        resolution = await resolved(server)
    assert answer(resolution).outcome == "malformed"


async def test_an_alias_in_a_circle_is_malformed() -> None:
    circle = records(f"{NAME}. 60 IN CNAME b.example.net.", f"b.example.net. 60 IN CNAME {NAME}.")
    async with serving({A: circle}) as (server, _):
        assert answer(await resolved(server)).outcome == "malformed"


async def test_an_alias_to_nowhere_is_no_data() -> None:
    async with serving({A: records(f"{NAME}. 60 IN CNAME b.example.net.")}) as (server, _):
        resolution = await resolved(server)
    assert answer(resolution).outcome == "nodata"
    assert answer(resolution).canonical_name == "b.example.net"


async def test_records_of_another_name_do_not_count() -> None:
    async with serving({A: records("other.example.org. 60 IN A 192.0.2.66")}) as (server, _):
        assert answer(await resolved(server)).outcome == "nodata"


async def test_no_more_than_32_addresses_are_taken() -> None:
    async with serving({A: records(*(f"{NAME}. 60 IN A 198.51.100.{n}" for n in range(200)))}) as (server, _):
        resolution = await resolved(server)
    assert len(resolution.addresses) == 32


@pytest.mark.parametrize(("text", "canonical"), [("192.0.2.1", "192.0.2.1"), ("2001:DB8::0:1", "2001:db8::1")])
async def test_a_literal_asks_nobody(text: str, canonical: str) -> None:
    assert await resolved(name=text) == Resolution(name=text, addresses=(canonical,), source="literal")


async def test_localhost_is_no_question_for_the_dns() -> None:
    async with serving({}) as (server, heard):
        asked = await resolved(server, name="localhost")
    assert heard.asked == []
    assert asked.answers == ()
    own = await resolve("localhost", clock=Clock())
    assert own.source == "hosts"
    assert own.system is not None
    assert own.system.outcome == "answered"
    assert set(own.addresses) <= {"127.0.0.1", "::1"}


@pytest.mark.parametrize("name", ["", "a..b", "a" * 64, "." * 10, "\udc80"])
async def test_what_is_no_name_is_data_too(name: str) -> None:
    async with serving({}) as (server, _):
        assert (await resolved(server, name=name, deadline_s=1)).addresses == ()


async def test_cancelling_leaves_nothing_behind() -> None:
    before = asyncio.all_tasks()
    async with serving({A: dns_server.silence, AAAA: dns_server.silence}) as (server, heard):
        task = asyncio.create_task(resolved(server, server))
        await heard.heard.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert asyncio.all_tasks() == before


async def test_a_stuck_system_resolver_is_a_time_out_in_a_thread_that_holds_nobody() -> None:
    free, threads = threading.Event(), []

    def stuck(_name: str) -> list[Any]:
        threads.append(threading.current_thread())
        free.wait()
        return []

    answered = await ask_system(NAME, clock := Clock(), deadline_s=clock.now() + 0.05, lookup=stuck)
    assert answered.outcome == "timeout"
    assert answered.error is not None
    assert threads[0].daemon
    free.set()
    threads[0].join()


async def test_a_name_that_the_system_cannot_encode_has_failed() -> None:
    for name in ("a" * 64, "\udc80", "a\0b"):
        answered = await ask_system(name, Clock(), deadline_s=20)
        assert answered.outcome == "failed"
        assert answered.error


def test_the_systems_addresses_come_first_and_none_twice() -> None:
    system = SystemAnswer(outcome="answered", addresses=("2001:db8::1", "192.0.2.1"), duration_ms=1)
    dns = DnsAnswer(qtype="A", question=NAME, outcome="answered", addresses=("192.0.2.1", "192.0.2.2"), duration_ms=1)
    both = merged(NAME, (dns,), system)
    assert both.addresses == ("2001:db8::1", "192.0.2.1", "192.0.2.2")
    assert both.source == "dns"
    assert merged(NAME, (), system).source == "hosts"
    assert merged(NAME, (dns,), None).addresses == ("192.0.2.1", "192.0.2.2")


@pytest.mark.parametrize(
    ("name", "ndots", "tried"),
    [
        ("turn", 1, ["turn.a.example.", "turn.b.example.", "turn."]),
        ("turn.example.org", 1, ["turn.example.org.", "turn.example.org.a.example.", "turn.example.org.b.example."]),
        ("turn.lan", 2, ["turn.lan.a.example.", "turn.lan.b.example.", "turn.lan."]),
        ("turn.", 1, ["turn."]),
    ],
)
def test_short_names_are_completed_as_the_system_does(name: str, ndots: int, tried: list[str]) -> None:
    config = Nameservers(servers=(), search=("a.example.", "b.example."), ndots=ndots)
    assert [found.to_text() for found in names_to_try(name, config)] == tried


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.53", Address("192.0.2.53", 53)),
        ("192.0.2.53:5353", Address("192.0.2.53", 5353)),
        ("2001:DB8::53", Address("2001:db8::53", 53)),
        ("[2001:db8::53]", Address("2001:db8::53", 53)),
        ("[2001:db8::53]:5353", Address("2001:db8::53", 5353)),
    ],
)
def test_a_nameserver_is_read(text: str, address: Address) -> None:
    assert parse_nameserver(text) == address


@pytest.mark.parametrize("text", ["", "dns.example.org", "192.0.2.53:", "192.0.2.53:0", "192.0.2.53:65536", "[::1"])
def test_a_wrong_nameserver_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(ValueError, match="is not a nameserver") as caught:
        parse_nameserver(text)
    assert str(caught.value).isprintable()


async def test_a_resolution_travels_as_json() -> None:
    async with serving({A: ADDRESS}) as (server, _):
        resolution = await resolved(server)
    assert msgspec.json.decode(msgspec.json.encode(resolution), type=Resolution) == resolution
