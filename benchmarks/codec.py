"""How fast is our STUN codec, beside aioice's? A ratio below 1 is faster than aioice.

    python -m benchmarks.codec

Each figure is the least of several repeats, in microseconds a message: what else the machine does only adds to it.
"""

import timeit
from collections.abc import Callable
from typing import NamedTuple

from aioice import stun

from benchmarks.show import Row, arguments, show
from natprobe.address import Address
from natprobe.wire import attributes as values
from natprobe.wire.integrity import verify, verify_fingerprint
from natprobe.wire.keys import long_term_key
from natprobe.wire.message import Message, build, parse
from natprobe.wire.registry import Attribute, MessageClass, Method
from natprobe.wire.seal import FINGERPRINTED, Sealing

ID = bytes(range(12))
MAPPED = Address("203.0.113.10", 49512)
KEY = bytes(long_term_key("alice", "example.org", "correct horse"))
SEALED = Sealing(key=KEY, fingerprint=True)


class Pair(NamedTuple):
    """The same work, ours and aioice's."""

    ours: Callable[[], object]
    theirs: Callable[[], object]


def main() -> None:
    """Measures every pair and prints."""
    told = arguments(__doc__, runs=7)
    show([_row(name, pair, told.runs) for name, pair in pairs().items()], as_json=told.json)


def pairs() -> dict[str, Pair]:
    """What is measured. Both sides must agree on the bytes, or the comparison would mean nothing."""
    answer, request = our_answer(), our_request()
    if (answer, request) != (their_answer(), their_request()):
        raise AssertionError("the codecs write different bytes")
    return {
        "build an answer": Pair(our_answer, their_answer),
        "build a sealed request": Pair(our_request, their_request),
        "parse an answer": Pair(lambda: _read(answer), lambda: stun.parse_message(answer)),
        "parse and verify a request": Pair(
            lambda: _verified(request), lambda: stun.parse_message(request).check_message_integrity(KEY)
        ),
    }


def our_answer() -> bytes:
    """A Binding success with FINGERPRINT."""
    attributes = ((Attribute.XOR_MAPPED_ADDRESS, values.encode_xor_address(MAPPED, ID)),)
    return build(Method.BINDING, MessageClass.SUCCESS, ID, attributes, FINGERPRINTED)


def their_answer() -> bytes:
    """The same, by aioice."""
    message = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, ID)
    message.attributes["XOR-MAPPED-ADDRESS"] = (MAPPED.host, MAPPED.port)
    message.attributes["FINGERPRINT"] = stun.message_fingerprint(bytes(message))
    return bytes(message)


def our_request() -> bytes:
    """An Allocate request with MESSAGE-INTEGRITY and FINGERPRINT."""
    attributes = (
        (Attribute.REQUESTED_TRANSPORT, values.encode_requested_transport(17)),
        (Attribute.USERNAME, b"alice"),
        (Attribute.REALM, b"example.org"),
        (Attribute.NONCE, b"0123456789abcdef"),
    )
    return build(Method.ALLOCATE, MessageClass.REQUEST, ID, attributes, SEALED)


def their_request() -> bytes:
    """The same, by aioice."""
    message = stun.Message(stun.Method.ALLOCATE, stun.Class.REQUEST, ID)
    message.attributes["REQUESTED-TRANSPORT"] = 17 << 24
    message.attributes["USERNAME"] = "alice"
    message.attributes["REALM"] = "example.org"
    message.attributes["NONCE"] = b"0123456789abcdef"
    message.add_message_integrity(KEY)
    return bytes(message)


def _read(data: bytes) -> Address | None:
    """Parsed, fingerprint checked, and the value decoded: what aioice does in one call."""
    message = _parsed(data)
    verify_fingerprint(message)
    return values.xor_mapped_address(message)


def _verified(data: bytes) -> object:
    message = _parsed(data)
    verify_fingerprint(message)
    return verify(message, KEY)


def _parsed(data: bytes) -> Message:
    message = parse(data)
    if not isinstance(message, Message):
        raise TypeError("this is no STUN message")
    return message


def _row(name: str, pair: Pair, repeats: int) -> Row:
    ours, theirs = (_microseconds(work, repeats) for work in pair)
    return {"work": name, "natprobe us": ours, "aioice us": theirs, "ratio": ours / theirs}


def _microseconds(work: Callable[[], object], repeats: int) -> float:
    timer = timeit.Timer(work)
    loops, _ = timer.autorange()
    return min(timer.repeat(repeats, loops)) / loops * 1e6


if __name__ == "__main__":
    main()
