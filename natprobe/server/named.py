"""Which faults can be asked for by name? What `natprobe demo --fault NAME` offers, with a sentence each."""

from typing import Final

import msgspec

from natprobe.address import Address
from natprobe.server.effects import Transport
from natprobe.server.faults import Fault, Kind
from natprobe.wire.registry import Method


class NamedFault(msgspec.Struct, frozen=True):
    """Faults that make one story, and the sentence that tells it."""

    sentence: str
    faults: tuple[Fault, ...]
    leaves_host: bool = False
    """Whether a client that believes the server sends packets to another host than this one."""


def _one(
    kind: Kind,
    sentence: str,
    method: Method | None = None,
    *,
    transport: Transport | None = None,
    times: int | None = None,
    seconds: float | None = None,
) -> NamedFault:
    return NamedFault(sentence, (Fault(kind=kind, method=method, transport=transport, times=times, seconds=seconds),))


def _refusal(code: int, method: Method, sentence: str, *, times: int | None = None) -> NamedFault:
    return NamedFault(sentence, (Fault(kind=Kind.REFUSE, method=method, code=code, times=times),))


def _at_once(code: int, method: Method, sentence: str, *, times: int | None = None) -> NamedFault:
    return NamedFault(sentence, (Fault(kind=Kind.REFUSE_AT_ONCE, method=method, code=code, times=times),))


