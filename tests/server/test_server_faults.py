"""Every fault that can be asked for by name does what its sentence says; each stands in one table."""

from collections.abc import Callable

import msgspec
import pytest

from natprobe.address import Address
from natprobe.server.core import ServerCore
from natprobe.server.effects import HangUp, RelayOut, Reply
from natprobe.server.faults import Fault, FaultBook, Kind
from natprobe.server.named import FAULTS
from natprobe.wire import attributes as read
from natprobe.wire.attributes import ChangeRequest, encode_change_request
from natprobe.wire.channel import encode_datagram
from natprobe.wire.integrity import Integrity, protection, verify_fingerprint
from natprobe.wire.message import Malformed, Message, parse, unknown_required
from natprobe.wire.registry import Attribute, Method
from natprobe.wire.session import disbelief
from tests.server.hand import CLIENT, CONFIG, GRID, PEER, PRIMARY, UDP_RELAY, Hand, code_of, core_of, live

OTHER = Address("127.0.0.2", 3479)
CHANGE_BOTH = (
    Attribute.CHANGE_REQUEST,
    encode_change_request(ChangeRequest(change_ip=True, change_port=True)),
)


def broken(name: str) -> ServerCore:
    return core_of(msgspec.structs.replace(CONFIG, faults=FAULTS[name].faults))


def broken_later(name: str) -> Hand:
    """A client that has an allocation and a permission before the fault begins."""
    hand = live()
    for fault in FAULTS[name].faults:
        hand.core.faults.add(fault)
    return hand


def binding(name: str, *attributes: tuple[int, bytes], hand: Hand | None = None) -> Message:
    answer = (hand or Hand(broken(name))).once(Method.BINDING, attributes)
    assert answer is not None, "Binding was not answered"
    return answer


def allocated(name: str) -> Message:
    return Hand(broken(name)).allocate()


def challenged(name: str) -> Message:
    answer = Hand(broken(name)).once(Method.ALLOCATE, (UDP_RELAY,))
    assert answer is not None
    assert code_of(answer) == 401
    return answer


def malformed(name: str) -> Malformed:
    data = Hand(broken(name)).raw(Method.BINDING)
    assert data is not None
    message = parse(data)
    assert isinstance(message, Malformed)
    return message


def of_a_stream(name: str) -> Hand:
    return Hand(broken(name), transport="tcp")


def disbelieved(name: str) -> tuple[Message, str | None]:
    """The answer to an Allocate with a good credential, and why it must not be believed."""
    hand = Hand(broken(name))
    hand.session.digest(hand.once(Method.ALLOCATE, (UDP_RELAY,)) or pytest.fail("no challenge"))
    outgoing = hand.session.compose(Method.ALLOCATE, (UDP_RELAY,))
    hand.give(outgoing.data)
    answer = parse(hand.replies[-1].data)
    assert isinstance(answer, Message)
    return answer, disbelief(answer, outgoing.key)


def silent(name: str) -> None:
    hand = Hand(broken(name))
    assert hand.raw(Method.BINDING) is hand.raw(Method.ALLOCATE, (UDP_RELAY,)) is None
    assert hand.effects == []


def silent_udp(name: str) -> None:
    silent(name)
    assert code_of(of_a_stream(name).allocate()) is None


def silent_tcp(name: str) -> None:
    hand = of_a_stream(name)
    assert hand.core.connected(hand.five_tuple) == ()
    assert hand.raw(Method.BINDING) is None
    assert code_of(Hand(broken(name)).allocate()) is None


def silent_binding(name: str) -> None:
    hand = Hand(broken(name))
    assert hand.raw(Method.BINDING) is None
    assert code_of(hand.allocate()) is None


def silent_allocate(name: str) -> None:
    hand = Hand(broken(name))
    assert hand.raw(Method.ALLOCATE, (UDP_RELAY,)) is None
    assert code_of(binding(name, hand=hand)) is None


def first_answers_lost(name: str) -> None:
    hand = Hand(broken(name))
    assert [hand.raw(Method.BINDING) is None for _ in range(4)] == [True, True, False, False]


def late(name: str) -> None:
    hand = Hand(broken(name))
    hand.raw(Method.BINDING)
    assert hand.replies[-1].delay_s == 0.4


def from_elsewhere(source: Address) -> Callable[[str], None]:
    def shown(name: str) -> None:
        hand = Hand(broken(name))
        hand.raw(Method.BINDING)
        assert hand.replies[-1].source == source
        stream = of_a_stream(name)
        stream.raw(Method.BINDING)
        assert stream.replies[-1].source == PRIMARY

    return shown


def tcp_closed_at_once(name: str) -> None:
    hand = of_a_stream(name)
    assert hand.core.connected(hand.five_tuple) == (HangUp(hand.five_tuple),)


