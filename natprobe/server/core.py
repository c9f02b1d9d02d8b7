"""What does the server say to these bytes? A STUN and TURN server without I/O: bytes and the time in, effects out.

It serves `natprobe demo` and the tests, which need answers that a sound server never gives: see `faults`. It is small
on purpose and relays to loopback only, so it is of no use to anybody who wants a way into a network.
"""

import secrets

import msgspec

from natprobe.address import Address
from natprobe.server.allocation import Allocation
from natprobe.server.binding import answer_binding
from natprobe.server.config import ServerConfig
from natprobe.server.draft import AttributePairs, Draft, Request, refusal
from natprobe.server.effects import STREAMS, CloseRelay, Effect, Effects, FiveTuple, HangUp, Reply
from natprobe.server.faults import ARRIVAL, Fault, FaultBook, Kind, concerns
from natprobe.server.grid import Grid, grid_of
from natprobe.server.guard import Guard, Rejected
from natprobe.server.nonces import Nonces, feature_cookie
from natprobe.server.relaying import Relaying
from natprobe.server.tamper import tampered
from natprobe.server.turn import Outcome, Turn
from natprobe.wire.address_values import encode_address
from natprobe.wire.attributes import lifetime_s
from natprobe.wire.channel import is_channel_number
from natprobe.wire.integrity import Integrity, verify_fingerprint
from natprobe.wire.message import Message, parse
from natprobe.wire.registry import Attribute, MessageClass, Method
from natprobe.wire.text_values import encode_text

