"""Allocations, permissions, channels and what they carry; expiry by an injected clock."""

import msgspec
import pytest

from natprobe.address import Address
from natprobe.credential import Credential, Secret
from natprobe.server.core import ServerCore
from natprobe.server.effects import CloseRelay, OpenRelay, RelayOut, Reply
from natprobe.wire import attributes as read
from natprobe.wire.channel import ChannelData, decode, encode_datagram, encode_stream
from natprobe.wire.message import Message, parse
from natprobe.wire.registry import Attribute, Method
from natprobe.wire.session import Login
from tests.server.hand import CLIENT, CONFIG, PEER, UDP_RELAY, USER, Hand, code_of, core_of, live

RELAYED = Address("127.0.0.1", 50001)
OTHER_PEER = Address("127.0.0.1", 6001)
TCP_RELAY = (Attribute.REQUESTED_TRANSPORT, read.encode_requested_transport(6))


def altered(**changes: object) -> ServerCore:
    return core_of(msgspec.structs.replace(CONFIG, **changes))


def indicated(effects: tuple[object, ...]) -> tuple[Address | None, bytes | None]:
    """Peer and data of the one Data indication among `effects`."""
    (reply,) = effects
    assert isinstance(reply, Reply)
    message = parse(reply.data)
    assert isinstance(message, Message)
    assert message.method == Method.DATA
    return read.xor_peer_address(message), read.data(message)


def test_an_allocation_tells_its_relay_its_lifetime_and_the_client() -> None:
    answer = Hand(core_of()).allocate()
    assert read.xor_relayed_address(answer) == RELAYED
    assert read.xor_mapped_address(answer) == CLIENT
    assert read.lifetime_s(answer) == 600


@pytest.mark.parametrize(("asked", "granted"), [(0, 600), (60, 600), (1200, 1200), (2**32 - 1, 3600)])
def test_a_lifetime_stays_between_the_default_and_the_maximum(asked: int, granted: int) -> None:
    answer = Hand(core_of()).allocate((Attribute.LIFETIME, read.encode_u32(asked)))
    assert read.lifetime_s(answer) == granted


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ((), 400),
        ((TCP_RELAY,), 442),
        ((UDP_RELAY, (Attribute.REQUESTED_ADDRESS_FAMILY, b"\x09\x00\x00\x00")), 400),
        ((UDP_RELAY, (Attribute.DONT_FRAGMENT, b"")), 420),
        ((UDP_RELAY, (Attribute.EVEN_PORT, read.EVEN_PORT_RESERVING_NEXT)), 508),
        ((UDP_RELAY, (Attribute.EVEN_PORT, b"")), 400),
        ((UDP_RELAY, (Attribute.RESERVATION_TOKEN, bytes(8))), 508),
        ((UDP_RELAY, (Attribute.RESERVATION_TOKEN, bytes(8)), (Attribute.EVEN_PORT, read.EVEN_PORT)), 400),
    ],
)
def test_an_allocate_that_cannot_be_granted_is_refused_with_its_code(
    attributes: tuple[tuple[int, bytes], ...], code: int
) -> None:
    hand = Hand(core_of())
    assert code_of(hand.ask(Method.ALLOCATE, attributes)) == code
    assert not hand.core.allocations


def test_an_even_port_is_asked_of_the_shell() -> None:
    hand = Hand(core_of())
    hand.allocate((Attribute.EVEN_PORT, read.EVEN_PORT))
    assert [effect.even for effect in hand.effects if isinstance(effect, OpenRelay)] == [True]


def test_a_relay_of_the_other_family_is_opened_where_there_is_one() -> None:
    answer = Hand(core_of()).allocate((Attribute.REQUESTED_ADDRESS_FAMILY, read.encode_family(6)))
    assert read.xor_relayed_address(answer) == Address("::1", 50001)


def test_the_second_family_of_a_dual_allocation_is_denied_by_itself() -> None:
    answer = Hand(core_of()).allocate((Attribute.ADDITIONAL_ADDRESS_FAMILY, read.encode_family(6)))
    assert code_of(answer) is None
    denied = read.address_error_code(answer)
    assert denied is not None
    assert (denied.family, denied.code) == (6, 508)


def test_a_second_allocate_is_a_mismatch_but_the_first_one_sent_again_is_not() -> None:
    hand = Hand(core_of())
    hand.session.digest(hand.once(Method.ALLOCATE, (UDP_RELAY,)) or pytest.fail("no challenge"))
    outgoing = hand.session.compose(Method.ALLOCATE, (UDP_RELAY,))
    hand.give(outgoing.data)
    hand.give(outgoing.data)
    assert hand.replies[-1].data == hand.replies[-2].data
    assert len(hand.core.allocations) == 1
    assert code_of(hand.once(Method.ALLOCATE, (UDP_RELAY,))) == 437