FAULTS: Final[dict[str, NamedFault]] = {
    # Nobody answers.
    "silent": _one(Kind.SILENT, "The server answers nothing at all."),
    "silent-udp": _one(Kind.SILENT, "UDP is dropped on the way; TCP works.", transport="udp"),
    "silent-tcp": _one(Kind.MUTE, "TCP connections are accepted, but nothing is ever answered.", transport="tcp"),
    "silent-binding": _one(Kind.SILENT, "STUN Binding requests are not answered; TURN works.", Method.BINDING),
    "silent-allocate": _one(
        Kind.SILENT, "Allocate requests are not answered, as a STUN-only server does.", Method.ALLOCATE
    ),
    "first-answers-lost": _one(Kind.LOST, "The first two answers are lost; a client has to ask again.", times=2),
    "late": _one(Kind.LATE, "Every answer comes 400 ms late.", seconds=0.4),
    # The way is not what it should be.
    "wrong-source-port": _one(Kind.OTHER_PORT, "Answers come from another port than the one that was asked."),
    "wrong-source-address": _one(Kind.OTHER_HOST, "Answers come from another address than the one that was asked."),
    "tcp-closed-at-once": _one(Kind.HANG_UP, "TCP connections are accepted and closed at once.", transport="tcp"),
    "web-server": _one(Kind.HTTP, "A web server listens on the TCP port."),
    # Answers are damaged.
    "wrong-transaction": _one(Kind.WRONG_TRANSACTION, "Answers carry another transaction id."),
    "wrong-fingerprint": _one(Kind.WRONG_FINGERPRINT, "The FINGERPRINT of answers is wrong."),
    "no-integrity": _one(Kind.NO_INTEGRITY, "Success responses have no MESSAGE-INTEGRITY."),
    "wrong-integrity": _one(Kind.WRONG_INTEGRITY, "The MESSAGE-INTEGRITY of success responses is wrong."),
    "truncated": _one(Kind.TRUNCATED, "Answers end in the middle."),
    "wrong-length": _one(Kind.WRONG_LENGTH, "The header of answers claims too few bytes."),
    "malformed-attribute": _one(Kind.MALFORMED_ATTRIBUTE, "An attribute claims more bytes than there are."),
    "garbage": _one(Kind.GARBAGE, "Random bytes come instead of answers."),
    "huge-attribute": _one(Kind.HUGE_ATTRIBUTE, "Answers hold an attribute of 8000 bytes."),
    "unknown-attributes": _one(Kind.UNKNOWN_OPTIONAL, "Answers hold 64 unknown attributes that may be ignored."),
    "unknown-required": _one(Kind.UNKNOWN_REQUIRED, "Answers hold an unknown attribute that may not be ignored."),
    # Authentication.
    "credentials-refused": _refusal(401, Method.ALLOCATE, "Credentials are never accepted: 401 again and again."),
    "stale-nonce-once": _refusal(
        438, Method.ALLOCATE, "The first nonce is stale at once; the next one is taken.", times=1
    ),
    "stale-nonce-forever": _refusal(438, Method.ALLOCATE, "Every nonce is stale: 438 again and again."),
    "binding-401": _at_once(401, Method.BINDING, "STUN Binding asks for credentials."),
    "empty-realm": _one(Kind.EMPTY_REALM, "The server's realm is empty."),
    "no-realm": _one(Kind.NO_REALM, "The challenge has no REALM."),
    "no-nonce": _one(Kind.NO_NONCE, "The challenge has no NONCE."),
    "bid-down": _one(Kind.BID_DOWN, "Somebody on the way removes PASSWORD-ALGORITHMS from the challenge."),
    "oauth-only": _one(Kind.THIRD_PARTY, "The challenge asks for an OAuth token (RFC 7635)."),
    # Errors.
    "try-alternate": _at_once(300, Method.ALLOCATE, "The first Allocate is sent to the alternate server.", times=1),
    "try-alternate-loop": _at_once(300, Method.ALLOCATE, "Every server sends a client to the next one."),
    "binding-400": _at_once(400, Method.BINDING, "STUN Binding is answered with 400 (Bad Request)."),
    "binding-420": _at_once(420, Method.BINDING, "STUN Binding is answered with 420 (Unknown Attribute)."),
    "allocate-400": _refusal(400, Method.ALLOCATE, "Allocate is answered with 400 (Bad Request)."),
    "allocate-403": _refusal(403, Method.ALLOCATE, "Allocate is answered with 403 (Forbidden)."),
    "allocate-420": _refusal(420, Method.ALLOCATE, "Allocate is answered with 420 (Unknown Attribute)."),
    "allocate-437": _refusal(437, Method.ALLOCATE, "Allocate is answered with 437 (Allocation Mismatch)."),
    "allocate-440": _refusal(440, Method.ALLOCATE, "Allocate is answered with 440 (Address Family not Supported)."),
    "allocate-442": _refusal(442, Method.ALLOCATE, "Allocate is answered with 442 (Unsupported Transport Protocol)."),
    "allocate-486": _refusal(486, Method.ALLOCATE, "The user's quota is used up (486)."),
    "allocate-500": _refusal(500, Method.ALLOCATE, "Allocate is answered with 500 (Server Error)."),
    "allocate-508": _refusal(508, Method.ALLOCATE, "The server has no relay port left (508)."),
    "peer-denied": NamedFault(
        "Peers are denied: permissions and channels get 403 (Forbidden).",
        (
            Fault(kind=Kind.REFUSE, method=Method.CREATE_PERMISSION, code=403),
            Fault(kind=Kind.REFUSE, method=Method.CHANNEL_BIND, code=403),
        ),
    ),
    "permission-441": _refusal(441, Method.CREATE_PERMISSION, "A permission is refused with 441 (Wrong Credentials)."),
    "channel-400": _refusal(400, Method.CHANNEL_BIND, "ChannelBind is answered with 400 (Bad Request)."),
    "refresh-437": _refusal(437, Method.REFRESH, "The allocation is gone before it is refreshed (437)."),
    "release-silent": _one(Kind.SILENT_RELEASE, "The release of an allocation is not answered."),
    # What answers tell.
    "no-mapped-address": _one(Kind.NO_XOR_MAPPED, "Binding responses have no XOR-MAPPED-ADDRESS.", Method.BINDING),
    "wrong-mapped-address": _one(Kind.XOR_MAPPED, "XOR-MAPPED-ADDRESS is not the client's address.", Method.BINDING),
    "alg": _one(Kind.MAPPED, "An application gateway rewrites MAPPED-ADDRESS."),
    "dead-other-address": _one(Kind.OTHER_ADDRESS, "OTHER-ADDRESS names an address where nobody listens."),
    "silent-other-address": _one(Kind.SILENT_ALTERNATE, "The server's other addresses are filtered."),
    "change-ignored": _one(
        Kind.CHANGE_IGNORED, "CHANGE-REQUEST is ignored: every answer comes from where it was asked."
    ),
    "no-relayed-address": _one(Kind.NO_RELAYED, "Allocate responses have no relayed address."),
    "relayed-other-host": _one(Kind.RELAYED, "The relayed address names another host, as a wrong external-ip does."),
    "relayed-private": NamedFault(
        "The relayed address is a private one; a client that tries it sends packets to 10.255.255.1.",
        (Fault(kind=Kind.RELAYED, address=Address("10.255.255.1", 0)),),
        leaves_host=True,
    ),
    "short-lifetime": _one(Kind.LIFETIME, "Allocations live for 5 seconds only, says the server.", seconds=5),
    # Relayed data.
    "relay-ports-closed": _one(
        Kind.RELAY_IN_CLOSED, "A stateful firewall closes the relay ports: only answers get in, nothing unasked."
    ),
    "relay-in-dead": _one(Kind.RELAY_IN_DEAD, "Nothing that peers send to the relayed address arrives."),
    "relay-out-dead": _one(Kind.RELAY_OUT_DEAD, "Nothing leaves the relay."),
    "relay-port-rewritten": _one(Kind.RELAY_PORT, "What leaves the relay comes from another port."),
    "loop-dead": _one(Kind.LOOP_DEAD, "Nothing gets from relay to relay."),
    "channel-data-dropped": _one(Kind.CHANNEL_DATA_DROPPED, "ChannelData is dropped on the way."),
    "permissions-ignored": _one(Kind.PERMISSIONS_IGNORED, "Everybody may send to the relayed address."),
}
"""By name. The texts are sentences; the faults last for as long as the server runs, unless they say how often."""
