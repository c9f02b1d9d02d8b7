"""Which address does this request come from? Binding, with RFC 5780's extensions and RFC 3489's attributes."""

import msgspec

from natprobe.address import Address
from natprobe.server.draft import AttributePairs, Draft, Request, refusal, success
from natprobe.server.effects import STREAMS
from natprobe.server.grid import Grid
from natprobe.wire.address_values import encode_address, encode_xor_address
from natprobe.wire.attributes import change_request, response_port
from natprobe.wire.error_values import encode_unknown_attributes
from natprobe.wire.message import unknown_required
from natprobe.wire.plain_values import ChangeRequest, encode_padding
from natprobe.wire.registry import Attribute

_PLAIN = frozenset(
    {
        Attribute.USERNAME,
        Attribute.REALM,
        Attribute.NONCE,
        Attribute.MESSAGE_INTEGRITY,
        Attribute.MESSAGE_INTEGRITY_SHA256,
        Attribute.PASSWORD_ALGORITHM,
        Attribute.USERHASH,
    }
)
_DISCOVERY = frozenset({Attribute.CHANGE_REQUEST, Attribute.RESPONSE_PORT, Attribute.PADDING})
_MTU = 1500  # RFC 5780 section 6.1: the padding of an answer fills the interface's MTU


def answer_binding(request: Request, grid: Grid | None) -> Draft:
    """The answer to a Binding request. `grid` is None where nothing can be discovered."""
    message = request.message
    # RFC 5780 section 6.1: only UDP has another address to answer from.
    discovery = grid is not None and grid.discovers and request.five_tuple.transport not in STREAMS
    unknown = unknown_required(message, _PLAIN | _DISCOVERY if discovery else _PLAIN)
    if unknown:
        return refusal(request, 420, ((Attribute.UNKNOWN_ATTRIBUTES, encode_unknown_attributes(unknown)),))
    if message.has(Attribute.PADDING) and message.has(Attribute.RESPONSE_PORT):  # RFC 5780 section 7.6
        return refusal(request, 400)
    change, port = change_request(message), response_port(message)
    if any(message.has(each) and not read for each, read in _readable(change, port)):
        return refusal(request, 400)
    source = grid.changed(request.five_tuple.server, change) if grid and change else request.five_tuple.server
    to = Address(request.five_tuple.client.host, port or request.five_tuple.client.port)
    return msgspec.structs.replace(success(request, _attributes(request, grid, source)), source=source, to=to)


def _readable(change: ChangeRequest | None, port: int | None) -> tuple[tuple[Attribute, bool], ...]:
    return (Attribute.CHANGE_REQUEST, change is not None), (Attribute.RESPONSE_PORT, bool(port))


def _attributes(request: Request, grid: Grid | None, source: Address) -> AttributePairs:
    message, client = request.message, request.five_tuple.client
    other = grid.other(request.five_tuple.server) if grid else None
    if message.classic:
        return _classic(client, source, other)
    attributes: list[tuple[int, bytes]] = [
        (Attribute.XOR_MAPPED_ADDRESS, encode_xor_address(client, message.transaction_id)),
        (Attribute.MAPPED_ADDRESS, encode_address(client)),
        (Attribute.RESPONSE_ORIGIN, encode_address(source)),
    ]
    if other is not None:
        attributes.append((Attribute.OTHER_ADDRESS, encode_address(other)))
    if message.has(Attribute.PADDING):
        attributes.append((Attribute.PADDING, encode_padding(_MTU)))
    return tuple(attributes)


def _classic(client: Address, source: Address, other: Address | None) -> AttributePairs:
    """What RFC 3489 section 11.2 calls them; CHANGED-ADDRESS is always there."""
    return (
        (Attribute.MAPPED_ADDRESS, encode_address(client)),
        (Attribute.SOURCE_ADDRESS, encode_address(source)),
        (Attribute.CHANGED_ADDRESS, encode_address(other or source)),
    )