def test_an_allocate_sent_again_while_its_socket_opens_waits_with_it() -> None:
    core = core_of(msgspec.structs.replace(CONFIG, users=()))
    hand = Hand(core, login=None)
    data = hand.session.compose(Method.ALLOCATE, (UDP_RELAY,)).data
    (opening,) = core.receive(data, hand.five_tuple, 0.0)
    assert isinstance(opening, OpenRelay)
    assert core.receive(data, hand.five_tuple, 0.0) == ()
    assert len(core.relay_opened(opening.relay, RELAYED, 0.0)) == 1


def test_a_socket_that_cannot_be_opened_is_a_508_and_leaves_nothing() -> None:
    core = core_of(msgspec.structs.replace(CONFIG, users=()))
    hand = Hand(core, login=None)
    data = hand.session.compose(Method.ALLOCATE, (UDP_RELAY,)).data
    (opening,) = core.receive(data, hand.five_tuple, 0.0)
    assert isinstance(opening, OpenRelay)
    (reply,) = core.relay_failed(opening.relay)
    assert isinstance(reply, Reply)
    message = parse(reply.data)
    assert isinstance(message, Message)
    assert code_of(message) == 508
    assert core.relay_failed(opening.relay) == ()
    assert core.relay_opened(opening.relay, RELAYED, 0.0) == (CloseRelay(opening.relay),)


def test_there_are_never_more_allocations_than_allowed() -> None:
    core = altered(max_allocations=2)
    hands = [Hand(core, client=Address("127.0.0.1", 5000 + number)) for number in range(3)]
    assert [code_of(hand.allocate()) for hand in hands] == [None, None, 486]
    hands[0].refresh(0)
    assert code_of(hands[2].allocate()) is None


def test_there_are_never_more_permissions_and_channels_than_allowed() -> None:
    hand = live(altered(max_permissions=2))
    assert code_of(hand.bind(0x4000)) is None
    assert code_of(hand.bind(0x4001, OTHER_PEER)) is None
    assert code_of(hand.bind(0x4002, Address("127.0.0.1", 6002))) == 508
    assert code_of(hand.permit(Address("127.0.0.3", 1))) is None
    assert code_of(hand.permit(Address("127.0.0.4", 1))) == 508


@pytest.mark.parametrize(
    "host", ["198.51.100.7", "10.0.0.1", "169.254.169.254", "0.0.0.0", "224.0.0.1", "100.64.0.1", "192.0.2.1"]
)
def test_nothing_but_loopback_is_ever_a_peer(host: str) -> None:
    hand, peer = live(), Address(host, 80)
    assert code_of(hand.permit(peer)) == 403
    assert code_of(hand.bind(0x4000, peer)) == 403
    assert hand.send(b"x", peer) == ()


def test_a_peer_that_the_set_up_allows_is_allowed() -> None:
    hand, peer = live(altered(peers=frozenset({"198.51.100.7"}))), Address("198.51.100.7", 80)
    assert code_of(hand.permit(peer)) is None
    assert hand.send(b"x", peer) == (RelayOut(relay=1, peer=peer, data=b"x"),)


def test_a_peer_of_the_other_family_is_a_mismatch() -> None:
    hand = live()
    assert code_of(hand.permit(Address("::1", 80))) == 443
    assert code_of(hand.bind(0x4000, Address("::1", 80))) == 443
    other_family = (Attribute.REQUESTED_ADDRESS_FAMILY, read.encode_family(6))
    assert code_of(hand.ask(Method.REFRESH, (other_family,))) == 443


def test_every_peer_of_a_create_permission_is_permitted_or_none() -> None:
    hand = Hand(core_of())
    hand.allocate()
    assert code_of(hand.ask(Method.CREATE_PERMISSION)) == 400
    assert code_of(hand.ask(Method.CREATE_PERMISSION, ((Attribute.XOR_PEER_ADDRESS, b"bad"),), PEER)) == 400
    assert hand.core.allocations[0].permissions == {}


def test_without_an_allocation_everything_is_a_mismatch() -> None:
    hand = Hand(core_of())
    assert [code_of(answer) for answer in (hand.permit(PEER), hand.bind(0x4000), hand.refresh(600))] == [437] * 3


def test_another_user_may_not_use_an_allocation() -> None:
    second = Credential("second", Secret("another word"))
    core = altered(users=(*CONFIG.users, second))
    hand = live(core)
    hand.session = Hand(core, login=Login("second", "another word")).session
    assert code_of(hand.refresh(0)) == 441
    assert len(core.allocations) == 1


