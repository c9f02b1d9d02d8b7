"""What leaves first, and how often the ladder waits: read from the packets of a recorded run over a slow link."""

from collections.abc import Iterator

import pytest

from natprobe.address import Address
from natprobe.events import Packet
from natprobe.record import read
from natprobe.wire.attributes import data, xor_peer_address, xor_relayed_address
from natprobe.wire.channel import ChannelData, decode
from natprobe.wire.message import Message, parse
from natprobe.wire.parcel import token_of
from natprobe.wire.registry import Attribute, MessageClass, Method
from tests.lab.coturn import LONG_TERM, Coturn, cloud_addresses
from tests.lab.layout import Client, Layout
from tests.lab.link import Shape
from tests.lab.world import World
from tests.ladder.case import static_user

pytestmark = [pytest.mark.lab, pytest.mark.tun]

HERE, SERVER = "198.51.100.20", Address("203.0.113.10", 3478)
FLIGHTS = 5
"""Challenge, allocate, permission and channel, data, release: all else runs beside these."""


@pytest.fixture(scope="module")
def packets() -> Iterator[tuple[Packet, ...]]:
    """Every packet of one healthy check over UDP, 30 ms away."""
    with World(Layout(clients=(Client(shape=Shape(delay_ms=15)),))) as world:
        Coturn(world, *cloud_addresses(world), *LONG_TERM)
        events = world.new_file("events")
        done = world.natprobe("check", "turn:203.0.113.10?transport=udp", *static_user(), "--record", str(events))
        assert done.exit_code == 0, done.stdout
        with events.open("rb") as lines:
            yield tuple(event for event in read(lines) if isinstance(event, Packet))


def message(packet: Packet) -> Message:
    """The packet as STUN. Raises AssertionError where it is none."""
    parsed = parse(packet.data)
    assert isinstance(parsed, Message), packet
    return parsed


def is_stun(packet: Packet) -> bool:
    """Whether it is no ChannelData."""
    return not isinstance(decode(packet.data), ChannelData)


def control_lines(packets: tuple[Packet, ...]) -> set[Address]:
    """The sockets that allocated a relay."""
    return {each.local for each in packets if is_stun(each) and message(each).method == Method.ALLOCATE}


def relayed(packets: tuple[Packet, ...]) -> set[Address]:
    """The relayed transport addresses."""
    granted = (
        xor_relayed_address(message(each))
        for each in packets
        if is_stun(each) and message(each).method == Method.ALLOCATE and message(each).cls == MessageClass.SUCCESS
    )
    return {address for address in granted if address is not None}


def towards_relay(packets: tuple[Packet, ...]) -> list[Packet]:
    """What peers of this host sent straight to a relayed address."""
    return [each for each in packets if each.direction == "sent" and each.remote in relayed(packets)]


def relay_writes(packets: tuple[Packet, ...]) -> list[tuple[Packet, Address | None]]:
    """What made the relay write to a peer on this host: Send indications, and ChannelData with no address in it."""
    written: list[tuple[Packet, Address | None]] = []
    for each in packets:
        if each.direction != "sent" or each.remote != SERVER:
            continue
        if not is_stun(each):
            written.append((each, None))
        elif message(each).method == Method.SEND:
            written.append((each, xor_peer_address(message(each))))
    return [(packet, peer) for packet, peer in written if peer is None or peer.host == HERE]


def test_three_different_sockets_play_the_peers(packets: tuple[Packet, ...]) -> None:
    lines = control_lines(packets)
    assert len(lines) == 2
    peers = {each.local for each in packets} - lines
    assert len(peers) == 3
    binding = {each.local for each in packets if each.remote == SERVER and each.local in peers}
    assert binding == peers


def test_the_unsolicited_packet_leaves_before_the_relay_writes_to_any_peer(packets: tuple[Packet, ...]) -> None:
    first, second, *_ = towards_relay(packets)
    first_write, _ = relay_writes(packets)[0]
    assert first.local == second.local
    assert packets.index(second) < packets.index(first_write)


def test_the_relay_never_writes_to_the_socket_of_the_unsolicited_packet(packets: tuple[Packet, ...]) -> None:
    inward = towards_relay(packets)[0].local
    assert inward not in {peer for _, peer in relay_writes(packets)}
    assert not [
        each for each in packets if each.direction == "received" and each.local == inward and each.remote != SERVER
    ]


def key_of(packet: Packet) -> bytes:
    """What joins a request and its answer, or a parcel at both of its ends."""
    channel = decode(packet.data)
    if isinstance(channel, ChannelData):
        return token_of(channel.data) or b""
    inner = data(message(packet)) if message(packet).method in {Method.SEND, Method.DATA} else None
    return (token_of(inner) if inner is not None else None) or message(packet).transaction_id


def flights(packets: tuple[Packet, ...]) -> int:
    """The longest chain in which each packet left because of what another one had brought back."""
    left: dict[bytes, int] = {}
    known = 0
    for each in packets:
        key = key_of(each)
        if each.direction == "sent":
            left.setdefault(key, known + 1)
        elif key in left:
            known = max(known, left[key])
    return max(left.values())


def test_a_healthy_run_takes_no_more_than_five_round_trips(packets: tuple[Packet, ...]) -> None:
    assert flights(packets) <= FLIGHTS


def test_every_request_of_a_healthy_run_is_answered(packets: tuple[Packet, ...]) -> None:
    stun = [each for each in packets if is_stun(each)]
    answered = {key_of(each) for each in stun if each.direction == "received"}
    requests = {key_of(each) for each in stun if message(each).cls == MessageClass.REQUEST}
    assert requests
    assert requests <= answered


def test_a_recording_holds_no_nonce_and_no_integrity(packets: tuple[Packet, ...]) -> None:
    secret = {Attribute.NONCE, Attribute.MESSAGE_INTEGRITY}
    kept = [
        each.value
        for packet in packets
        if is_stun(packet)
        for each in message(packet).attributes
        if each.type in secret
    ]
    assert kept
    assert all(value == bytes(len(value)) for value in kept)
