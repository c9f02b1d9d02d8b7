"""Service discovery against a real DNS server on loopback."""

import subprocess
import sys

import msgspec
import pytest

from natprobe.address import Address
from natprobe.net.answers import ServiceAnswer
from natprobe.net.clock import Clock
from natprobe.net.discover import Discovery, Service, discover
from natprobe.target import parse
from tests.net import dns_server
from tests.net.dns_server import Question, Reaction, records, serving

UDP, TCP, NAPTR = ("_turn._udp.example.org.", "SRV"), ("_turn._tcp.example.org.", "SRV"), ("example.org.", "NAPTR")
TLS = ("_turns._tcp.example.org.", "SRV")
ONE = records("_turn._udp.example.org. 60 IN SRV 10 5 3478 a.example.org.")


def naptr(*lines: str) -> Reaction:
    """An answer of NAPTR records for example.org: `order preference flags service regexp replacement`."""
    return records(*(f"example.org. 60 IN NAPTR {line}" for line in lines))


async def discovered(*servers: Address, uri: str = "turn:example.org", deadline_s: float = 8) -> Discovery:
    """What these servers announce."""
    return await discover(parse(uri), clock=Clock(), deadline_s=deadline_s, nameservers=servers)


def short(services: tuple[Service, ...]) -> list[str]:
    """`udp a.example.org:3478 srv`, one for each service."""
    return [f"{found.transport} {found.host}:{found.port} {found.source}" for found in services]


DEFAULTS = ["udp example.org:3478 default", "tcp example.org:3478 default"]


async def test_nothing_announced_is_the_default_port() -> None:
    async with serving({}) as (server, heard):
        found = await discovered(server)
    assert short(found.services) == DEFAULTS
    assert sorted(heard.asked) == sorted([UDP, TCP, NAPTR])
    assert {answer.outcome for answer in found.answers} == {"nxdomain"}


async def test_srv_records_are_followed_and_told() -> None:
    async with serving({UDP: ONE, TCP: dns_server.nodata}) as (server, _):
        found = await discovered(server)
    assert short(found.services) == ["udp a.example.org:3478 srv"]
    (udp,) = (answer for answer in found.answers if answer.question == "_turn._udp.example.org")
    assert udp == ServiceAnswer(
        qtype="SRV",
        question="_turn._udp.example.org",
        outcome="answered",
        records=("10 5 3478 a.example.org.",),
        ttl_s=60,
        server=server,
        asked=1,
        duration_ms=udp.duration_ms,
    )


@pytest.mark.parametrize(
    ("zone", "services"),
    [
        (
            {
                NAPTR: naptr(
                    '20 1 "s" "RELAY:turn.udp" "" _turn._udp.example.org.',
                    '10 1 "a" "RELAY:turn.tcp" "" b.example.org.',
                ),
                UDP: ONE,
            },
            ["tcp b.example.org:3478 naptr", "udp a.example.org:3478 naptr"],
        ),
        (
            {
                NAPTR: naptr('1 1 "" "RELAY:turn.udp" "" example.net.'),
                ("example.net.", "NAPTR"): records(
                    'example.net. 9 IN NAPTR 1 1 "a" "RELAY:turn.udp" "" c.example.net.'
                ),
            },
            ["udp c.example.net:3478 naptr"],
        ),
        ({NAPTR: naptr('1 1 "s" "RELAY:turn.udp" "" gone.example.org.'), UDP: ONE}, ["udp a.example.org:3478 srv"]),
        ({NAPTR: naptr('1 1 "u" "RELAY:turn.udp" "!.*!turn:x!" .'), UDP: ONE}, ["udp a.example.org:3478 srv"]),
        ({NAPTR: naptr('1 1 "" "RELAY:turn.udp" "" example.org.')}, DEFAULTS),
        ({UDP: records("_turn._udp.example.org. 60 IN SRV 0 0 0 .")}, []),
        ({UDP: dns_server.servfail, NAPTR: dns_server.garbage}, DEFAULTS),
    ],
)
async def test_naptr_goes_before_srv_and_srv_before_the_default(
    zone: dict[Question, Reaction], services: list[str]
) -> None:
    async with serving(zone) as (server, _):
        assert short((await discovered(server)).services) == services


async def test_the_scheme_and_its_transport_choose_the_names() -> None:
    async with serving({}) as (server, heard):
        await discovered(server, uri="turns:example.org?transport=tcp")
        await discovered(server, uri="stun:example.org")
    assert heard.asked[0] == TLS
    assert sorted(heard.asked[1:]) == [("_stun._tcp.example.org.", "SRV"), ("_stun._udp.example.org.", "SRV")]


async def test_a_silent_server_leaves_the_defaults_at_the_deadline() -> None:
    silent = dict.fromkeys((UDP, TCP, NAPTR), dns_server.silence)
    async with serving(silent) as (server, _):
        found = await discovered(server, deadline_s=0.3)
    assert short(found.services) == DEFAULTS
    assert {answer.outcome for answer in found.answers} == {"timeout"}


@pytest.mark.parametrize("uri", ["turn:example.org:80", "turn:192.0.2.1", "turn:localhost"])
async def test_a_port_or_a_literal_asks_nobody(uri: str) -> None:
    async with serving({}) as (server, heard):
        found = await discovered(server, uri=uri)
    assert heard.asked == []
    assert found.answers == ()
    assert [service.source for service in found.services] == ["default", "default"]


async def test_endless_referrals_are_bounded() -> None:
    def onward(name: str) -> Reaction:
        lines = (f'{name} 60 IN NAPTR 1 {n} "" "RELAY:turn.udp" "" n{n}.{name}' for n in range(20))
        return records(*lines)

    names = ["example.org.", *(f"n{n}.example.org." for n in range(20))]
    async with serving({(name, "NAPTR"): onward(name) for name in names}) as (server, heard):
        found = await discovered(server)
    assert len(heard.asked) <= 24
    assert short(found.services) == DEFAULTS


async def test_a_discovery_travels_as_json() -> None:
    async with serving({UDP: ONE}) as (server, _):
        found = await discovered(server)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Discovery) == found


def test_importing_the_resolver_does_not_load_dnspython() -> None:
    code = "import sys, natprobe.net.resolve, natprobe.net.discover; sys.exit('dns' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