def web_server(name: str) -> None:
    hand = of_a_stream(name)
    data = hand.raw(Method.BINDING)
    assert data is not None
    assert data.startswith(b"HTTP/1.1 400 ")
    assert hand.effects[-1] == HangUp(hand.five_tuple)
    assert code_of(binding(name)) is None


def wrong_transaction(name: str) -> None:
    hand = Hand(broken(name))
    outgoing = hand.session.compose(Method.BINDING)
    hand.give(outgoing.data)
    answer = parse(hand.replies[-1].data)
    assert isinstance(answer, Message)
    assert answer.transaction_id != outgoing.transaction_id


def wrong_fingerprint(name: str) -> None:
    assert verify_fingerprint(binding(name)) is Integrity.WRONG


def no_integrity(name: str) -> None:
    answer, why = disbelieved(name)
    assert code_of(answer) is protection(answer) is None
    assert why is not None


def wrong_integrity(name: str) -> None:
    answer, why = disbelieved(name)
    assert protection(answer) is Attribute.MESSAGE_INTEGRITY
    assert why is not None


def truncated(name: str) -> None:
    assert "came" in malformed(name).problem


def wrong_length(name: str) -> None:
    assert "trail" in malformed(name).problem


def malformed_attribute(name: str) -> None:
    assert "remain" in malformed(name).problem


def garbage(name: str) -> None:
    assert "first two bits" in malformed(name).problem


def huge_attribute(name: str) -> None:
    assert len(binding(name).value(Attribute.SOFTWARE) or b"") == 8000


def unknown_attributes(name: str) -> None:
    answer = binding(name)
    assert unknown_required(answer) == ()
    assert sum(each.type >= 0xFE00 for each in answer.attributes) == 64


def unknown_must_be_understood(name: str) -> None:
    assert unknown_required(binding(name)) == (0x7E01,)


def credentials_refused(name: str) -> None:
    hand = Hand(broken(name))
    answers = [code_of(hand.allocate()) for _ in range(3)]
    assert answers == [401, 401, 401]
    assert hand.core.allocations == ()


def stale_nonce_once(name: str) -> None:
    hand = Hand(broken(name))
    codes = []
    for _ in range(3):
        answer = hand.once(Method.ALLOCATE, (UDP_RELAY,))
        assert answer is not None
        codes.append(code_of(answer))
        hand.session.digest(answer)
    assert codes == [401, 438, None]


def stale_nonce_forever(name: str) -> None:
    with pytest.raises(AssertionError, match="challenged again and again"):
        Hand(broken(name)).allocate()


def refused_binding(code: int) -> Callable[[str], None]:
    def shown(name: str) -> None:
        hand = Hand(broken(name))
        assert code_of(hand.once(Method.BINDING)) == code
        assert code_of(hand.allocate()) is None

    return shown


def refused_allocate(code: int) -> Callable[[str], None]:
    def shown(name: str) -> None:
        hand = Hand(broken(name))
        assert code_of(hand.once(Method.ALLOCATE, (UDP_RELAY,))) == 401, "a stranger is challenged as ever"
        answer = hand.allocate()
        assert code_of(answer) == code
        assert protection(answer) is not None
        assert hand.core.allocations == ()

    return shown


def empty_realm(name: str) -> None:
    assert challenged(name).value(Attribute.REALM) == b""


def no_realm(name: str) -> None:
    assert not challenged(name).has(Attribute.REALM)


def no_nonce(name: str) -> None:
    assert not challenged(name).has(Attribute.NONCE)


def bid_down(name: str) -> None:
    for offers in (False, True):
        core = core_of(msgspec.structs.replace(CONFIG, faults=FAULTS[name].faults, offers_sha256=offers))
        hand = Hand(core)
        answer = hand.allocate()
        assert hand.session.challenge is not None
        assert hand.session.challenge.bid_down
        assert code_of(answer) is None, "whoever falls for it is served"


def oauth_only(name: str) -> None:
    assert read.third_party_authorization(challenged(name)) == "auth.example.org"


def try_alternate(name: str) -> None:
    hand = Hand(broken(name))
    answer = hand.once(Method.ALLOCATE, (UDP_RELAY,))
    assert answer is not None
    assert (code_of(answer), read.alternate_server(answer)) == (300, OTHER)
    assert code_of(Hand(hand.core, server=OTHER).allocate()) is None


def try_alternate_loop(name: str) -> None:
    core, server = broken(name), PRIMARY
    for expected in (OTHER, PRIMARY, OTHER):
        answer = Hand(core, server=server).once(Method.ALLOCATE, (UDP_RELAY,))
        assert answer is not None
        assert (code_of(answer), read.alternate_server(answer)) == (300, expected)
        server = expected


