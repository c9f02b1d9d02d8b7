"""What does a 401 ask for, and how is a request sealed that answers it? (RFC 8489 section 9.2)"""

import msgspec

from natprobe.wire.attributes import (
    AlgorithmParameters,
    encode_password_algorithms,
    password_algorithms,
    security_features,
)
from natprobe.wire.keys import long_term_key, userhash, username_value
from natprobe.wire.message import Message
from natprobe.wire.registry import Attribute, PasswordAlgorithm
from natprobe.wire.seal import IntegrityAlgorithm, Sealing


class Challenge(msgspec.Struct, frozen=True, kw_only=True):
    """A realm, a nonce, and what the server offers beside MD5. Its repr shows no nonce."""

    realm: bytes
    nonce: bytes
    algorithms: tuple[AlgorithmParameters, ...] = ()
    offered: bytes = b""
    """PASSWORD-ALGORITHMS as it came, since it must be echoed exactly."""
    wants_userhash: bool = False
    bid_down: bool = False
    """The nonce promises PASSWORD-ALGORITHMS, which is missing or empty: somebody on the way may have removed it."""

    def __repr__(self) -> str:
        return f"Challenge(realm={self.realm!r}, nonce hidden, {len(self.nonce)} bytes)"


def read_challenge(error: Message) -> Challenge | None:
    """The challenge in a 401 or 438, or None where REALM or NONCE is missing."""
    realm, nonce = error.value(Attribute.REALM), error.value(Attribute.NONCE)
    if realm is None or not nonce:
        return None
    features = security_features(error)
    offered = error.value(Attribute.PASSWORD_ALGORITHMS)
    return Challenge(
        realm=realm,
        nonce=nonce,
        algorithms=password_algorithms(error) or (),
        offered=offered or b"",
        wants_userhash=features is not None and features.username_anonymity,
        bid_down=features is not None and features.password_algorithms and not offered,
    )


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a request carries to answer a challenge: attributes, and the seal behind them."""

    attributes: tuple[tuple[int, bytes], ...]
    sealing: Sealing


def answer(challenge: Challenge, username: str, password: str) -> Answer:
    """The answer to `challenge` with the strongest algorithm that the server offers (RFC 8489 section 9.2.5)."""
    chosen = _strongest(challenge.algorithms)
    attributes = [_user(challenge, username), (Attribute.REALM, challenge.realm), (Attribute.NONCE, challenge.nonce)]
    if challenge.offered:
        attributes.append((Attribute.PASSWORD_ALGORITHMS, challenge.offered))
        attributes.append((Attribute.PASSWORD_ALGORITHM, encode_password_algorithms((chosen,))))
    integrity = IntegrityAlgorithm.SHA256 if challenge.offered else IntegrityAlgorithm.SHA1
    key = long_term_key(username, challenge.realm, password, PasswordAlgorithm(chosen.algorithm))
    return Answer(attributes=tuple(attributes), sealing=Sealing(key=key, algorithm=integrity))


def _strongest(offered: tuple[AlgorithmParameters, ...]) -> AlgorithmParameters:
    known = [each for each in offered if each.algorithm in set(PasswordAlgorithm)]
    return max(known, key=lambda each: each.algorithm, default=AlgorithmParameters(PasswordAlgorithm.MD5))


def _user(challenge: Challenge, username: str) -> tuple[int, bytes]:
    if challenge.wants_userhash:
        return Attribute.USERHASH, userhash(username, challenge.realm)
    return Attribute.USERNAME, username_value(username)
