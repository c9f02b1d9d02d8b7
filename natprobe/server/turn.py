"""May this client have a relay, a permission, a channel? TURN's requests (RFC 8656 sections 7 to 12)."""

from collections.abc import Callable
from typing import Final

from natprobe.address import Address
from natprobe.server.allocation import Allocation, Allocations
from natprobe.server.config import ServerConfig
from natprobe.server.draft import AttributePairs, Draft, Request, refusal, success
from natprobe.server.effects import CloseRelay, Effect, OpenRelay
from natprobe.wire.address_values import encode_xor_address
from natprobe.wire.attributes import (
    channel_number,
    even_port,
    lifetime_s,
    requested_address_family,
    requested_transport,
    xor_peer_address,
    xor_peer_addresses,
)
from natprobe.wire.error_values import encode_address_error_code, encode_unknown_attributes
from natprobe.wire.message import unknown_required
from natprobe.wire.plain_values import encode_u32
from natprobe.wire.registry import ERROR_NAMES, PROTOCOL_UDP, Attribute, Method

Outcome = tuple[Draft | Effect, ...]

# DONT-FRAGMENT is not among them: a server that cannot set DF answers 420 (RFC 8656 section 7.2).
_KNOWN: Final = frozenset(
    {
        Attribute.USERNAME,
        Attribute.USERHASH,
        Attribute.REALM,
        Attribute.NONCE,
        Attribute.MESSAGE_INTEGRITY,
        Attribute.MESSAGE_INTEGRITY_SHA256,
        Attribute.PASSWORD_ALGORITHM,
        Attribute.LIFETIME,
        Attribute.XOR_PEER_ADDRESS,
        Attribute.CHANNEL_NUMBER,
        Attribute.REQUESTED_TRANSPORT,
        Attribute.REQUESTED_ADDRESS_FAMILY,
        Attribute.EVEN_PORT,
        Attribute.RESERVATION_TOKEN,
    }
)


