"""What does this STUN message say, and how is one written? (RFC 8489 sections 5, 6 and 14; RFC 3489 section 11)

`parse` takes any bytes. What is well-formed becomes a `Message`; everything else a `Malformed`, which says in a
sentence what is wrong and holds what could be read, so that a diagnosis can still describe it. A `Malformed` is never
to be acted on.
"""

from collections.abc import Collection, Iterable
from typing import Final

import msgspec

from natprobe.wire.registry import (
    HEADER_LENGTH,
    MAGIC_COOKIE_BYTES,
    Attribute,
    MessageClass,
    attribute_name,
    class_name,
    is_comprehension_required,
    method_name,
)
from natprobe.wire.seal import FINGERPRINTED, Sealing, seal

KNOWN_ATTRIBUTES: Final = frozenset(int(attribute) for attribute in Attribute)


class RawAttribute(msgspec.Struct, frozen=True):
    """One attribute as it stands in the message. `offset` is where its type field begins."""

    type: int
    value: bytes
    offset: int

    def __repr__(self) -> str:  # values can be tokens: a repr never shows them
        return f"RawAttribute({attribute_name(self.type)}, {len(self.value)} bytes at {self.offset})"


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A STUN message. `attributes` are those that count; `ignored` stood where a receiver must not look.

    `transaction_id` has 12 bytes, or 16 in a classic message, which has no magic cookie (RFC 3489).
    """

    method: int
    cls: MessageClass
    transaction_id: bytes
    attributes: tuple[RawAttribute, ...] = ()
    ignored: tuple[RawAttribute, ...] = ()
    raw: bytes = b""

    @property
    def classic(self) -> bool:
        """Whether the message has no magic cookie, as RFC 3489 wrote them."""
        return len(self.transaction_id) == 16

    @property
    def title(self) -> str:
        """Method and class in words: "Allocate success response"."""
        return f"{method_name(self.method)} {class_name(self.cls)}"

    def value(self, type_: int) -> bytes | None:
        """The value of the first attribute of this type: only the first counts (RFC 8489 section 14)."""
        return next((attribute.value for attribute in self.attributes if attribute.type == type_), None)

    def values(self, type_: int) -> tuple[bytes, ...]:
        """All values of this type, for the attributes that may stand several times (XOR-PEER-ADDRESS)."""
        return tuple(attribute.value for attribute in self.attributes if attribute.type == type_)

    def has(self, type_: int) -> bool:
        """Whether an attribute of this type counts in this message."""
        return self.value(type_) is not None

    def __repr__(self) -> str:
        return f"Message({self.title}, {len(self.attributes)} attributes, {len(self.raw)} bytes)"


class Malformed(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes that are no well-formed STUN message: what is wrong, where, and what could be read before it."""

    problem: str
    offset: int
    message: Message | None = None


def parse(data: bytes) -> Message | Malformed:
    """Reads one whole message. Takes any bytes and never raises."""
    data = bytes(data)
    if len(data) < HEADER_LENGTH:
        return Malformed(problem=f"a STUN header has 20 bytes, {len(data)} came", offset=len(data))
    if data[0] & 0xC0:
        return Malformed(problem=f"the first two bits are not zero (first byte 0x{data[0]:02x})", offset=0)
    attributes, trouble = _read_attributes(data)
    message = _message(data, attributes)
    trouble = _length_trouble(data) or trouble
    if trouble:
        return Malformed(problem=trouble[1], offset=trouble[0], message=message)
    return message


def looks_like_stun(data: bytes) -> bool:
    """Whether header, cookie and length are those of one STUN message (RFC 8489 section 6.3). Classic ones are not."""
    return (
        len(data) >= HEADER_LENGTH
        and data[0] < 4  # RFC 7983 section 7
        and data[4:8] == MAGIC_COOKIE_BYTES
        and _claimed_length(data) % 4 == 0
        and _claimed_length(data) == len(data) - HEADER_LENGTH
    )


def unknown_required(message: Message, known: Collection[int] = KNOWN_ATTRIBUTES) -> tuple[int, ...]:
    """The comprehension-required types that are not in `known`, each once, in order (RFC 8489 section 6.3)."""
    unknown = (a.type for a in message.attributes if is_comprehension_required(a.type) and a.type not in known)
    return tuple(dict.fromkeys(unknown))


