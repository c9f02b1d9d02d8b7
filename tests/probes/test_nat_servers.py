"""`natprobe nat` on loopback, where there is no NAT and no filter: servers that lie make it unsure, and never wrong."""

import asyncio
import contextlib
import functools
import time
from collections.abc import AsyncIterator
from typing import Any

import jsonschema
import msgspec
import pytest

from natprobe.address import Address
from natprobe.client.classic import MOST_SENDS, classify
from natprobe.client.hold import Hold
from natprobe.credential import Credential, Secret
from natprobe.diagnose import diagnose
from natprobe.events import Event, NatClassified, Packet
from natprobe.fold import fold
from natprobe.model import Check, NatBehaviour, Report, Status
from natprobe.net.clock import Clock
from natprobe.net.endpoint import ignore
from natprobe.net.handshake import Roots
from natprobe.plan import Plan
from natprobe.probe import Settings
from natprobe.probes import all_probes, evidence_types, nat_reach
from natprobe.runner import run
from natprobe.server import Fault, Kind, Server, ServerConfig, serve
from natprobe.target import parse
from natprobe.wire.attributes import change_request, response_port
from natprobe.wire.message import Message
from natprobe.wire.message import parse as parse_message
from natprobe.wire.registry import Method
from natprobe_reports import PLAIN, RENDERERS
from natprobe_reports.schema import json_schema

DEFAULT = {"nat.reach", "nat.mapping", "nat.filtering", "nat.path", "nat.type"}
BOTH, ONE = ("127.0.0.1", "127.0.0.2"), ("127.0.0.1",)
CREDENTIAL = Credential("alice", Secret("wonderland"))
NOWHERE = Address("127.0.0.9", 9)


@functools.cache
def validator() -> Any:
    """Of the report's JSON Schema, with the evidence of every probe."""
    return jsonschema.Draft202012Validator(json_schema(evidence_types()))


async def played(*servers: Server, ids: frozenset[str] | set[str] = DEFAULT) -> tuple[Report, list[Packet]]:
    """The report of a run about this host, seen by `servers`, and what crossed its sockets; it fits its schema."""
    events: list[Event] = []
    plan = Plan(
        command="nat",
        targets=tuple(parse(f"stun:{server.address}") for server in servers),
        probes=tuple(probe for probe in all_probes() if probe.id in ids),
        settings=Settings(lifetime_cap_s=1.0),
        families=(4,),
        aim="host",
    )
    await run(plan, events.append)
    validator().validate(msgspec.json.decode(RENDERERS["json"](diagnose(fold(events)), PLAIN)))
    return fold(events), [event for event in events if isinstance(event, Packet)]


async def of_a_server_that(*faults: Fault, hosts: tuple[str, ...] = BOTH) -> NatBehaviour:
    async with serve(ServerConfig(hosts=hosts, faults=faults)) as server:
        report, _ = await played(server)
    return behaviour(report)


def behaviour(report: Report) -> NatBehaviour:
    assert report.nat is not None
    assert report.nat.ipv4 is not None
    return report.nat.ipv4


def check(report: Report, check_id: str) -> Check:
    return next(each for each in report.checks if each.id == check_id)


async def test_an_honest_server_shows_an_open_host() -> None:
    found = await of_a_server_that()
    assert (found.type, found.mapping, found.filtering) == ("open-internet", "none", "endpoint-independent")
    assert found.method == "rfc5780"
    assert found.local == found.mapped


async def test_the_behaviour_is_told_as_an_event_before_the_run_ends() -> None:
    events: list[Event] = []
    async with serve(ServerConfig(hosts=BOTH)) as server:
        target = parse(f"stun:{server.address}")
        plan = Plan(command="nat", targets=(target,), probes=all_probes(), settings=Settings(), aim="host")
        wanted = tuple(probe for probe in plan.probes if probe.id in DEFAULT)
        await run(Plan("nat", (target,), wanted, Settings(), families=(4,), aim="host"), events.append)
    assert isinstance(events[-2], NatClassified)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind=Kind.CHANGE_IGNORED),
        Fault(kind=Kind.OTHER_ADDRESS, address=NOWHERE),
        Fault(kind=Kind.SILENT_ALTERNATE),
        Fault(kind=Kind.LATE, seconds=0.4),
        Fault(kind=Kind.LOST, times=2),
        Fault(kind=Kind.WRONG_FINGERPRINT),
        Fault(kind=Kind.TRUNCATED, times=3),
        Fault(kind=Kind.MAPPED),
    ],
    ids=lambda fault: fault.kind.name.lower(),
)
async def test_a_server_that_fails_makes_no_filter_and_no_nat_out_of_nothing(fault: Fault) -> None:
    found = await of_a_server_that(fault)
    assert found.mapping in {"none", "unknown"}
    assert found.filtering in {"endpoint-independent", "unknown"}
    assert found.type in {"open-internet", "unknown"}


