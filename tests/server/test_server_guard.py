"""Long-term credentials: MD5 and SHA-256, user hashes, TURN REST, nonces."""

import msgspec
import pytest

from natprobe.address import Address
from natprobe.credential import Credential, Secret, mint
from natprobe.server.config import ServerConfig
from natprobe.server.core import ServerCore
from natprobe.wire import attributes as read
from natprobe.wire.integrity import Integrity, verify
from natprobe.wire.message import Message, build, parse
from natprobe.wire.registry import Attribute, MessageClass, Method
from natprobe.wire.seal import Sealing
from natprobe.wire.session import Login
from tests.server.hand import CONFIG, GRID, LOGIN, UDP_RELAY, USER, Hand, code_of, core_of

SECRET = Secret("a secret of the tests")
EPOCH_S = 1_700_000_000.0


def altered(**changes: object) -> ServerCore:
    return core_of(msgspec.structs.replace(CONFIG, **changes))


def test_the_first_request_is_challenged_with_realm_and_nonce() -> None:
    challenge = Hand(core_of()).once(Method.ALLOCATE, (UDP_RELAY,))
    assert code_of(challenge) == 401
    assert challenge is not None
    assert read.realm(challenge) == "example.org"
    assert challenge.has(Attribute.NONCE)
    assert not challenge.has(Attribute.PASSWORD_ALGORITHMS)
    assert read.security_features(challenge) is None


def test_a_right_password_is_taken_and_the_answer_proves_it_too() -> None:
    hand = Hand(core_of())
    answer = hand.allocate()
    assert code_of(answer) is None
    outgoing = hand.session.compose(Method.REFRESH)
    assert outgoing.key is not None
    assert verify(answer, outgoing.key) is Integrity.VALID


@pytest.mark.parametrize("login", [Login(USER, "wrong"), Login("nobody", "wrong"), Login("", "")])
def test_a_wrong_credential_is_challenged_again(login: Login) -> None:
    answer = Hand(core_of(), login=login).allocate()
    assert code_of(answer) == 401
    assert answer.has(Attribute.NONCE)


def test_a_server_without_users_asks_nobody() -> None:
    hand = Hand(altered(users=()), login=None)
    assert code_of(hand.once(Method.ALLOCATE, (UDP_RELAY,))) is None


def test_sha256_is_offered_and_used_where_it_is_set_up() -> None:
    hand = Hand(altered(offers_sha256=True))
    challenge = hand.once(Method.ALLOCATE, (UDP_RELAY,))
    assert challenge is not None
    features = read.security_features(challenge)
    assert features is not None
    assert (features.password_algorithms, features.username_anonymity) == (True, False)
    assert [each.algorithm for each in read.password_algorithms(challenge) or ()] == [2, 1]
    answer = hand.allocate()
    assert code_of(answer) is None
    assert answer.has(Attribute.MESSAGE_INTEGRITY_SHA256)
    assert not answer.has(Attribute.MESSAGE_INTEGRITY)


def test_a_client_that_knows_md5_only_is_served_by_a_server_that_offers_sha256() -> None:
    hand = Hand(altered(offers_sha256=True))
    challenge = hand.once(Method.ALLOCATE, (UDP_RELAY,))
    assert challenge is not None
    hand.session.digest(challenge)
    assert hand.session.challenge is not None
    hand.session.challenge = msgspec.structs.replace(hand.session.challenge, offered=b"", algorithms=())
    answer = hand.allocate()
    assert code_of(answer) is None
    assert answer.has(Attribute.MESSAGE_INTEGRITY)


def test_algorithms_that_were_not_offered_are_a_bad_request() -> None:
    hand = Hand(altered(offers_sha256=True))
    hand.session.digest(hand.once(Method.ALLOCATE, (UDP_RELAY,)) or pytest.fail("no challenge"))
    assert hand.session.challenge is not None
    md5_only = b"\x00\x01\x00\x00"
    hand.session.challenge = msgspec.structs.replace(hand.session.challenge, offered=md5_only)
    assert code_of(hand.once(Method.ALLOCATE, (UDP_RELAY,))) == 400


