"""Whatever strangers send, the server does not raise, and what it sends stays on loopback."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from natprobe.address import Address
from natprobe.credential import Credential
from natprobe.server.effects import FiveTuple, OpenRelay, RelayOut, Reply
from natprobe.server.faults import Fault, Kind
from natprobe.wire.message import build
from natprobe.wire.registry import Attribute, MessageClass, Method
from natprobe.wire.seal import BARE, FINGERPRINTED
from tests.server.hand import CLIENT, CONFIG, GRID, GRID6, PEER, Hand, code_of, core_of

transports = st.sampled_from(["udp", "tcp", "tls"])
five_tuples = st.builds(
    FiveTuple,
    transports,
    st.sampled_from([CLIENT, Address("::1", 5000)]),
    st.sampled_from([*GRID.addresses, *GRID6.addresses, Address("127.0.0.1", 5349)]),
)
attributes = st.lists(
    st.tuples(st.sampled_from([*map(int, Attribute), 0x7777, 0xFFFF]), st.binary(max_size=40)), max_size=6
)
transaction_ids = st.binary(min_size=12, max_size=12) | st.binary(min_size=16, max_size=16)
messages = st.builds(
    build,
    st.sampled_from(Method),
    st.sampled_from(MessageClass),
    transaction_ids,
    attributes,
    st.sampled_from([FINGERPRINTED, BARE]),
)
channel_data = st.builds(lambda number, data: number.to_bytes(2) + data, st.integers(0x4000, 0x4FFF), st.binary())
anything = st.binary(max_size=200) | messages | channel_data
faults = st.lists(
    st.builds(
        Fault,
        kind=st.sampled_from(Kind),
        times=st.none() | st.integers(1, 3),
        seconds=st.sampled_from([None, 1.0, 600.0]),
        code=st.sampled_from([None, 300, 401, 438, 508, 699]),
    ),
    max_size=4,
).map(tuple)


@given(st.lists(anything, max_size=5), five_tuples, faults, st.sampled_from([(), CONFIG.users]))
@settings(max_examples=300)
def test_no_bytes_make_the_server_raise(
    datagrams: list[bytes], five_tuple: FiveTuple, failing: tuple[Fault, ...], users: tuple[Credential, ...]
) -> None:
    core = core_of(msgspec.structs.replace(CONFIG, users=users, faults=failing, offers_sha256=True))
    for now, data in enumerate(datagrams):
        for effect in core.receive(data, five_tuple, float(now)):
            if isinstance(effect, OpenRelay):
                core.relay_opened(effect.relay, Address(effect.host, 50000), float(now))
    core.disconnected(five_tuple)
    assert core.allocations == ()


@given(st.lists(anything, max_size=5), faults)
@settings(max_examples=200)
def test_no_bytes_make_a_live_allocation_raise_or_send_to_a_stranger(
    datagrams: list[bytes], failing: tuple[Fault, ...]
) -> None:
    hand = Hand(core_of(msgspec.structs.replace(CONFIG, users=())), login=None)
    assert code_of(hand.allocate()) is code_of(hand.bind(0x4000)) is None
    for fault in failing:
        hand.core.faults.add(fault)
    for data in datagrams:
        for effect in (*hand.give(data), *hand.arrive(data, PEER)):
            if isinstance(effect, RelayOut):
                assert effect.peer.kind == "loopback"
            if isinstance(effect, Reply):
                assert effect.to.host == CLIENT.host
                assert effect.source in GRID.addresses