async def test_a_server_that_ignores_change_request_proves_no_open_filter() -> None:
    async with serve(ServerConfig(hosts=BOTH, faults=(Fault(kind=Kind.CHANGE_IGNORED),))) as server:
        report, _ = await played(server)
    assert behaviour(report).filtering == "unknown"
    assert "ignores CHANGE-REQUEST" in check(report, "nat.filtering").summary


@pytest.mark.parametrize("kind", [Kind.OTHER_HOST, Kind.OTHER_PORT])
async def test_answers_from_elsewhere_are_no_answers(kind: Kind) -> None:
    found = await of_a_server_that(Fault(kind=kind))
    assert (found.type, found.mapping, found.filtering) == ("unknown", "unknown", "unknown")


@pytest.mark.parametrize("code", [300, 401, 420, 500])
async def test_a_refusal_is_no_blocked_network(code: int) -> None:
    fault = Fault(kind=Kind.REFUSE_AT_ONCE, method=Method.BINDING, code=code)
    async with serve(ServerConfig(hosts=BOTH, faults=(fault,))) as server:
        report, _ = await played(server)
    assert behaviour(report).type == "unknown"
    assert f"error {code}" in check(report, "nat.reach").summary


async def test_change_request_goes_to_no_server_that_has_not_offered_another_address() -> None:
    async with serve(ServerConfig(hosts=ONE)) as server:
        report, packets = await played(server, ids=DEFAULT | {"nat.fragments", "nat.lifetime"})
    assert behaviour(report).filtering == "unknown"
    assert "RFC 5780" in check(report, "nat.filtering").summary
    messages = [parse_message(packet.data) for packet in packets if packet.direction == "sent"]
    assert messages
    known = [message for message in messages if isinstance(message, Message)]
    assert not [message for message in known if change_request(message) or response_port(message)]


async def test_two_plain_servers_are_enough_to_see_that_there_is_no_nat() -> None:
    async with serve(ServerConfig(hosts=("127.0.0.1",))) as one, serve(ServerConfig(hosts=("127.0.0.2",))) as two:
        report, packets = await played(one, two)
    assert (behaviour(report).mapping, behaviour(report).method) == ("none", "servers")
    asked = {packet.local for packet in packets if packet.direction == "sent" and packet.remote == one.address}
    assert {packet.local for packet in packets if packet.remote == two.address} & asked, "both must see one socket"


async def relayed(*uris: str) -> Report:
    events: list[Event] = []
    wanted = tuple(probe for probe in all_probes() if probe.id in DEFAULT)
    settings = Settings(credential=CREDENTIAL)
    await run(Plan("nat", tuple(map(parse, uris)), wanted, settings, families=(4,), aim="host"), events.append)
    return fold(events)


async def test_a_relay_is_the_stranger_where_no_server_offers_another_address() -> None:
    turn = ServerConfig(hosts=("127.0.0.1",), users=(CREDENTIAL,))
    async with serve(turn) as one, serve(ServerConfig(hosts=("127.0.0.2",))) as two:
        report = await relayed(f"turn:{one.address}", f"stun:{two.address}")
        left = one.allocations
    assert (behaviour(report).filtering, behaviour(report).method) == ("endpoint-independent", "servers, relay")
    assert left == ()


async def test_one_relay_alone_is_no_stranger_at_another_address() -> None:
    async with serve(ServerConfig(hosts=("127.0.0.1",), users=(CREDENTIAL,))) as server:
        report = await relayed(f"turn:{server.address}")
    assert behaviour(report).filtering == "unknown"
    assert "so ports are not filtered" in check(report, "nat.filtering").summary


async def test_a_relay_that_cannot_be_had_leaves_the_filter_unknown() -> None:
    other = ServerConfig(hosts=("127.0.0.1",), users=(Credential("somebody", Secret("else")),))
    async with serve(other) as server:
        report = await relayed(f"turn:{server.address}")
    assert behaviour(report).filtering == "unknown"
    assert "401" in check(report, "nat.filtering").summary


SILENT_OVER_UDP = (Fault(kind=Kind.SILENT, transport="udp"),)


async def test_one_server_that_is_silent_over_udp_alone_is_no_blocked_network() -> None:
    async with serve(ServerConfig(hosts=ONE, faults=SILENT_OVER_UDP)) as server:
        report, _ = await played(server)
    reach = check(report, "nat.reach")
    assert (behaviour(report).type, reach.status) == ("unknown", Status.INCONCLUSIVE)
    assert "7 requests" in reach.summary
    assert "name a second server" in reach.summary


async def test_two_servers_that_are_silent_over_udp_alone_are_told_as_a_blocked_network() -> None:
    async with (
        serve(ServerConfig(hosts=("127.0.0.1",), faults=SILENT_OVER_UDP)) as one,
        serve(ServerConfig(hosts=("127.0.0.2",), faults=SILENT_OVER_UDP)) as two,
    ):
        report, _ = await played(one, two)
    assert (behaviour(report).type, behaviour(report).method) == ("udp-blocked", "silence")
    reach = check(report, "nat.reach")
    assert (reach.status, reach.findings) == (Status.WARN, ("nat-udp-blocked",))
    assert "14 requests" in reach.summary
    assert check(report, "nat.filtering").status is Status.SKIP


