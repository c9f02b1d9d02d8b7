"""What does a client say next to a TURN server, and what did the server's answer change? (RFC 8656, without I/O)

A `Session` belongs to one 5-tuple. It composes requests, sealed once the server has challenged it, and digests the
answers: "again" means that the same request must be composed anew (a challenge was met, a nonce was renewed).
"""

import secrets
from collections.abc import Iterable
from typing import Literal

import msgspec

from natprobe.address import Address
from natprobe.wire.attributes import (
    encode_xor_address,
    error_code,
    lifetime_s,
    xor_mapped_address,
    xor_relayed_address,
)
from natprobe.wire.challenge import Challenge, answer, read_challenge
from natprobe.wire.integrity import Integrity, verify, verify_fingerprint
from natprobe.wire.message import Message, build, unknown_required
from natprobe.wire.registry import Attribute, MessageClass, Method, attribute_name, method_name
from natprobe.wire.seal import FINGERPRINTED

Step = Literal["final", "again"]


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """A composed request. `key` proves the answer; None where the request was not sealed."""

    name: str
    data: bytes
    transaction_id: bytes
    key: bytes | None = None

    def __repr__(self) -> str:
        return f"Outgoing({self.name}, {len(self.data)} bytes)"


class Login(msgspec.Struct, frozen=True):
    """A user name and its password, which shows nowhere."""

    username: str
    password: str

    def __repr__(self) -> str:
        return f"Login({self.username!r}, hidden)"


class Session:
    """A client's view of its dealings with one TURN server over one 5-tuple."""

    def __init__(self, login: Login | None = None) -> None:
        self.challenge: Challenge | None = None
        self.relayed: Address | None = None
        self.mapped: Address | None = None
        self.lifetime_s: int | None = None
        self._login = login

    def compose(
        self, method: Method, attributes: Iterable[tuple[int, bytes]] = (), peer: Address | None = None
    ) -> Outgoing:
        """The next request of this session; sealed where the server has challenged it and there is a login."""
        transaction_id = secrets.token_bytes(12)
        name = method_name(method)
        if peer is not None:
            attributes = (*attributes, (Attribute.XOR_PEER_ADDRESS, encode_xor_address(peer, transaction_id)))
        if self.challenge is None or self._login is None:
            data = build(method, MessageClass.REQUEST, transaction_id, attributes, FINGERPRINTED)
            return Outgoing(name=name, data=data, transaction_id=transaction_id)
        sealed = answer(self.challenge, self._login.username, self._login.password)
        data = build(method, MessageClass.REQUEST, transaction_id, (*attributes, *sealed.attributes), sealed.sealing)
        return Outgoing(name=name, data=data, transaction_id=transaction_id, key=sealed.sealing.key)

    def digest(self, message: Message) -> Step:
        """Learns from a believed answer; "again" asks for the same request, composed anew."""
        error = error_code(message) if message.cls == MessageClass.ERROR else None
        if error is None:
            self._learn(message)
            return "final"
        if error.code == 401 and self.challenge is None:
            self.challenge = read_challenge(message)
            return "again" if self.challenge and self._login else "final"
        if error.code == 438:
            return self._renew(message)
        return "final"

    def _renew(self, message: Message) -> Step:
        renewed = read_challenge(message)
        if renewed is None:
            return "final"
        self.challenge = renewed
        return "again"

    def _learn(self, message: Message) -> None:
        if message.method == Method.ALLOCATE:
            self.relayed = xor_relayed_address(message)
            self.mapped = xor_mapped_address(message)
        if message.method in {Method.ALLOCATE, Method.REFRESH}:
            self.lifetime_s = lifetime_s(message)


def disbelief(message: Message, key: bytes | None) -> str | None:
    """Why `message` must not be believed as the answer to a request sealed with `key`, or None.

    RFC 8489 section 9.2.5 discards success responses whose integrity is absent or wrong. Errors without integrity are
    believed here, since old servers leave it out and the transaction id proves that they saw the request.
    """
    if verify_fingerprint(message) is Integrity.WRONG:
        return "its FINGERPRINT is wrong"
    unknown = unknown_required(message)
    if unknown:  # RFC 8489 sections 6.3.3 and 6.3.4
        return f"it holds {attribute_name(unknown[0])}, which must be understood and is unknown"
    if key is None:
        return None
    integrity = verify(message, key)
    if integrity is Integrity.WRONG and not _challenges_anew(message):
        return "its MESSAGE-INTEGRITY is wrong"
    if integrity is Integrity.ABSENT and message.cls == MessageClass.SUCCESS:
        return "it has no MESSAGE-INTEGRITY"
    return None


def _challenges_anew(message: Message) -> bool:
    error = error_code(message) if message.cls == MessageClass.ERROR else None
    return error is not None and error.code in {401, 438}
