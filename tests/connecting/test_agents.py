"""The agent on a network in memory: roles, strangers, garbage, floods, and what it counts."""

import asyncio
import secrets
import struct

import pytest

from natprobe.address import Address
from natprobe.client.agents import MOST_PAIRS
from natprobe.client.calling import Terms, make_call
from natprobe.client.talk import COUNT, talk
from natprobe.credential import Secret
from natprobe.probes.ice_connect import Evidence, judge
from natprobe.wire.attributes import encode_u32
from natprobe.wire.message import Message, build, parse
from natprobe.wire.registry import Attribute, MessageClass, Method
from natprobe.wire.seal import Sealing
from tests.connecting.hub import Hub, HubPort, Pair

ONE, OTHER = "192.0.2.1", "192.0.2.2"


def two(hub: Hub) -> tuple[list[HubPort], list[HubPort]]:
    return [hub.port(ONE)], [hub.port(OTHER)]


async def test_two_agents_connect_and_count_their_checks() -> None:
    async with Pair(*two(Hub())) as pair:
        assert await pair.connect() == (None, None)
        for agent in pair.agents:
            checks = agent.checks()
            assert checks.sent >= checks.answered >= 1
            assert checks.received >= 1
            assert (checks.refused, checks.strange, checks.conflicts) == (0, 0, 0)
            selected = agent.selected()
            assert selected is not None
            assert {selected.local.host, selected.remote.host} == {ONE, OTHER}


@pytest.mark.parametrize("role", [True, False])
async def test_where_both_claim_one_role_the_conflict_is_repaired_and_counted(*, role: bool) -> None:
    async with Pair(*two(Hub()), roles=(role, role)) as pair:
        terms = Terms(policy="all", own_types=("host",), limit_s=1.0, data=False)
        made = await asyncio.gather(*(make_call(agent, terms, pair.clock) for agent in pair.agents))
    assert {each.role for each in made} == {"controlling", "controlled"}
    (told,) = (each for each in made if each.checks.conflicts)
    (raised,) = judge(Evidence(all=told)).raised
    assert (raised.id, raised.facts["sends"]) == ("ice-role-conflict", str(told.checks.conflicts))


async def test_a_password_of_another_offer_is_a_mismatch_at_both_ends() -> None:
    async with Pair(*two(Hub())) as pair:
        ufrag = pair.agents[1]._ice.local_username
        pair.agents[0].meet(ufrag, Secret("x" * 22))
        terms = Terms(policy="all", own_types=("host",), limit_s=0.5, data=False)
        made = await make_call(pair.agents[0], terms, pair.clock)
        assert made.selected is None
        assert made.checks.refused > 0
        assert pair.agents[1].checks().strange > 0
        assert [raised.id for raised in judge(Evidence(all=made)).raised] == ["ice-credentials-mismatch"]


async def test_a_network_that_carries_nothing_is_a_timeout_with_its_numbers() -> None:
    hub = Hub(lambda _data, _source, _to: None)
    async with Pair(*two(hub)) as pair:
        terms = Terms(policy="all", own_types=("host",), limit_s=0.8, data=False)
        made = await make_call(pair.agents[0], terms, pair.clock)
    told = judge(Evidence(all=made))
    assert [raised.id for raised in told.raised] == ["ice-check-timeout", "ice-needs-relay"]
    assert told.raised[0].facts == {"sends": str(made.checks.sent), "waited": f"{(made.waited_ms or 0) / 1000:.1f} s"}
    assert made.checks.sent >= 2


async def test_a_stranger_who_never_answers_is_asked_ever_more_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("natprobe.client.agents._BRISK", 1)
    monkeypatch.setattr("natprobe.client.agents._SLOW_S", 60.0)
    async with Pair(*two(Hub(lambda _data, _source, _to: None))) as pair:
        await pair.agents[0].connect(2.5)
        assert pair.agents[0].checks().sent == 2, "both sends of one transaction, and no other one"


async def test_two_families_make_no_pair() -> None:
    hub = Hub()
    async with Pair([hub.port(ONE)], [hub.port("2001:db8::2")]) as pair:
        terms = Terms(policy="all", own_types=("host",), limit_s=0.3, data=False)
        made = await make_call(pair.agents[0], terms, pair.clock)
    told = judge(Evidence(all=made))
    assert [raised.id for raised in told.raised] == ["ice-no-pair"]
    assert told.raised[0].facts["detail"] == "1 host here and 1 host there make no pair"


async def test_a_relay_that_was_needed_is_told_from_one_that_was_only_quicker() -> None:
    def no_direct(data: bytes, source: Address, to: Address) -> bytes | None:
        return data if "192.0.2.9" in {source.host, to.host} else None

    hub = Hub(no_direct)
    async with Pair([hub.port(ONE), hub.port("192.0.2.9", relay=True)], [hub.port(OTHER)]) as pair:
        assert await pair.connect() == (None, None)
        selected = pair.agents[0].selected()
        assert selected is not None
        assert selected.relayed
        assert await pair.agents[0].refute_direct() is True
        hub.change = lambda data, _source, _to: data
        assert await pair.agents[0].refute_direct() is False