async def test_one_tcp_port_is_shown_to_every_address_of_a_server() -> None:
    async with serve(ServerConfig(hosts=BOTH)) as server:
        report, packets = await played(server, ids=DEFAULT | {"nat.tcp-mapping"})
    told = check(report, "nat.tcp-mapping")
    assert told.summary.startswith("no NAT for TCP"), told.summary
    asked = [packet for packet in packets if packet.transport == "tcp" and packet.direction == "sent"]
    assert len({packet.local for packet in asked}) == 1
    assert len({packet.remote.host for packet in asked}) == 2


async def test_one_address_is_not_enough_to_compare_tcp() -> None:
    async with serve(ServerConfig(hosts=ONE, faults=(Fault(kind=Kind.XOR_MAPPED),))) as server:
        report, _ = await played(server, ids=DEFAULT | {"nat.tcp-mapping"})
    told = check(report, "nat.tcp-mapping")
    assert told.status is Status.INCONCLUSIVE
    assert "a server at another address" in told.summary


async def test_a_machine_that_stands_still_for_a_while_makes_no_silence() -> None:
    """Both stand still with the first request, for longer than anybody is waited for; then the server is slow."""
    events: list[Event] = []

    def emit(event: Event) -> None:
        if isinstance(event, Packet) and not any(isinstance(each, Packet) for each in events):
            time.sleep(nat_reach.GIVE_UP_S + 0.2)
        events.append(event)

    slow = (Fault(kind=Kind.LATE, seconds=1.0, transport="udp"),)
    async with serve(ServerConfig(hosts=BOTH, faults=slow)) as server:
        wanted = tuple(probe for probe in all_probes() if probe.id in DEFAULT)
        plan = Plan("nat", (parse(f"stun:{server.address}"),), wanted, Settings(), families=(4,), aim="host")
        await run(plan, emit)
    assert check(fold(events), "nat.reach").status is Status.PASS
    assert behaviour(fold(events)).mapping == "none"


async def test_each_filtering_test_has_a_socket_of_its_own() -> None:
    async with serve(ServerConfig(hosts=BOTH, faults=(Fault(kind=Kind.CHANGE_IGNORED),))) as server:
        _, packets = await played(server)
    sent = [packet for packet in packets if packet.direction == "sent"]
    read = [(packet.local, parse_message(packet.data)) for packet in sent]
    testing = {local for local, message in read if isinstance(message, Message) and change_request(message)}
    elsewhere = {packet.local for packet in sent if packet.remote.host != server.address.host}
    assert len(testing - elsewhere) == 2


async def test_an_interrupted_run_still_tells_what_it_has_found() -> None:
    events: list[Event] = []
    async with serve(ServerConfig(hosts=BOTH)) as server:
        wanted = tuple(probe for probe in all_probes() if probe.id in DEFAULT)
        plan = Plan("nat", (parse(f"stun:{server.address}"),), wanted, Settings(), families=(4,), aim="host")
        typed = asyncio.Event()

        def emit(event: Event) -> None:
            events.append(event)
            if getattr(event, "id", "") == "nat.type" and hasattr(event, "status"):
                typed.set()

        running = asyncio.create_task(run(plan, emit))
        await typed.wait()
        running.cancel()
        await asyncio.wait([running])
    assert behaviour(fold(events)).type == "open-internet"


async def test_rfc_3489_agrees_on_loopback() -> None:
    async with serve(ServerConfig(hosts=BOTH)) as server:
        report, _ = await played(server, ids=DEFAULT | {"nat.classic"})
    assert "open-internet, as natprobe says" in check(report, "nat.classic").summary


async def test_rfc_3489_asks_nobody_to_write_from_an_address_that_was_not_offered() -> None:
    async with serve(ServerConfig(hosts=ONE)) as server:
        report, _ = await played(server, ids=DEFAULT | {"nat.classic"})
    assert check(report, "nat.classic").status is Status.SKIP
    assert "names no other address" in check(report, "nat.classic").summary


async def test_rfc_3489_is_held_on_a_short_lead() -> None:
    refusal = Fault(kind=Kind.REFUSE_AT_ONCE, method=Method.BINDING, code=420)
    async with serve(ServerConfig(hosts=BOTH, faults=(refusal,))) as server, holding() as hold:
        classic = await classify(hold, server.address, None, 0.001)
    assert classic.trouble == f"it wanted to send more than {MOST_SENDS} requests"
    assert (classic.type, classic.sends) == (None, MOST_SENDS)


@contextlib.asynccontextmanager
async def holding() -> AsyncIterator[Hold]:
    """What a probe opens its sockets with."""
    async with asyncio.TaskGroup() as tasks, contextlib.AsyncExitStack() as closing:
        yield Hold(Clock(), ignore, Roots(None), tasks, closing)
