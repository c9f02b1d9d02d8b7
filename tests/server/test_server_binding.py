"""Binding, as RFC 8489, RFC 5780 and RFC 3489 want it."""

import pytest

from natprobe.address import Address
from natprobe.server.grid import Grid
from natprobe.wire import attributes as read
from natprobe.wire.attributes import ChangeRequest, encode_change_request, encode_padding, encode_response_port
from natprobe.wire.integrity import Integrity, verify_fingerprint
from natprobe.wire.message import Message, build, parse
from natprobe.wire.registry import Attribute, MessageClass, Method
from natprobe.wire.seal import BARE
from tests.server.hand import CLIENT, GRID, GRID6, PRIMARY, Hand, code_of, core_of


def bind(hand: Hand, *attributes: tuple[int, bytes]) -> Message:
    answer = hand.once(Method.BINDING, attributes)
    assert answer is not None
    return answer


def test_a_binding_tells_where_it_came_from_and_where_it_was_answered() -> None:
    answer = bind(Hand(core_of()))
    assert answer.title == "Binding success response"
    assert read.xor_mapped_address(answer) == read.mapped_address(answer) == CLIENT
    assert read.response_origin(answer) == PRIMARY
    assert read.other_address(answer) == Address("127.0.0.2", 3479)
    assert read.software(answer) == "natprobe demo"


@pytest.mark.parametrize(
    ("change", "source"),
    [
        (ChangeRequest(), PRIMARY),
        (ChangeRequest(change_port=True), Address("127.0.0.1", 3479)),
        (ChangeRequest(change_ip=True), Address("127.0.0.2", 3478)),
        (ChangeRequest(change_ip=True, change_port=True), Address("127.0.0.2", 3479)),
    ],
)
def test_a_change_request_is_answered_from_the_address_that_it_asks_for(change: ChangeRequest, source: Address) -> None:
    hand = Hand(core_of())
    answer = bind(hand, (Attribute.CHANGE_REQUEST, encode_change_request(change)))
    assert hand.replies[-1].source == read.response_origin(answer) == source
    assert hand.replies[-1].to == CLIENT


@pytest.mark.parametrize("server", GRID.addresses)
def test_the_other_address_differs_in_host_and_port_from_the_one_that_was_asked(server: Address) -> None:
    other = read.other_address(bind(Hand(core_of(), server=server)))
    assert other in GRID.addresses
    assert other is not None
    assert (other.host != server.host, other.port != server.port) == (True, True)


def test_a_response_port_is_where_the_answer_goes() -> None:
    hand = Hand(core_of())
    answer = bind(hand, (Attribute.RESPONSE_PORT, encode_response_port(7000)))
    assert hand.replies[-1].to == Address(CLIENT.host, 7000)
    assert read.xor_mapped_address(answer) == CLIENT


def test_padding_is_answered_with_padding_of_an_mtu() -> None:
    answer = bind(Hand(core_of()), (Attribute.PADDING, encode_padding(64)))
    assert len(answer.value(Attribute.PADDING) or b"") == 1500


@pytest.mark.parametrize(
    "attributes",
    [
        ((Attribute.PADDING, bytes(64)), (Attribute.RESPONSE_PORT, encode_response_port(7000))),
        ((Attribute.CHANGE_REQUEST, b"\x00"),),
        ((Attribute.RESPONSE_PORT, bytes(4)),),
        ((Attribute.RESPONSE_PORT, b"\x01"),),
    ],
    ids=["padding and response port", "short change", "port 0", "short port"],
)
def test_what_makes_no_sense_is_a_bad_request(attributes: tuple[tuple[int, bytes], ...]) -> None:
    assert code_of(bind(Hand(core_of()), *attributes)) == 400


@pytest.mark.parametrize(
    ("hand", "why"),
    [
        (Hand(core_of(), transport="tcp"), "a stream has no other address"),
        (Hand(core_of(), server=GRID6.primary, client=Address("::1", 5000)), "IPv6 has one host only"),
    ],
)
def test_without_discovery_a_change_request_is_an_unknown_attribute(hand: Hand, why: str) -> None:
    answer = bind(hand, (Attribute.CHANGE_REQUEST, encode_change_request(ChangeRequest(change_ip=True))))
    assert code_of(answer) == 420, why
    assert read.unknown_attributes(answer) == (Attribute.CHANGE_REQUEST,)


def test_without_a_second_host_no_other_address_is_offered() -> None:
    answer = bind(Hand(core_of(), server=GRID6.primary, client=Address("::1", 5000)))
    assert read.other_address(answer) is None
    assert read.xor_mapped_address(answer) == Address("::1", 5000)


def test_an_unknown_attribute_that_must_be_understood_is_told_back() -> None:
    answer = bind(Hand(core_of()), (0x7777, b"new"), (0xC0DE, b"newer"))
    assert code_of(answer) == 420
    assert read.unknown_attributes(answer) == (0x7777,)


def test_a_classic_request_gets_a_classic_answer() -> None:
    hand, transaction_id = Hand(core_of()), bytes(range(16))
    hand.give(build(Method.BINDING, MessageClass.REQUEST, transaction_id, sealing=BARE))
    answer = parse(hand.replies[-1].data)
    assert isinstance(answer, Message)
    assert answer.transaction_id == transaction_id
    assert read.mapped_address(answer) == CLIENT
    assert read.source_address(answer) == PRIMARY
    assert read.changed_address(answer) == Address("127.0.0.2", 3479)
    assert read.xor_mapped_address(answer) is None


def test_a_fingerprint_is_answered_with_a_fingerprint_and_none_with_none() -> None:
    hand = Hand(core_of())
    assert verify_fingerprint(bind(hand)) is Integrity.VALID
    hand.give(build(Method.BINDING, MessageClass.REQUEST, bytes(12), sealing=BARE))
    bare = parse(hand.replies[-1].data)
    assert isinstance(bare, Message)
    assert verify_fingerprint(bare) is Integrity.ABSENT


@pytest.mark.parametrize(
    "data",
    [
        build(Method.BINDING, MessageClass.INDICATION, bytes(12)),
        build(Method.BINDING, MessageClass.SUCCESS, bytes(12)),
        build(Method.CONNECT, MessageClass.REQUEST, bytes(12)),
        build(Method.BINDING, MessageClass.REQUEST, bytes(12))[:-1] + b"\x00",
        b"",
        b"GET / HTTP/1.1\r\n\r\n",
    ],
    ids=["indication", "response", "unknown method", "wrong fingerprint", "nothing", "HTTP"],
)
def test_what_is_no_request_is_not_answered(data: bytes) -> None:
    assert Hand(core_of()).give(data) == ()


def test_a_grid_of_one_host_changes_its_port_only() -> None:
    grid = Grid(("127.0.0.1",), (1, 2))
    assert not grid.discovers
    assert grid.changed(grid.primary, ChangeRequest(change_ip=True, change_port=True)) == Address("127.0.0.1", 2)
