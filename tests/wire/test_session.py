"""What a client says to a TURN server after each answer, and which answers it believes (RFC 8489 section 9.2)."""

import base64
from typing import Any

import pytest

from natprobe.address import Address
from natprobe.wire import attributes as values
from natprobe.wire.address_values import encode_xor_address
from natprobe.wire.challenge import read_challenge
from natprobe.wire.error_values import encode_error_code
from natprobe.wire.integrity import Integrity, long_term_key, protection, verify, verify_fingerprint
from natprobe.wire.keys import userhash
from natprobe.wire.message import Message, build, parse
from natprobe.wire.plain_values import encode_u32
from natprobe.wire.registry import Attribute, MessageClass, Method, PasswordAlgorithm
from natprobe.wire.seal import BARE, Sealing
from natprobe.wire.session import Login, Outgoing, Session, disbelief

ID = bytes(range(12))
ALICE = Login("alice", "wonderland")
KEY, WRONG_KEY = (long_term_key("alice", "example.org", password) for password in ("wonderland", "looking-glass"))
RELAYED, MAPPED, PEER = Address("203.0.113.10", 50000), Address("198.51.100.3", 20000), Address("192.0.2.7", 9)
MD5, SHA256 = b"\0\1\0\0", b"\0\2\0\0"


def message(
    cls: MessageClass, *attributes: tuple[int, bytes], method: Method = Method.ALLOCATE, sealing: Sealing | None = None
) -> Message:
    parsed = parse(build(method, cls, ID, attributes, sealing or Sealing()))
    assert isinstance(parsed, Message)
    return parsed


def challenge(
    code: int = 401, *, nonce: bytes = b"once", realm: bytes | None = b"example.org", offered: bytes | None = None
) -> Message:
    parts = ((Attribute.REALM, realm), (Attribute.NONCE, nonce), (Attribute.PASSWORD_ALGORITHMS, offered))
    told = [(type_, value) for type_, value in parts if value is not None]
    return message(MessageClass.ERROR, (Attribute.ERROR_CODE, encode_error_code(code, "")), *told)


def cookie(bits: int) -> bytes:
    """A nonce that announces these security features."""
    return b"obMatJos2" + base64.b64encode(bytes((bits, 0, 0))) + b"rest"


def sent(outgoing: Outgoing) -> Message:
    parsed = parse(outgoing.data)
    assert isinstance(parsed, Message)
    assert parsed.transaction_id == outgoing.transaction_id
    assert verify_fingerprint(parsed) is Integrity.VALID
    return parsed


def challenged(*, login: Login | None = ALICE, **by: Any) -> Session:
    session = Session(login)
    assert session.digest(challenge(**by)) == ("again" if login else "final")
    return session


def test_the_first_request_holds_no_credential_and_the_second_one_answers_the_challenge() -> None:
    session = Session(ALICE)
    first = session.compose(Method.ALLOCATE)
    assert first.key is None
    assert not sent(first).has(Attribute.USERNAME)
    assert session.digest(challenge()) == "again"
    second = session.compose(Method.ALLOCATE, ((Attribute.LIFETIME, encode_u32(600)),))
    request = sent(second)
    told = [request.value(each) for each in (Attribute.USERNAME, Attribute.REALM, Attribute.NONCE, Attribute.LIFETIME)]
    assert told == [b"alice", b"example.org", b"once", encode_u32(600)]
    assert second.key == KEY
    assert verify(request, KEY) is Integrity.VALID
    assert first.transaction_id != second.transaction_id


def test_without_a_login_a_challenge_is_kept_and_nothing_is_sealed() -> None:
    session = challenged(login=None)
    assert session.challenge is not None
    assert session.compose(Method.ALLOCATE).key is None


def test_a_peer_is_named_under_the_requests_own_transaction() -> None:
    request = sent(challenged().compose(Method.CREATE_PERMISSION, (), PEER))
    assert values.xor_peer_address(request) == PEER
    assert not sent(challenged().compose(Method.CREATE_PERMISSION)).has(Attribute.XOR_PEER_ADDRESS)


def test_a_401_to_a_sealed_request_is_final_and_a_438_renews_the_nonce() -> None:
    session = challenged()
    assert session.digest(challenge(401, nonce=b"other")) == "final"
    assert sent(session.compose(Method.REFRESH)).value(Attribute.NONCE) == b"once"
    assert session.digest(challenge(438, nonce=b"twice")) == "again"
    assert sent(session.compose(Method.REFRESH)).value(Attribute.NONCE) == b"twice"
    assert session.digest(challenge(438, nonce=b"")) == "final"
    assert session.digest(challenge(438, realm=None)) == "final"
    assert session.digest(challenge(486)) == "final"
    assert sent(session.compose(Method.REFRESH)).value(Attribute.NONCE) == b"twice"


@pytest.mark.parametrize("by", [{"nonce": b""}, {"realm": None}])
def test_a_401_without_realm_or_nonce_is_no_challenge(by: dict[str, Any]) -> None:
    session = Session(ALICE)
    assert session.digest(challenge(**by)) == "final"
    assert session.challenge is None


def test_what_an_allocation_and_a_refresh_grant_is_learnt_and_nothing_from_others() -> None:
    granted = (
        (Attribute.XOR_RELAYED_ADDRESS, encode_xor_address(RELAYED, ID)),
        (Attribute.XOR_MAPPED_ADDRESS, encode_xor_address(MAPPED, ID)),
        (Attribute.LIFETIME, encode_u32(600)),
    )
    session = Session()
    for method in (Method.BINDING, Method.CHANNEL_BIND):
        assert session.digest(message(MessageClass.SUCCESS, *granted, method=method)) == "final"
        assert (session.relayed, session.mapped, session.lifetime_s) == (None, None, None)
    session.digest(message(MessageClass.SUCCESS, *granted))
    assert (session.relayed, session.mapped, session.lifetime_s) == (RELAYED, MAPPED, 600)
    session.digest(message(MessageClass.SUCCESS, (Attribute.LIFETIME, encode_u32(0)), method=Method.REFRESH))
    assert (session.relayed, session.lifetime_s) == (RELAYED, 0)


