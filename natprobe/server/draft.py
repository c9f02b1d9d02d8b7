"""What is about to be answered? A request with its caller, and the answer before it becomes bytes."""

from collections.abc import Iterable

import msgspec

from natprobe.address import Address
from natprobe.server.effects import FiveTuple, Reply
from natprobe.wire.error_values import encode_error_code
from natprobe.wire.message import Message, build
from natprobe.wire.registry import ERROR_NAMES, Attribute, MessageClass
from natprobe.wire.seal import BARE, IntegrityAlgorithm, Sealing

AttributePairs = tuple[tuple[int, bytes], ...]


class Caller(msgspec.Struct, frozen=True):
    """Whoever proved a credential. Without a key nobody was asked."""

    username: str = ""
    key: bytes | None = None
    algorithm: IntegrityAlgorithm = IntegrityAlgorithm.SHA1

    def __repr__(self) -> str:
        return f"Caller({self.username!r}, key hidden)"


class Request(msgspec.Struct, frozen=True):
    """A request that came over `five_tuple` at `now`."""

    message: Message
    five_tuple: FiveTuple
    now: float
    caller: Caller = Caller()


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that can still be changed."""

    method: int
    cls: MessageClass
    transaction_id: bytes
    attributes: AttributePairs
    sealing: Sealing
    five_tuple: FiveTuple
    source: Address
    to: Address
    delay_s: float = 0.0

    def value(self, type_: int) -> bytes | None:
        """The value of the first attribute of this type."""
        return next((value for each, value in self.attributes if each == type_), None)

    def encode(self) -> bytes:
        """The bytes of the message."""
        return build(self.method, self.cls, self.transaction_id, self.attributes, self.sealing)

    def reply(self, data: bytes) -> Reply:
        """The effect that sends `data` where this answer goes."""
        return Reply(data=data, five_tuple=self.five_tuple, source=self.source, to=self.to, delay_s=self.delay_s)


def success(request: Request, attributes: Iterable[tuple[int, bytes]] = ()) -> Draft:
    """A success response, sealed as the request was (RFC 8489 section 9.2.4)."""
    return _draft(request, MessageClass.SUCCESS, tuple(attributes))


def refusal(request: Request, code: int, attributes: Iterable[tuple[int, bytes]] = ()) -> Draft:
    """An error response; one to a caller who proved a credential is sealed as well."""
    error = (int(Attribute.ERROR_CODE), encode_error_code(code, ERROR_NAMES.get(code, "Error")))
    return _draft(request, MessageClass.ERROR, (error, *attributes))


def _draft(request: Request, cls: MessageClass, attributes: AttributePairs) -> Draft:
    message, caller = request.message, request.caller
    # RFC 8489 section 7.3.1: FINGERPRINT is answered with FINGERPRINT. Older clients choke on what they did not send.
    sealing = Sealing(key=caller.key, algorithm=caller.algorithm, fingerprint=message.has(Attribute.FINGERPRINT))
    return Draft(
        method=message.method,
        cls=cls,
        transaction_id=message.transaction_id,
        attributes=attributes,
        sealing=BARE if message.classic else sealing,
        five_tuple=request.five_tuple,
        source=request.five_tuple.server,
        to=request.five_tuple.client,
    )