def garbage(seed: int) -> bytes:
    """STUN that is well-formed, with attributes that hold nonsense."""
    types = (0x0001, 0x0006, 0x0008, 0x0009, 0x0012, 0x0020, 0x0024, 0x0025, 0x8022, 0x8029, 0x802A)
    attributes = tuple((type_, secrets.token_bytes(seed % 9)) for type_ in types)
    cls = (MessageClass.REQUEST, MessageClass.SUCCESS, MessageClass.ERROR, MessageClass.INDICATION)[seed % 4]
    method = (Method.BINDING, Method.ALLOCATE, Method.DATA)[seed % 3]
    return build(method, cls, secrets.token_bytes(12), attributes)


async def test_garbage_from_strangers_raises_nothing_and_changes_nothing() -> None:
    one, other = two(Hub())
    async with Pair(one, other) as pair:
        assert await pair.connect() == (None, None)
        for seed in range(200):
            for data in (garbage(seed), secrets.token_bytes(seed), bytes([seed % 4]) + secrets.token_bytes(seed)):
                one[0].arrive(data, Address("198.51.100.66", 9))
                one[0].arrive(data, Address(OTHER, 1000))
        quality = await talk(pair.agents[0], pair.clock)
        assert quality.outward.sent == COUNT


async def test_a_check_with_the_right_password_and_no_priority_is_passed_over() -> None:
    one, other = two(Hub())
    async with Pair(one, other) as pair:
        ice = pair.agents[0]._ice
        names = f"{ice.local_username}:{pair.agents[1]._ice.local_username}".encode()
        key = Sealing(key=ice.local_password.encode())
        for attributes in (((Attribute.USERNAME, names),), ((Attribute.USERNAME, names), (0x24, encode_u32(7)))):
            check = build(Method.BINDING, MessageClass.REQUEST, secrets.token_bytes(12), attributes, key)
            one[0].arrive(check, Address("198.51.100.66", 9))
        assert await pair.connect() == (None, None)


async def test_a_peer_that_comes_from_ever_new_ports_makes_no_more_than_a_hundred_pairs() -> None:
    one, other = two(Hub())
    async with Pair(one, other) as pair:
        ice = pair.agents[0]._ice
        ice._early_checks_done = True
        names = f"{ice.local_username}:{pair.agents[1]._ice.local_username}".encode()
        attributes = ((Attribute.USERNAME, names), (Attribute.PRIORITY, encode_u32(7)))
        for port in range(1, 4 * MOST_PAIRS):
            sealing = Sealing(key=ice.local_password.encode())
            check = build(Method.BINDING, MessageClass.REQUEST, secrets.token_bytes(12), attributes, sealing)
            one[0].arrive(check, Address("198.51.100.66", port))
        assert len(ice._check_list) <= MOST_PAIRS
        assert len(pair.agents[0].pairs()) <= MOST_PAIRS


async def test_a_flood_of_data_waits_bounded() -> None:
    one, other = two(Hub())
    async with Pair(one, other) as pair:
        assert await pair.connect() == (None, None)
        for _ in range(5000):
            one[0].arrive(b"\xc8" * 1000, Address(OTHER, 1000))
            one[0].arrive(b"\xc8" * 1000, Address("198.51.100.66", 9))
        assert pair.agents[0]._ice._queue.qsize() <= 512


async def test_what_is_lost_is_told_by_who_should_have_got_it() -> None:
    numbers: list[int] = []

    def every_fifth(data: bytes, source: Address, to: Address) -> bytes | None:
        if data.startswith(b"\xc8np1P") and source.host == ONE:
            numbers.append(len(numbers))
            return None if numbers[-1] % 5 == 0 else data
        return data

    hub = Hub(every_fifth)
    async with Pair(*two(hub)) as pair:
        assert await pair.connect() == (None, None)
        ours, theirs = await asyncio.gather(*(talk(agent, pair.clock) for agent in pair.agents))
    assert (ours.outward.sent, ours.outward.arrived, ours.outward.lost) == (COUNT, 40, 10)
    assert (theirs.inward.arrived, theirs.inward.lost) == (40, 10)
    assert (ours.inward.lost, theirs.outward.lost) == (0, 0)


async def test_an_end_that_never_tells_leaves_the_loss_unknown() -> None:
    hub = Hub()
    async with Pair(*two(hub)) as pair:
        assert await pair.connect() == (None, None)
        hub.change = lambda data, _source, _to: data if isinstance(parse(data), Message) else None
        quality = await talk(pair.agents[0], pair.clock)
    assert (quality.outward.sent, quality.outward.arrived, quality.outward.lost) == (COUNT, None, None)
    assert (quality.inward.sent, quality.inward.lost) == (None, None)
    assert quality.rtt_ms is None


async def test_a_lying_receipt_is_bounded_by_what_was_sent() -> None:
    lie = struct.pack("!4scIIQ", b"\xc8np1", b"R", 50, 50, 2**64 - 1)
    huge = struct.pack("!4scIIQ", b"\xc8np1", b"R", 2**32 - 1, 2**32 - 1, 5)
    one, other = two(Hub())
    async with Pair(one, other) as pair:
        assert await pair.connect() == (None, None)
        for data in (lie, huge, lie[:-1], b"\xc8np1"):
            one[0].arrive(data, Address(OTHER, 1000))
        quality = await talk(pair.agents[0], pair.clock)
    assert quality.outward.arrived == COUNT
    assert quality.outward.jitter_ms is None


async def test_binding_requests_alone_measure_an_end_that_takes_no_data() -> None:
    async with Pair(*two(Hub())) as pair:
        assert await pair.connect() == (None, None)
        quality = await pair.agents[0].ping()
    assert quality.by == "checks"
    assert quality.outward.lost == 0
    assert quality.rtt_ms is not None
