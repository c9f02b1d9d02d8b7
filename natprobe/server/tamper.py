"""How does an answer go wrong? Each fault that changes an answer, as one line of a table."""

import secrets
from collections.abc import Callable
from typing import Final

import msgspec

from natprobe.address import Address
from natprobe.server.draft import Draft
from natprobe.server.effects import STREAMS, Reply
from natprobe.server.faults import Fault, FaultBook, Kind, concerns
from natprobe.server.grid import Grid, grid_of
from natprobe.server.nonces import feature_cookie
from natprobe.wire.address_values import decode_address, decode_xor_address, encode_address, encode_xor_address
from natprobe.wire.plain_values import ChangeRequest, encode_u32
from natprobe.wire.registry import HEADER_LENGTH, Attribute, MessageClass
from natprobe.wire.text_values import encode_text

Edit = Callable[[Draft, Fault], Draft]
Damage = Callable[[bytes], bytes]

_HUGE: Final = 8000
_UNKNOWN_OPTIONAL: Final = range(0xFE00, 0xFE40)
_UNKNOWN_REQUIRED: Final = 0x7E01
# Nobody listens there: another loopback host, or an address of the documentation ranges (RFC 5737).
_DEAD: Final = Address("127.0.0.9", 9)
_OTHER_HOST: Final = Address("127.0.0.9", 0)
_UNTRUE: Final = Address("203.0.113.99", 0)
_INSIDE: Final = Address("192.168.1.2", 0)


class Rule(msgspec.Struct, frozen=True):
    """Which answers a fault can change: their class, and an attribute that must be in them."""

    edit: Edit
    cls: MessageClass | None = None
    needs: Attribute | None = None


def tampered(draft: Draft, faults: FaultBook, grids: tuple[Grid, ...]) -> Reply | None:
    """The reply that leaves the server, after the faults that are due; None where it is lost."""
    due = faults.take(lambda fault: _fits(fault, draft))
    kinds = {fault.kind for fault in due}
    if Kind.LOST in kinds:
        return None
    for fault in due:
        if fault.kind in _RULES:
            draft = _RULES[fault.kind].edit(draft, fault)
        elif fault.kind in _CHANGES:
            draft = _moved(draft, grid_of(grids, draft.source), _CHANGES[fault.kind])
    data = draft.encode()
    for kind in (kind for kind in _DAMAGES if kind in kinds):
        data = _DAMAGES[kind](data)
    return draft.reply(data)


def _fits(fault: Fault, draft: Draft) -> bool:
    if not concerns(fault, draft.five_tuple.transport, draft.method):
        return False
    if fault.kind in _CHANGES:
        return draft.five_tuple.transport not in STREAMS
    rule = _RULES.get(fault.kind)
    if rule is None:
        return fault.kind in _DAMAGES or fault.kind is Kind.LOST
    return rule.cls in {None, draft.cls} and (rule.needs is None or draft.value(rule.needs) is not None)


def _moved(draft: Draft, grid: Grid | None, change: ChangeRequest) -> Draft:
    return draft if grid is None else msgspec.structs.replace(draft, source=grid.changed(draft.source, change))


def _late(draft: Draft, fault: Fault) -> Draft:
    return msgspec.structs.replace(draft, delay_s=fault.seconds or 0.0)


def _other_transaction(draft: Draft, _fault: Fault) -> Draft:
    return msgspec.structs.replace(draft, transaction_id=secrets.token_bytes(len(draft.transaction_id)))


def _fingerprinted(draft: Draft, _fault: Fault) -> Draft:
    return msgspec.structs.replace(draft, sealing=msgspec.structs.replace(draft.sealing, fingerprint=True))


def _unsealed(draft: Draft, _fault: Fault) -> Draft:
    return msgspec.structs.replace(draft, sealing=msgspec.structs.replace(draft.sealing, key=None))


def _sealed_wrongly(draft: Draft, _fault: Fault) -> Draft:
    key = secrets.token_bytes(16)
    return msgspec.structs.replace(draft, sealing=msgspec.structs.replace(draft.sealing, key=key))


def _unchanged_source(draft: Draft, _fault: Fault) -> Draft:
    moved = msgspec.structs.replace(draft, source=draft.five_tuple.server)
    return _with(moved, Attribute.RESPONSE_ORIGIN, encode_address(moved.source))


def _add(*attributes: tuple[int, bytes]) -> Edit:
    return lambda draft, _: msgspec.structs.replace(draft, attributes=(*draft.attributes, *attributes))


def _drop(type_: Attribute) -> Edit:
    return lambda draft, _: _without(draft, type_)


def _set(type_: Attribute, value: bytes) -> Edit:
    return lambda draft, _: _with(draft, type_, value)


def _set_lifetime(draft: Draft, fault: Fault) -> Draft:
    return _with(draft, Attribute.LIFETIME, encode_u32(int(fault.seconds or 0)))


def _set_address(type_: Attribute, untrue: Address) -> Edit:
    """Replaces a plain address; a port of 0 keeps the true one."""

    def edit(draft: Draft, fault: Fault) -> Draft:
        true, wanted = decode_address(draft.value(type_) or b""), fault.address or untrue
        told = Address(wanted.host, wanted.port or (true.port if true else 0))
        return _with(draft, type_, encode_address(told))

    return edit