def peer_denied(name: str) -> None:
    hand = Hand(broken(name))
    hand.allocate()
    assert code_of(hand.permit()) == code_of(hand.bind(0x4000)) == 403


def permission_441(name: str) -> None:
    hand = Hand(broken(name))
    hand.allocate()
    assert code_of(hand.permit()) == 441


def channel_400(name: str) -> None:
    assert code_of(broken_later(name).bind(0x4000)) == 400


def refresh_437(name: str) -> None:
    assert code_of(broken_later(name).refresh(600)) == 437


def release_silent(name: str) -> None:
    hand = broken_later(name)
    assert code_of(hand.refresh(600)) is None
    assert hand.raw(Method.REFRESH, ((Attribute.LIFETIME, bytes(4)),)) is None
    assert len(hand.core.allocations) == 1


def no_mapped_address(name: str) -> None:
    answer = binding(name)
    assert code_of(answer) is None
    assert read.xor_mapped_address(answer) is None


def wrong_mapped_address(name: str) -> None:
    answer = binding(name)
    assert read.xor_mapped_address(answer) == Address("203.0.113.99", CLIENT.port)
    assert read.mapped_address(answer) == CLIENT


def alg(name: str) -> None:
    answer = binding(name)
    assert read.mapped_address(answer) == Address("192.168.1.2", CLIENT.port)
    assert read.xor_mapped_address(answer) == CLIENT


def dead_other_address(name: str) -> None:
    other = read.other_address(binding(name))
    assert other == Address("127.0.0.9", 9)
    assert other not in GRID.addresses


def silent_other_address(name: str) -> None:
    core = broken(name)
    answered = [Hand(core, server=server).raw(Method.BINDING) is not None for server in GRID.addresses]
    assert answered == [True, False, False, False]


def change_ignored(name: str) -> None:
    hand = Hand(broken(name))
    answer = binding(name, CHANGE_BOTH, hand=hand)
    assert hand.replies[-1].source == read.response_origin(answer) == PRIMARY


def no_relayed_address(name: str) -> None:
    answer = allocated(name)
    assert code_of(answer) is None
    assert read.xor_relayed_address(answer) is None


def relayed_host(host: str) -> Callable[[str], None]:
    def shown(name: str) -> None:
        assert read.xor_relayed_address(allocated(name)) == Address(host, 50001)
        assert FAULTS[name].leaves_host is (Address(host, 0).kind != "loopback")

    return shown


def short_lifetime(name: str) -> None:
    assert read.lifetime_s(allocated(name)) == 5


def relay_ports_closed(name: str) -> None:
    hand = broken_later(name)
    assert hand.arrive(b"unasked") == ()
    assert hand.send(b"out") != ()
    assert hand.arrive(b"an answer") != ()
    assert hand.arrive(b"unasked", Address(PEER.host, PEER.port + 1)) == ()


def relay_in_dead(name: str) -> None:
    hand = broken_later(name)
    assert hand.send(b"out") != ()
    assert hand.arrive(b"in") == ()


def relay_out_dead(name: str) -> None:
    hand = broken_later(name)
    assert hand.send(b"out") == ()
    assert hand.arrive(b"in") != ()


def relay_port_rewritten(name: str) -> None:
    assert broken_later(name).send(b"out") == (RelayOut(relay=1, peer=PEER, data=b"out", detour=True),)


def loop_dead(name: str) -> None:
    hand = broken_later(name)
    second = Hand(hand.core, client=Address("127.0.0.1", 5001))
    relayed = read.xor_relayed_address(second.allocate())
    assert relayed is not None
    hand.permit(relayed)
    assert hand.send(b"to a relay", relayed) == ()
    assert hand.send(b"to a peer") != ()


def channel_data_dropped(name: str) -> None:
    hand = broken_later(name)
    hand.bind(0x4000)
    assert hand.give(encode_datagram(0x4000, b"out")) == hand.arrive(b"in") == ()
    assert hand.send(b"out") != ()


def permissions_ignored(name: str) -> None:
    assert len(broken_later(name).arrive(b"in", Address("127.0.0.7", 1))) == 1