class Turn:
    """Answers TURN's requests and holds the allocations. `hosts` are those that a relay can be opened on."""

    def __init__(self, config: ServerConfig, hosts: tuple[str, ...]) -> None:
        self.allocations = Allocations()
        self._config = config
        self._hosts = hosts
        self._handlers: dict[int, Callable[[Request, Allocation], Outcome]] = {
            Method.REFRESH: self._refresh,
            Method.CREATE_PERMISSION: self._create_permission,
            Method.CHANNEL_BIND: self._channel_bind,
        }

    def handle(self, request: Request) -> Outcome:
        """What an admitted request leads to."""
        unknown = unknown_required(request.message, _KNOWN)
        if unknown:
            return (refusal(request, 420, ((Attribute.UNKNOWN_ATTRIBUTES, encode_unknown_attributes(unknown)),)),)
        allocation = self.allocations.of(request.five_tuple)
        if request.message.method == Method.ALLOCATE:
            return self._allocate(request, allocation)
        if allocation is None or allocation.relayed is None:
            return (refusal(request, 437),)
        if allocation.username != request.caller.username:
            return (refusal(request, 441),)
        return self._handlers[request.message.method](request, allocation)

    def opened(self, relay: int, relayed: Address, now: float) -> Outcome:
        """The relay's socket is open at `relayed`."""
        allocation = self.allocations.behind(relay)
        if allocation is None:
            return (CloseRelay(relay),)
        allocation.relayed = relayed
        allocation.until = now + allocation.lifetime_s
        return (_granted(allocation),)

    def failed(self, relay: int) -> Outcome:
        """The relay's socket could not be opened."""
        allocation = self.allocations.behind(relay)
        if allocation is None:
            return ()
        self.allocations.remove(allocation)
        return (refusal(allocation.request, 508),)

    def _allocate(self, request: Request, allocation: Allocation | None) -> Outcome:
        if allocation is not None:
            return _again(request, allocation)
        family = requested_address_family(request.message)
        host = self._host(request, family)
        code = self._objection(request, host)
        if code is not None or host is None:
            return (refusal(request, code or 440),)
        made = self.allocations.add(request, self._lifetime_s(request))
        return (OpenRelay(relay=made.relay, host=host, even=request.message.has(Attribute.EVEN_PORT)),)

    def _objection(self, request: Request, host: str | None) -> int | None:
        """The error code of a refusal, in the order of RFC 8656 section 7.2."""
        message = request.message
        transport, family = requested_transport(message), requested_address_family(message)
        if transport is None or (message.has(Attribute.REQUESTED_ADDRESS_FAMILY) and family is None):
            return 400
        if transport != PROTOCOL_UDP:
            return 442
        if message.has(Attribute.RESERVATION_TOKEN):
            return 400 if message.has(Attribute.EVEN_PORT) else 508
        if message.has(Attribute.EVEN_PORT) and even_port(message) is not False:
            return 400 if even_port(message) is None else 508  # the next port is never reserved here
        if message.has(Attribute.ADDITIONAL_ADDRESS_FAMILY) and family is not None:
            return 400
        if host is None:
            return 440
        return 486 if len(self.allocations) >= self._config.max_allocations else None

    def _host(self, request: Request, family: int | None) -> str | None:
        """Where the relay is opened: the address that the client reached, unless it asks for the other family.

        Without REQUESTED-ADDRESS-FAMILY the relay is IPv4 (RFC 8656 section 7.2).
        """
        server, wanted = request.five_tuple.server, family or 4
        if server.family == wanted:
            return server.host
        return next((host for host in self._hosts if Address(host, 0).family == wanted), None)

    def _lifetime_s(self, request: Request) -> int:
        """RFC 8656 section 7.2: what was asked for, up to the maximum; never less than the default."""
        asked = lifetime_s(request.message)
        capped = min(asked or 0, self._config.max_lifetime_s)
        return max(capped, self._config.default_lifetime_s)

    def _refresh(self, request: Request, allocation: Allocation) -> Outcome:
        relayed, family = allocation.relayed, requested_address_family(request.message)
        if relayed is not None and family is not None and family != relayed.family:
            return (refusal(request, 443),)
        if lifetime_s(request.message) == 0:
            self.allocations.remove(allocation)
            return (success(request, ((Attribute.LIFETIME, encode_u32(0)),)), CloseRelay(allocation.relay))
        granted = self._lifetime_s(request)
        allocation.until = request.now + granted
        return (success(request, ((Attribute.LIFETIME, encode_u32(granted)),)),)

    def _create_permission(self, request: Request, allocation: Allocation) -> Outcome:
        peers = xor_peer_addresses(request.message)
        if not peers or len(peers) != len(request.message.values(Attribute.XOR_PEER_ADDRESS)):
            return (refusal(request, 400),)
        code = next((code for peer in peers if (code := self._peer_objection(allocation, peer)) is not None), None)
        if code is not None:
            return (refusal(request, code),)
        if len(allocation.permissions.keys() | {peer.host for peer in peers}) > self._config.max_permissions:
            return (refusal(request, 508),)
        for peer in peers:
            allocation.permit(peer.host, request.now)
        return (success(request),)

    def _channel_bind(self, request: Request, allocation: Allocation) -> Outcome:
        number, peer = channel_number(request.message), xor_peer_address(request.message)
        if number is None or peer is None or not allocation.can_bind(number, peer, request.now):
            return (refusal(request, 400),)
        code = self._peer_objection(allocation, peer)
        if code is not None:
            return (refusal(request, code),)
        hosts, channels = allocation.permissions.keys() | {peer.host}, allocation.channels.keys() | {number}
        if max(len(hosts), len(channels)) > self._config.max_permissions:
            return (refusal(request, 508),)
        allocation.bind(number, peer, request.now)
        return (success(request),)

    def _peer_objection(self, allocation: Allocation, peer: Address) -> int | None:
        if allocation.relayed is not None and allocation.relayed.family != peer.family:
            return 443
        return None if self._config.allows_peer(peer) else 403


def _again(request: Request, allocation: Allocation) -> Outcome:
    """A second Allocate on one 5-tuple: a mistake, unless it is the first one sent again (RFC 8656 section 7.2)."""
    if request.message.transaction_id != allocation.request.message.transaction_id:
        return (refusal(request, 437),)
    return (_granted(allocation),) if allocation.relayed is not None else ()


def _granted(allocation: Allocation) -> Draft:
    request, relayed = allocation.request, allocation.relayed or allocation.five_tuple.server
    transaction_id = request.message.transaction_id
    attributes: AttributePairs = (
        (Attribute.XOR_RELAYED_ADDRESS, encode_xor_address(relayed, transaction_id)),
        (Attribute.LIFETIME, encode_u32(allocation.lifetime_s)),
        (Attribute.XOR_MAPPED_ADDRESS, encode_xor_address(request.five_tuple.client, transaction_id)),
    )
    if request.message.has(Attribute.ADDITIONAL_ADDRESS_FAMILY):
        # RFC 8656 section 7.2: the second relay of a dual allocation may be denied by itself.
        denied = encode_address_error_code(6, 508, ERROR_NAMES[508])
        attributes = (*attributes, (Attribute.ADDRESS_ERROR_CODE, denied))
    return success(request, attributes)