def _set_xor_address(type_: Attribute, untrue: Address) -> Edit:
    def edit(draft: Draft, fault: Fault) -> Draft:
        true, wanted = decode_xor_address(draft.value(type_) or b"", draft.transaction_id), fault.address or untrue
        told = Address(wanted.host, wanted.port or (true.port if true else 0))
        return _with(draft, type_, encode_xor_address(told, draft.transaction_id))

    return edit


def _bid_down(draft: Draft, fault: Fault) -> Draft:
    """What somebody on the way does who wants MD5: PASSWORD-ALGORITHMS goes (RFC 8489 section 9.2.1)."""
    nonce = draft.value(Attribute.NONCE) or b""
    cookie = feature_cookie(password_algorithms=True, username_anonymity=False)
    announced = nonce if nonce.startswith(cookie[:9]) else cookie + nonce
    return _with(_drop(Attribute.PASSWORD_ALGORITHMS)(draft, fault), Attribute.NONCE, announced)


def _with(draft: Draft, type_: int, value: bytes) -> Draft:
    attributes = tuple((each, value if each == type_ else old) for each, old in draft.attributes)
    return msgspec.structs.replace(draft, attributes=attributes)


def _without(draft: Draft, type_: int) -> Draft:
    return msgspec.structs.replace(draft, attributes=tuple(pair for pair in draft.attributes if pair[0] != type_))


def _truncate(data: bytes) -> bytes:
    return data[: HEADER_LENGTH + (len(data) - HEADER_LENGTH) // 2]


def _shorten_length(data: bytes) -> bytes:
    return data[:2] + (len(data) - HEADER_LENGTH - 4).to_bytes(2) + data[4:]


def _overrun(data: bytes) -> bytes:
    return data[: HEADER_LENGTH + 2] + b"\xff\xf0" + data[HEADER_LENGTH + 4 :]


def _flip_last(data: bytes) -> bytes:
    return data[:-1] + bytes((data[-1] ^ 0xFF,))


def _garbage(data: bytes) -> bytes:
    return b"\xff" + secrets.token_bytes(len(data) - 1)


_CHANGES: Final = {Kind.OTHER_PORT: ChangeRequest(change_port=True), Kind.OTHER_HOST: ChangeRequest(change_ip=True)}

_DAMAGES: Final[dict[Kind, Damage]] = {
    Kind.WRONG_FINGERPRINT: _flip_last,
    Kind.MALFORMED_ATTRIBUTE: _overrun,
    Kind.WRONG_LENGTH: _shorten_length,
    Kind.TRUNCATED: _truncate,
    Kind.GARBAGE: _garbage,
}

_RULES: Final[dict[Kind, Rule]] = {
    Kind.LATE: Rule(_late),
    Kind.WRONG_TRANSACTION: Rule(_other_transaction),
    Kind.WRONG_FINGERPRINT: Rule(_fingerprinted),
    Kind.NO_INTEGRITY: Rule(_unsealed, MessageClass.SUCCESS),
    Kind.WRONG_INTEGRITY: Rule(_sealed_wrongly, MessageClass.SUCCESS),
    Kind.HUGE_ATTRIBUTE: Rule(_set(Attribute.SOFTWARE, bytes(_HUGE)), needs=Attribute.SOFTWARE),
    Kind.UNKNOWN_OPTIONAL: Rule(_add(*((type_, b"\x00" * 3) for type_ in _UNKNOWN_OPTIONAL))),
    Kind.UNKNOWN_REQUIRED: Rule(_add((_UNKNOWN_REQUIRED, b"\x00" * 4))),
    Kind.EMPTY_REALM: Rule(_set(Attribute.REALM, b""), needs=Attribute.REALM),
    Kind.NO_REALM: Rule(_drop(Attribute.REALM), needs=Attribute.REALM),
    Kind.NO_NONCE: Rule(_drop(Attribute.NONCE), needs=Attribute.NONCE),
    Kind.BID_DOWN: Rule(_bid_down, needs=Attribute.NONCE),
    Kind.THIRD_PARTY: Rule(
        _add((Attribute.THIRD_PARTY_AUTHORIZATION, encode_text("auth.example.org"))), needs=Attribute.NONCE
    ),
    Kind.NO_XOR_MAPPED: Rule(_drop(Attribute.XOR_MAPPED_ADDRESS), needs=Attribute.MAPPED_ADDRESS),
    Kind.XOR_MAPPED: Rule(_set_xor_address(Attribute.XOR_MAPPED_ADDRESS, _UNTRUE), needs=Attribute.XOR_MAPPED_ADDRESS),
    Kind.MAPPED: Rule(_set_address(Attribute.MAPPED_ADDRESS, _INSIDE), needs=Attribute.MAPPED_ADDRESS),
    Kind.OTHER_ADDRESS: Rule(_set_address(Attribute.OTHER_ADDRESS, _DEAD), needs=Attribute.OTHER_ADDRESS),
    Kind.CHANGE_IGNORED: Rule(_unchanged_source, needs=Attribute.RESPONSE_ORIGIN),
    Kind.NO_RELAYED: Rule(_drop(Attribute.XOR_RELAYED_ADDRESS), needs=Attribute.XOR_RELAYED_ADDRESS),
    Kind.RELAYED: Rule(
        _set_xor_address(Attribute.XOR_RELAYED_ADDRESS, _OTHER_HOST), needs=Attribute.XOR_RELAYED_ADDRESS
    ),
    Kind.LIFETIME: Rule(_set_lifetime, needs=Attribute.LIFETIME),
}