SHOWN: dict[str, Callable[[str], None]] = {
    "silent": silent,
    "silent-udp": silent_udp,
    "silent-tcp": silent_tcp,
    "silent-binding": silent_binding,
    "silent-allocate": silent_allocate,
    "first-answers-lost": first_answers_lost,
    "late": late,
    "wrong-source-port": from_elsewhere(Address("127.0.0.1", 3479)),
    "wrong-source-address": from_elsewhere(Address("127.0.0.2", 3478)),
    "tcp-closed-at-once": tcp_closed_at_once,
    "web-server": web_server,
    "wrong-transaction": wrong_transaction,
    "wrong-fingerprint": wrong_fingerprint,
    "no-integrity": no_integrity,
    "wrong-integrity": wrong_integrity,
    "truncated": truncated,
    "wrong-length": wrong_length,
    "malformed-attribute": malformed_attribute,
    "garbage": garbage,
    "huge-attribute": huge_attribute,
    "unknown-attributes": unknown_attributes,
    "unknown-required": unknown_must_be_understood,
    "credentials-refused": credentials_refused,
    "stale-nonce-once": stale_nonce_once,
    "stale-nonce-forever": stale_nonce_forever,
    "binding-401": refused_binding(401),
    "binding-400": refused_binding(400),
    "binding-420": refused_binding(420),
    "empty-realm": empty_realm,
    "no-realm": no_realm,
    "no-nonce": no_nonce,
    "bid-down": bid_down,
    "oauth-only": oauth_only,
    "try-alternate": try_alternate,
    "try-alternate-loop": try_alternate_loop,
    **{f"allocate-{code}": refused_allocate(code) for code in (400, 403, 420, 437, 440, 442, 486, 500, 508)},
    "peer-denied": peer_denied,
    "permission-441": permission_441,
    "channel-400": channel_400,
    "refresh-437": refresh_437,
    "release-silent": release_silent,
    "no-mapped-address": no_mapped_address,
    "wrong-mapped-address": wrong_mapped_address,
    "alg": alg,
    "dead-other-address": dead_other_address,
    "silent-other-address": silent_other_address,
    "change-ignored": change_ignored,
    "no-relayed-address": no_relayed_address,
    "relayed-other-host": relayed_host("127.0.0.9"),
    "relayed-private": relayed_host("10.255.255.1"),
    "short-lifetime": short_lifetime,
    "relay-ports-closed": relay_ports_closed,
    "relay-in-dead": relay_in_dead,
    "relay-out-dead": relay_out_dead,
    "relay-port-rewritten": relay_port_rewritten,
    "loop-dead": loop_dead,
    "channel-data-dropped": channel_data_dropped,
    "permissions-ignored": permissions_ignored,
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_named_fault_does_what_its_sentence_says(name: str) -> None:
    SHOWN[name](name)


def test_every_named_fault_is_shown_and_every_kind_has_a_name() -> None:
    assert set(SHOWN) == set(FAULTS)
    assert {fault.kind for named in FAULTS.values() for fault in named.faults} == set(Kind)


def test_every_sentence_is_a_sentence() -> None:
    assert all(named.sentence[0].isupper() and named.sentence.endswith(".") for named in FAULTS.values())


def test_a_fault_happens_as_often_as_it_says() -> None:
    book = FaultBook((Fault(kind=Kind.LOST, times=2),))
    assert [book.strikes(Kind.LOST, "udp") for _ in range(3)] == [True, True, False]
    assert len(book) == 0


def test_a_fault_that_did_not_fit_is_not_used_up() -> None:
    book = FaultBook((Fault(kind=Kind.LOST, times=1, transport="tcp", method=Method.BINDING),))
    assert not book.strikes(Kind.LOST, "udp", Method.BINDING)
    assert not book.strikes(Kind.LOST, "tcp", Method.ALLOCATE)
    assert book.strikes(Kind.LOST, "tcp", Method.BINDING)


def test_a_cleared_book_lets_everything_work_again() -> None:
    hand = Hand(broken("silent"))
    assert hand.raw(Method.BINDING) is None
    hand.core.faults.clear()
    assert hand.raw(Method.BINDING) is not None


def test_several_faults_change_one_answer() -> None:
    faults = (Fault(kind=Kind.LATE, seconds=1.0), Fault(kind=Kind.XOR_MAPPED, address=Address("198.51.100.1", 9)))
    hand = Hand(core_of(msgspec.structs.replace(CONFIG, faults=faults)))
    answer = hand.once(Method.BINDING)
    assert answer is not None
    assert read.xor_mapped_address(answer) == Address("198.51.100.1", 9)
    assert hand.replies[-1].delay_s == 1.0


@pytest.mark.parametrize(
    "limits",
    [{"code": 299}, {"code": 700}, {"seconds": -1.0}, {"seconds": 2.0**32}, {"address": Address("example.org", 1)}],
)
def test_a_fault_that_cannot_be_told_is_no_fault(limits: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"stands between|not a"):
        Fault(kind=Kind.REFUSE, **limits)  # type: ignore[arg-type]


def test_what_a_reply_carries_shows_in_no_repr() -> None:
    reply = Reply(data=b"payload", five_tuple=Hand(core_of()).five_tuple, source=PRIMARY, to=CLIENT)
    assert "payload" not in repr(reply) + repr(RelayOut(relay=1, peer=PEER, data=b"payload"))