def test_a_user_hash_is_taken_for_the_name_where_it_is_offered() -> None:
    hand = Hand(altered(offers_userhash=True))
    assert code_of(hand.allocate()) is None
    assert hand.session.challenge is not None
    assert hand.session.challenge.wants_userhash
    assert hand.core.allocations[0].username == USER


def test_a_user_hash_is_of_no_use_where_it_was_not_offered() -> None:
    hand = Hand(core_of())
    hand.session.digest(hand.once(Method.ALLOCATE, (UDP_RELAY,)) or pytest.fail("no challenge"))
    assert hand.session.challenge is not None
    hand.session.challenge = msgspec.structs.replace(hand.session.challenge, wants_userhash=True)
    assert code_of(hand.once(Method.ALLOCATE, (UDP_RELAY,))) == 401


@pytest.mark.parametrize(
    ("user", "ttl_s", "now", "code"),
    [("alice", 60, 0.0, None), (None, 60, 0.0, None), ("alice", 60, 60.0, None), ("alice", 60, 61.0, 401)],
)
def test_a_turn_rest_credential_is_good_until_it_expires(
    user: str | None, ttl_s: int, now: float, code: int | None
) -> None:
    core = ServerCore(ServerConfig(secret=SECRET), (GRID,), epoch_s=EPOCH_S)
    minted = mint(SECRET, user, ttl_s, EPOCH_S)
    hand = Hand(core, login=Login(minted.username, minted.password.reveal()))
    hand.now = now
    assert code_of(hand.allocate()) == code


def test_a_turn_rest_credential_of_another_secret_is_refused() -> None:
    core = ServerCore(ServerConfig(secret=SECRET), (GRID,), epoch_s=EPOCH_S)
    minted = mint(Secret("another"), "alice", 60, EPOCH_S)
    assert code_of(Hand(core, login=Login(minted.username, minted.password.reveal())).allocate()) == 401


def test_a_nonce_becomes_stale_and_is_renewed() -> None:
    hand = Hand(altered(nonce_lifetime_s=10.0))
    assert code_of(hand.allocate()) is None
    hand.now = 11.0
    stale = hand.once(Method.REFRESH)
    assert code_of(stale) == 438
    assert stale is not None
    assert hand.session.digest(stale) == "again"
    assert code_of(hand.once(Method.REFRESH)) is None


def test_a_nonce_is_good_for_its_own_5_tuple_only() -> None:
    core = core_of()
    hand, thief = Hand(core), Hand(core, client=Address("127.0.0.1", 5001))
    hand.session.digest(hand.once(Method.ALLOCATE, (UDP_RELAY,)) or pytest.fail("no challenge"))
    thief.session.challenge = hand.session.challenge
    assert code_of(thief.once(Method.ALLOCATE, (UDP_RELAY,))) == 438


@pytest.mark.parametrize("missing", [Attribute.USERNAME, Attribute.REALM, Attribute.NONCE])
def test_integrity_without_what_belongs_to_it_is_a_bad_request(missing: Attribute) -> None:
    parts = {Attribute.USERNAME: b"demo", Attribute.REALM: b"example.org", Attribute.NONCE: b"n"}
    attributes = [(type_, value) for type_, value in parts.items() if type_ is not missing]
    hand = Hand(core_of())
    hand.give(build(Method.ALLOCATE, MessageClass.REQUEST, bytes(12), attributes, Sealing(key=b"key")))
    answer = parse(hand.replies[-1].data)
    assert isinstance(answer, Message)
    assert code_of(answer) == 400


def test_no_secret_shows_in_a_repr() -> None:
    core = core_of()
    hand = Hand(core)
    hand.allocate()
    shown = repr((CONFIG, hand.effects, core.allocations, Credential(USER, Secret(LOGIN.password))))
    assert LOGIN.password not in shown
    assert repr(core.allocations[0].request.caller.key) not in shown