def build(
    method: int,
    cls: MessageClass,
    transaction_id: bytes,
    attributes: Iterable[tuple[int, bytes]] = (),
    sealing: Sealing = FINGERPRINTED,
) -> bytes:
    """The bytes of a message. A transaction id of 16 bytes makes a classic message, without magic cookie.

    Raises ValueError where the method, the transaction id or an attribute does not fit its field.
    """
    if len(transaction_id) not in {12, 16}:
        raise ValueError(f"a transaction id has 12 bytes (16 in RFC 3489), not {len(transaction_id)}")
    cookie = MAGIC_COOKIE_BYTES if len(transaction_id) == 12 else b""
    header = message_type(method, cls).to_bytes(2) + bytes(2) + cookie + transaction_id
    return seal(header + b"".join(_encode_attribute(type_, value) for type_, value in attributes), sealing)


def message_type(method: int, cls: MessageClass) -> int:
    """The 14 bits in which method and class interleave (RFC 8489 section 5, figure 3). Raises ValueError."""
    if not 0 <= method <= 0xFFF:
        raise ValueError(f"a method has 12 bits: {method:#x}")
    spread = (method & 0xF80) << 2 | (method & 0x070) << 1 | (method & 0x00F)
    return spread | (cls & 0b10) << 7 | (cls & 0b01) << 4


def split_message_type(type_: int) -> tuple[int, MessageClass]:
    """Method and class of a message type, the way back from `message_type`."""
    method = (type_ & 0x3E00) >> 2 | (type_ & 0x00E0) >> 1 | (type_ & 0x000F)
    return method, MessageClass((type_ & 0x0100) >> 7 | (type_ & 0x0010) >> 4)


def _encode_attribute(type_: int, value: bytes) -> bytes:
    if len(value) > 0xFFFF:
        raise ValueError(f"{attribute_name(type_)} holds at most 65535 bytes, not {len(value)}")
    return type_.to_bytes(2) + len(value).to_bytes(2) + value + bytes(-len(value) % 4)


def _claimed_length(data: bytes) -> int:
    return int.from_bytes(data[2:4])


_Trouble = tuple[int, str]


def _length_trouble(data: bytes) -> _Trouble | None:
    claimed, came = _claimed_length(data), len(data) - HEADER_LENGTH
    if claimed % 4:
        return 2, f"the header claims {claimed} bytes of attributes, which is no multiple of 4"
    if claimed > came:
        return len(data), f"the header claims {claimed} bytes of attributes, {came} came"
    if claimed < came:
        return HEADER_LENGTH + claimed, f"bytes trail after the message: {came - claimed}"
    return None


def _read_attributes(data: bytes) -> tuple[list[RawAttribute], _Trouble | None]:
    attributes: list[RawAttribute] = []
    offset, end = HEADER_LENGTH, min(len(data), HEADER_LENGTH + _claimed_length(data))
    while offset < end:
        if end - offset < 4:
            return attributes, (offset, f"{end - offset} bytes remain, too few for an attribute")
        type_, length = int.from_bytes(data[offset : offset + 2]), int.from_bytes(data[offset + 2 : offset + 4])
        start = offset + 4
        if length > end - start:
            return attributes, (offset, f"attribute 0x{type_:04x} claims {length} bytes, {end - start} remain")
        attributes.append(RawAttribute(type_, data[start : start + length], offset))
        offset = start + length + -length % 4
    return attributes, None


def _message(data: bytes, attributes: list[RawAttribute]) -> Message:
    method, cls = split_message_type(int.from_bytes(data[:2]))
    counted, ignored = _split_ignored(attributes)
    return Message(
        method=method,
        cls=cls,
        transaction_id=data[8:20] if data[4:8] == MAGIC_COOKIE_BYTES else data[4:20],
        attributes=counted,
        ignored=ignored,
        raw=data,
    )


# What may still follow an attribute that closes a message (RFC 8489 sections 14.5 to 14.7).
_MAY_FOLLOW: Final = {
    int(Attribute.MESSAGE_INTEGRITY): frozenset({Attribute.MESSAGE_INTEGRITY_SHA256, Attribute.FINGERPRINT}),
    int(Attribute.MESSAGE_INTEGRITY_SHA256): frozenset({Attribute.FINGERPRINT}),
    int(Attribute.FINGERPRINT): frozenset[Attribute](),
}


def _split_ignored(attributes: list[RawAttribute]) -> tuple[tuple[RawAttribute, ...], tuple[RawAttribute, ...]]:
    counted: list[RawAttribute] = []
    ignored: list[RawAttribute] = []
    allowed: frozenset[Attribute] | None = None
    for attribute in attributes:
        if allowed is not None and attribute.type not in allowed:
            ignored.append(attribute)
            continue
        counted.append(attribute)
        allowed = _MAY_FOLLOW.get(attribute.type, allowed)
    return tuple(counted), tuple(ignored)