def test_send_and_data_need_a_permission_for_the_host_not_the_port() -> None:
    hand = Hand(core_of())
    hand.allocate()
    assert hand.send(b"out") == hand.arrive(b"in") == ()
    hand.permit(PEER)
    assert hand.send(b"out") == (RelayOut(relay=1, peer=PEER, data=b"out"),)
    assert indicated(hand.arrive(b"in")) == (PEER, b"in")
    assert indicated(hand.arrive(b"in", OTHER_PEER)) == (OTHER_PEER, b"in")
    assert hand.arrive(b"in", Address("127.0.0.2", PEER.port)) == ()


def test_a_channel_carries_data_both_ways_and_permits_its_peer() -> None:
    hand = Hand(core_of())
    hand.allocate()
    assert code_of(hand.bind(0x4000)) is None
    assert hand.give(encode_datagram(0x4000, b"out")) == (RelayOut(relay=1, peer=PEER, data=b"out"),)
    (reply,) = hand.arrive(b"in")
    assert isinstance(reply, Reply)
    assert decode(reply.data) == ChannelData(0x4000, b"in")
    assert indicated(hand.arrive(b"in", OTHER_PEER)) == (OTHER_PEER, b"in")


def test_channel_data_is_padded_over_a_stream_only() -> None:
    for transport, encode in (("udp", encode_datagram), ("tcp", encode_stream)):
        hand = live(transport="tcp" if transport == "tcp" else "udp")
        hand.bind(0x4000)
        (reply,) = hand.arrive(b"12345")
        assert isinstance(reply, Reply)
        assert reply.data == encode(0x4000, b"12345")


@pytest.mark.parametrize(
    ("number", "peer", "code"),
    [
        (0x4000, PEER, None),
        (0x4001, PEER, 400),
        (0x4000, OTHER_PEER, 400),
        (0x4001, OTHER_PEER, None),
        (0x3FFF, OTHER_PEER, 400),
        (0x5000, OTHER_PEER, 400),
    ],
)
def test_a_channel_is_bound_to_one_peer_and_a_peer_to_one_channel(number: int, peer: Address, code: int | None) -> None:
    hand = live()
    hand.bind(0x4000)
    assert code_of(hand.bind(number, peer)) == code


def test_what_is_not_bound_permitted_or_whole_is_dropped_without_a_word() -> None:
    hand = live()
    stranger = Hand(hand.core, client=Address("127.0.0.1", 5001))
    assert hand.give(encode_datagram(0x4000, b"x")) == ()
    assert hand.give(b"\x40\x00\xff\xff") == ()
    assert stranger.send(b"x") == stranger.give(encode_datagram(0x4000, b"x")) == ()
    assert hand.arrive(b"x", relay=99) == ()
    assert hand.arrive(bytes(65507)) == ()


def test_a_release_closes_the_relay_and_a_second_one_finds_nothing() -> None:
    hand = live()
    assert read.lifetime_s(hand.refresh(0)) == 0
    assert hand.effects[-1] == CloseRelay(1)
    assert hand.core.allocations == ()
    assert code_of(hand.refresh(0)) == 437
    assert hand.arrive(b"late") == ()


def test_a_connection_that_ends_takes_its_allocation_with_it() -> None:
    hand = live(transport="tcp")
    assert hand.core.disconnected(hand.five_tuple) == (CloseRelay(1),)
    assert hand.core.disconnected(hand.five_tuple) == ()


def test_an_allocation_ends_when_its_lifetime_is_over_unless_it_is_refreshed() -> None:
    hand = live()
    hand.now = 599.0
    assert hand.core.expire(hand.now) == ()
    assert read.lifetime_s(hand.refresh(1000)) == 1000
    assert hand.core.expire(1598.0) == ()
    assert hand.core.expire(1599.0) == (CloseRelay(1),)
    assert hand.core.allocations == ()


def test_a_permission_ends_after_300_seconds_unless_it_is_refreshed() -> None:
    hand = live()
    hand.now = 299.0
    assert hand.send(b"x") != ()
    hand.permit(PEER)
    hand.now = 598.0
    assert hand.send(b"x") != ()
    hand.now = 599.0
    assert hand.send(b"x") == ()
    assert hand.core.allocations[0].permissions == {}


def test_a_channel_ends_after_600_seconds_and_its_permission_before() -> None:
    hand = live()
    hand.refresh(3600)
    hand.bind(0x4000)
    hand.now = 300.0
    assert hand.give(encode_datagram(0x4000, b"x")) == ()
    hand.permit(PEER)
    assert hand.give(encode_datagram(0x4000, b"x")) != ()
    hand.now = 600.0
    hand.permit(PEER)
    assert hand.give(encode_datagram(0x4000, b"x")) == ()
    assert code_of(hand.bind(0x4001)) is None
    assert hand.core.allocations[0].username == USER