_TURN_METHODS = frozenset({Method.ALLOCATE, Method.REFRESH, Method.CREATE_PERMISSION, Method.CHANNEL_BIND})
_HTTP_ANSWER = b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class ServerCore:
    """The whole server. Every method takes bytes from strangers and never raises; times are seconds."""

    def __init__(
        self, config: ServerConfig, grids: tuple[Grid, ...], *, epoch_s: float = 0.0, key: bytes | None = None
    ) -> None:
        """`grids` are the UDP addresses; `epoch_s` is the UNIX time at which `now` is 0; `key` makes the nonces."""
        self.faults = FaultBook(config.faults)
        cookie = (
            feature_cookie(password_algorithms=config.offers_sha256, username_anonymity=config.offers_userhash)
            if config.offers_sha256 or config.offers_userhash
            else b""
        )
        self._config = config
        self._grids = grids
        self._guard = Guard(config, Nonces(key or secrets.token_bytes(32), config.nonce_lifetime_s, cookie), epoch_s)
        self._turn = Turn(config, tuple(host for grid in grids for host in grid.hosts))
        self._relaying = Relaying(self._turn.allocations, self.faults)

    @property
    def allocations(self) -> tuple[Allocation, ...]:
        """The live ones whose relay is open."""
        return tuple(allocation for allocation in self._turn.allocations if allocation.relayed is not None)

    def receive(self, data: bytes, five_tuple: FiveTuple, now: float) -> Effects:
        """What one message from a client leads to: a datagram, or what a StreamFramer cut out of a stream."""
        return self.expire(now) + self._receive(bytes(data), five_tuple, now)

    def connected(self, five_tuple: FiveTuple) -> Effects:
        """A client has connected."""
        return (HangUp(five_tuple),) if self.faults.strikes(Kind.HANG_UP, five_tuple.transport) else ()

    def disconnected(self, five_tuple: FiveTuple) -> Effects:
        """A connection is gone, and its allocation with it (RFC 8656 section 3.1)."""
        allocation = self._turn.allocations.of(five_tuple)
        return () if allocation is None else self._close(allocation)

    def relay_opened(self, relay: int, relayed: Address, now: float) -> Effects:
        """Answers OpenRelay: its socket is open at `relayed`."""
        return self._finish(self._turn.opened(relay, relayed, now))

    def relay_failed(self, relay: int) -> Effects:
        """Answers OpenRelay: there is no socket to be had."""
        return self._finish(self._turn.failed(relay))

    def relay_received(self, relay: int, data: bytes, peer: Address, now: float) -> Effects:
        """What a datagram to a relayed transport address leads to."""
        return self.expire(now) + self._relaying.arrived(relay, data, peer, now)

    def expire(self, now: float) -> Effects:
        """Ends whatever has lived long enough."""
        effects: Effects = ()
        for allocation in self._turn.allocations:
            allocation.forget(now)
            if allocation.until <= now:
                effects += self._close(allocation)
        return effects

    def _close(self, allocation: Allocation) -> Effects:
        self._turn.allocations.remove(allocation)
        return (CloseRelay(allocation.relay),)

    def _receive(self, data: bytes, five_tuple: FiveTuple, now: float) -> Effects:
        if self._is_mute(five_tuple):
            return ()
        if is_channel_number(int.from_bytes(data[:2])):
            return self._relaying.channelled(data, five_tuple, now)
        message = parse(data)
        if not isinstance(message, Message) or verify_fingerprint(message) is Integrity.WRONG:
            return ()
        if message.cls == MessageClass.INDICATION and message.method == Method.SEND:
            return self._relaying.indicated(message, five_tuple, now)
        if message.cls != MessageClass.REQUEST or message.method not in _TURN_METHODS | {Method.BINDING}:
            return ()
        return self._requested(Request(message, five_tuple, now))

    def _is_mute(self, five_tuple: FiveTuple) -> bool:
        return five_tuple.transport in STREAMS and self.faults.strikes(Kind.MUTE, five_tuple.transport)

    def _requested(self, request: Request) -> Effects:
        fault = next(iter(self.faults.take(lambda fault: self._stops(fault, request))), None)
        if fault is None:
            return self._finish(self._answer(request))
        if fault.kind is Kind.REFUSE_AT_ONCE:
            return self._finish((self._refused(request, fault),))
        return _web_server(request.five_tuple) if fault.kind is Kind.HTTP else ()

    def _stops(self, fault: Fault, request: Request) -> bool:
        message, five_tuple = request.message, request.five_tuple
        if fault.kind not in ARRIVAL or not concerns(fault, five_tuple.transport, message.method):
            return False
        match fault.kind:
            case Kind.HTTP:
                return five_tuple.transport in STREAMS
            case Kind.SILENT_RELEASE:
                return message.method == Method.REFRESH and lifetime_s(message) == 0
            case Kind.SILENT_ALTERNATE:
                grid = grid_of(self._grids, five_tuple.server)
                return grid is not None and five_tuple.server != grid.primary
            case _:
                return True

    def _answer(self, request: Request) -> Outcome:
        if request.message.method == Method.BINDING:
            return (answer_binding(request, grid_of(self._grids, request.five_tuple.server)),)
        admitted = self._guard.admit(request.message, request.five_tuple, request.now)
        if isinstance(admitted, Rejected):
            return (refusal(request, admitted.code, admitted.challenge),)
        known = Request(request.message, request.five_tuple, request.now, admitted)
        refused = self.faults.take(lambda fault: _refuses(fault, request))
        return (self._refused(known, refused[0]),) if refused else self._turn.handle(known)

    def _refused(self, request: Request, fault: Fault) -> Draft:
        code = fault.code or 500
        if code in {401, 438}:  # RFC 8489 section 9.2.4: unsealed, with a new challenge
            unsealed = Request(request.message, request.five_tuple, request.now)
            return refusal(unsealed, code, self._guard.challenge(request.five_tuple, request.now))
        return refusal(request, code, self._alternate(request, fault) if code == 300 else ())

    def _alternate(self, request: Request, fault: Fault) -> AttributePairs:
        server = request.five_tuple.server
        grid = grid_of(self._grids, server)
        elsewhere = fault.address or (grid.other(server) if grid else None) or server
        return ((Attribute.ALTERNATE_SERVER, encode_address(elsewhere)),)

    def _finish(self, outcome: Outcome) -> Effects:
        finished = (self._reply(each) if isinstance(each, Draft) else each for each in outcome)
        return tuple(effect for effect in finished if effect is not None)

    def _reply(self, draft: Draft) -> Reply | None:
        signed = draft
        if len(draft.transaction_id) == 12:  # RFC 3489 knew no SOFTWARE
            signed = _signed(draft, self._config.software)
        return tampered(signed, self.faults, self._grids)


def _signed(draft: Draft, software: str) -> Draft:
    return msgspec.structs.replace(draft, attributes=(*draft.attributes, (Attribute.SOFTWARE, encode_text(software))))


def _refuses(fault: Fault, request: Request) -> bool:
    return fault.kind is Kind.REFUSE and concerns(fault, request.five_tuple.transport, request.message.method)


def _web_server(five_tuple: FiveTuple) -> tuple[Effect, ...]:
    client, server = five_tuple.client, five_tuple.server
    return Reply(data=_HTTP_ANSWER, five_tuple=five_tuple, source=server, to=client), HangUp(five_tuple)