@pytest.mark.parametrize(
    ("offered", "sent_algorithm", "algorithm", "integrity"),
    [
        (None, None, PasswordAlgorithm.MD5, Attribute.MESSAGE_INTEGRITY),
        (MD5, MD5, PasswordAlgorithm.MD5, Attribute.MESSAGE_INTEGRITY_SHA256),
        (MD5 + SHA256, SHA256, PasswordAlgorithm.SHA_256, Attribute.MESSAGE_INTEGRITY_SHA256),
        (SHA256 + MD5 + b"\0\x09\0\0", SHA256, PasswordAlgorithm.SHA_256, Attribute.MESSAGE_INTEGRITY_SHA256),
    ],
)
def test_the_strongest_algorithm_that_both_know_is_chosen_and_the_offer_echoed(
    offered: bytes | None, sent_algorithm: bytes | None, algorithm: PasswordAlgorithm, integrity: Attribute
) -> None:
    """RFC 8489 section 9.2.5."""
    request = sent(challenged(offered=offered).compose(Method.ALLOCATE))
    assert request.value(Attribute.PASSWORD_ALGORITHMS) == offered
    assert request.value(Attribute.PASSWORD_ALGORITHM) == sent_algorithm
    assert protection(request) is integrity
    assert verify(request, long_term_key("alice", "example.org", "wonderland", algorithm)) is Integrity.VALID


@pytest.mark.parametrize(
    ("nonce", "offered", "bid_down", "hashed"),
    [
        (b"plain", None, False, False),
        (cookie(0), None, False, False),
        (cookie(0x80), MD5, False, False),
        (cookie(0x80), None, True, False),
        (cookie(0x80), b"", True, False),
        (cookie(0x40), None, False, True),
        (cookie(0xC0), SHA256, False, True),
    ],
)
def test_what_the_nonce_announces_is_held_against_what_came(
    nonce: bytes, offered: bytes | None, bid_down: object, hashed: object
) -> None:
    read = read_challenge(challenge(nonce=nonce, offered=offered))
    assert read is not None
    assert (read.bid_down, read.wants_userhash) == (bid_down, hashed)
    request = sent(challenged(nonce=nonce, offered=offered).compose(Method.ALLOCATE))
    assert request.has(Attribute.USERNAME) is not hashed
    assert request.value(Attribute.USERHASH) == (userhash("alice", "example.org") if hashed else None)


def with_code(code: int) -> tuple[int, bytes]:
    return Attribute.ERROR_CODE, encode_error_code(code, "")


SEALED, FORGED, OPEN = Sealing(key=KEY), Sealing(key=WRONG_KEY), Sealing()
SUCCESS, ERROR = MessageClass.SUCCESS, MessageClass.ERROR


@pytest.mark.parametrize(
    ("answer", "key", "why"),
    [
        (message(SUCCESS, sealing=SEALED), KEY, None),
        (message(SUCCESS, sealing=OPEN), None, None),
        (message(SUCCESS, sealing=BARE), None, None),
        (message(SUCCESS, sealing=FORGED), None, None),  # what was not sealed proves nothing
        (message(SUCCESS, sealing=OPEN), KEY, "it has no MESSAGE-INTEGRITY"),
        (message(SUCCESS, sealing=FORGED), KEY, "its MESSAGE-INTEGRITY is wrong"),
        # An error code in a success response makes no error of it.
        (message(SUCCESS, with_code(401), sealing=FORGED), KEY, "its MESSAGE-INTEGRITY is wrong"),
        (message(SUCCESS, with_code(438), sealing=FORGED), KEY, "its MESSAGE-INTEGRITY is wrong"),
        (message(ERROR, with_code(486), sealing=SEALED), KEY, None),
        (message(ERROR, with_code(486), sealing=OPEN), KEY, None),
        (message(ERROR, with_code(486), sealing=FORGED), KEY, "its MESSAGE-INTEGRITY is wrong"),
        # Who refuses the credential, or the nonce, may not have the key.
        (message(ERROR, with_code(401), sealing=FORGED), KEY, None),
        (message(ERROR, with_code(438), sealing=FORGED), KEY, None),
        (message(SUCCESS, (0x7FFF, b""), sealing=OPEN), None, "it holds 0x7fff, which must be understood"),
        (message(SUCCESS, (0xFFFF, b""), sealing=OPEN), None, None),
    ],
)
def test_an_answer_is_believed_only_where_its_integrity_allows(
    answer: Message, key: bytes | None, why: str | None
) -> None:
    """RFC 8489 sections 6.3.3, 6.3.4 and 9.2.5."""
    told = disbelief(answer, key)
    assert told == why if told is None or why is None else told.startswith(why)


def test_a_wrong_fingerprint_is_no_answer() -> None:
    data = bytearray(build(Method.BINDING, SUCCESS, ID, (), OPEN))
    data[-1] ^= 1
    parsed = parse(bytes(data))
    assert isinstance(parsed, Message)
    assert disbelief(parsed, None) == "its FINGERPRINT is wrong"


def test_no_secret_shows() -> None:
    session = challenged()
    shown = repr((ALICE, session.challenge, session.compose(Method.ALLOCATE)))
    assert "alice" in shown
    assert "wonderland" not in shown
    assert "'once'" not in shown
