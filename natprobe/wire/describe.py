"""What is this datagram, in one line for a person? Never longer than a screen holds, never with a secret in it."""

from typing import Final

from natprobe.wire.channel import MalformedChannelData, decode
from natprobe.wire.demultiplex import Protocol, demultiplex
from natprobe.wire.message import Message, RawAttribute, looks_like_stun, parse
from natprobe.wire.redact import SENSITIVE, redact
from natprobe.wire.registry import MAGIC_COOKIE_BYTES, Attribute, attribute_name
from natprobe.wire.show import show_size, show_value

__all__ = ["describe", "described", "redact"]

_SHOWN_ATTRIBUTES: Final = 16
_DEPTH_LIMIT: Final = 2
_NAME_ONLY: Final = frozenset({Attribute.FINGERPRINT, Attribute.DONT_FRAGMENT, Attribute.USE_CANDIDATE})


def describe(data: bytes) -> str:
    """One line: "Allocate success response, XOR-RELAYED-ADDRESS 203.0.113.10:49512, LIFETIME 600". Never raises."""
    return ", ".join(described(data))


def described(data: bytes) -> tuple[str, ...]:
    """The same in parts: what it is, then each attribute."""
    return _described(bytes(data), 0)


def _described(data: bytes, depth: int) -> tuple[str, ...]:
    protocol = demultiplex(data)
    if protocol is Protocol.STUN:
        return _described_stun(data, depth)
    if protocol is Protocol.CHANNEL:
        return _described_channel_data(data, depth)
    guess = "" if protocol is Protocol.UNKNOWN else f", perhaps {protocol.value}"
    return (f"not STUN{guess}", show_size(data))


def _described_channel_data(data: bytes, depth: int) -> tuple[str, ...]:
    decoded = decode(data)
    if isinstance(decoded, MalformedChannelData):
        return (f"malformed ChannelData ({decoded.problem})",)
    return (f"ChannelData 0x{decoded.number:04x}", _payload(decoded.data, depth))


def _described_stun(data: bytes, depth: int) -> tuple[str, ...]:
    parsed = parse(data)
    if isinstance(parsed, Message):
        return (parsed.title + (" of RFC 3489" if parsed.classic else ""), *_attributes(parsed, depth))
    if parsed.message is None or data[4:8] != MAGIC_COOKIE_BYTES:
        return (f"not STUN ({parsed.problem})", show_size(data))
    return (f"malformed {parsed.message.title} ({parsed.problem})", *_attributes(parsed.message, depth))


def _attributes(message: Message, depth: int) -> list[str]:
    parts = [_attribute(message, attribute, depth) for attribute in message.attributes[:_SHOWN_ATTRIBUTES]]
    more = len(message.attributes) - _SHOWN_ATTRIBUTES
    if more > 0:
        parts.append(f"{more} more")
    if message.ignored:
        parts.append(f"{len(message.ignored)} ignored after the end")
    return parts


def _attribute(message: Message, attribute: RawAttribute, depth: int) -> str:
    name = attribute_name(attribute.type)
    if attribute.type in SENSITIVE or attribute.type in _NAME_ONLY:
        return name
    if attribute.type == Attribute.DATA:
        return f"{name} ({_payload(attribute.value, depth)})"
    return f"{name} {show_value(attribute.type, attribute.value, message.transaction_id)}"


def _payload(data: bytes, depth: int) -> str:
    """The size of relayed data, and what it is where it is STUN again (a connectivity check through the relay)."""
    if depth < _DEPTH_LIMIT and looks_like_stun(data):
        return f"{show_size(data)}: {', '.join(_described(data, depth + 1))}"
    return show_size(data)
