"""What can go wrong on the network, as data: a closed list of reasons, and who said so."""

import errno
import os
from enum import StrEnum
from typing import Literal

import msgspec

from natprobe.address import Address


class Reason(StrEnum):
    """Why a message was not sent, not answered, or will not come any more."""

    SILENT = "silent"
    """Nothing at all came back."""
    REFUSED = "refused"
    """The host says that nothing listens there (TCP RST to a SYN, ICMP port unreachable)."""
    UNREACHABLE = "unreachable"
    """A router or firewall on the way, or the host, says by ICMP that it does not deliver."""
    RESET = "reset"
    """An open connection was reset."""
    CLOSED = "closed"
    """The peer closed the connection, or we did."""
    NO_ROUTE = "no-route"
    """This host has no route, or no such address family: nothing was sent."""
    NOT_PERMITTED = "not-permitted"
    """This host's own firewall or policy forbids it: nothing was sent."""
    TLS = "tls"
    """The TLS or DTLS handshake failed, or its session broke."""
    MALFORMED = "malformed"
    """The bytes that came are not the protocol that was asked for."""
    TIMEOUT = "timeout"
    """Something came back, but not all of it in time."""
    TOO_BIG = "too-big"
    """The message does not fit the path, or the protocol."""
    LOCAL = "local"
    """Another error of this host's operating system."""


class Trouble(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the network, or this host, said instead of a message."""

    reason: Reason
    detail: str
    """One sentence for the operator."""
    at_ms: float | None = None
    icmp_type: int | None = None
    icmp_code: int | None = None
    offender: Address | None = None
    """The host that sent the ICMP error, port 0. It can be this host itself, where no neighbour answers."""
    about: Address | None = None
    """The destination of the message that met the trouble; None where it is not known."""
    sends: int | None = None
    """How many packets stayed unanswered, where this system tells (Linux: of TCP's SYN)."""
    alert: str | None = None
    """The fatal TLS alert by its name in RFC 8446 section 6.2, where the peer sent one."""
    fault: str | None = None
    """What OpenSSL on this side objected to, in its words, where that ended the handshake."""
    client_certificate: bool = False
    """Whether the server had asked for a certificate of ours (CertificateRequest) before it ended the session."""


ERRNO_REASONS: dict[int, Reason] = {
    errno.ECONNREFUSED: Reason.REFUSED,
    errno.EHOSTUNREACH: Reason.UNREACHABLE,
    errno.ENETUNREACH: Reason.NO_ROUTE,
    errno.EADDRNOTAVAIL: Reason.NO_ROUTE,
    errno.EAFNOSUPPORT: Reason.NO_ROUTE,
    errno.ENETDOWN: Reason.NO_ROUTE,
    errno.EPERM: Reason.NOT_PERMITTED,
    errno.EACCES: Reason.NOT_PERMITTED,
    errno.ECONNRESET: Reason.RESET,
    errno.ECONNABORTED: Reason.RESET,
    errno.EPIPE: Reason.CLOSED,
    errno.ENOTCONN: Reason.CLOSED,
    errno.ETIMEDOUT: Reason.SILENT,
    errno.EMSGSIZE: Reason.TOO_BIG,
}
if os.name == "nt":
    ERRNO_REASONS[10013] = Reason.NOT_PERMITTED  # WSAEACCES; errno has Winsock's numbers for all the others

WINERROR_REASONS: dict[int, Reason] = {
    64: Reason.RESET,  # ERROR_NETNAME_DELETED
    121: Reason.SILENT,  # ERROR_SEM_TIMEOUT
    1225: Reason.REFUSED,  # ERROR_CONNECTION_REFUSED
    1231: Reason.NO_ROUTE,  # ERROR_NETWORK_UNREACHABLE
    1232: Reason.UNREACHABLE,  # ERROR_HOST_UNREACHABLE
    1233: Reason.UNREACHABLE,  # ERROR_PROTOCOL_UNREACHABLE
    1234: Reason.REFUSED,  # ERROR_PORT_UNREACHABLE
    1236: Reason.RESET,  # ERROR_CONNECTION_ABORTED
}
"""Windows' overlapped I/O, by which its event loop works, tells these numbers of its own; errno is EINVAL with them."""

_SENTENCES: dict[Reason, str] = {
    Reason.REFUSED: "nothing listens on {about}",
    Reason.UNREACHABLE: "{about} cannot be reached",
    Reason.NO_ROUTE: "this host has no route to {about}",
    Reason.NOT_PERMITTED: "this host's own firewall or policy forbids sending to {about}",
    Reason.RESET: "{about} reset the connection",
    Reason.CLOSED: "the connection to {about} is closed",
    Reason.SILENT: "{about} does not answer",
    Reason.TOO_BIG: "the message is too big for the path to {about}",
}

Family = Literal[4, 6]

# RFC 792, RFC 1812 section 5.2.7.1
_UNREACHABLE_4 = (
    "network unreachable", "host unreachable", "protocol unreachable", "port unreachable", "fragmentation needed",
    "source route failed", "network unknown", "host unknown", "source host isolated", "network prohibited",
    "host prohibited", "network unreachable for this service", "host unreachable for this service",
    "administratively prohibited", "host precedence violation", "precedence cut-off",
)  # fmt: skip
# RFC 4443 section 3.1
_UNREACHABLE_6 = (
    "no route to destination", "administratively prohibited", "beyond scope of source address",
    "address unreachable", "port unreachable", "source address failed ingress/egress policy",
    "reject route to destination",
)  # fmt: skip

ICMP_REASONS: dict[tuple[Family, int, int], tuple[Reason, str]] = {
    **{(4, 3, code): (Reason.UNREACHABLE, words) for code, words in enumerate(_UNREACHABLE_4)},
    **{(6, 1, code): (Reason.UNREACHABLE, words) for code, words in enumerate(_UNREACHABLE_6)},
    (4, 3, 3): (Reason.REFUSED, "port unreachable"),
    (6, 1, 4): (Reason.REFUSED, "port unreachable"),
    (4, 3, 4): (Reason.TOO_BIG, "fragmentation needed"),
    (6, 2, 0): (Reason.TOO_BIG, "packet too big"),
    (4, 11, 0): (Reason.UNREACHABLE, "time to live exceeded"),
    (6, 3, 0): (Reason.UNREACHABLE, "hop limit exceeded"),
    (4, 11, 1): (Reason.UNREACHABLE, "fragment reassembly time exceeded"),
    (6, 3, 1): (Reason.UNREACHABLE, "fragment reassembly time exceeded"),
}
_OTHER_ICMP = (Reason.UNREACHABLE, "an ICMP error")


def icmp_trouble(
    *, family: Family, icmp_type: int, icmp_code: int, offender: Address | None, about: Address | None, at_ms: float
) -> Trouble:
    """What an ICMP (RFC 792) or ICMPv6 (RFC 4443) error about our message to `about` means."""
    reason, words = ICMP_REASONS.get((family, icmp_type, icmp_code), _OTHER_ICMP)
    sender = offender.host if offender else "a host"
    return Trouble(
        reason=reason,
        detail=f"{sender} says of {about or 'a destination'}: {words} (ICMP type {icmp_type} code {icmp_code})",
        at_ms=at_ms,
        icmp_type=icmp_type,
        icmp_code=icmp_code,
        offender=offender,
        about=about,
    )


def os_trouble(error: OSError, *, about: Address | None, at_ms: float) -> Trouble:
    """What an error of the operating system means for a message to `about`. The system's own text is kept."""
    reason = WINERROR_REASONS.get(getattr(error, "winerror", None) or 0) or ERRNO_REASONS.get(
        error.errno or 0, Reason.LOCAL
    )
    destination = str(about) if about else "the destination"
    sentence = _SENTENCES.get(reason, "this host could not send to {about}").format(about=destination)
    return Trouble(reason=reason, detail=f"{sentence} ({words_of(error)})", at_ms=at_ms, about=about)


def datagram_trouble(error: OSError, *, about: Address | None, at_ms: float) -> Trouble:
    """The same for a UDP socket: Winsock calls an ICMP port unreachable a reset connection."""
    reset = isinstance(error, ConnectionResetError)
    return os_trouble(OSError(errno.ECONNREFUSED, error.strerror) if reset else error, about=about, at_ms=at_ms)


def words_of(error: OSError) -> str:
    """The system's own words for an error."""
    # asyncio puts words of its own into strerror; Windows' strerror() knows none of Winsock's numbers.
    if error.errno is not None and os.name != "nt" and error.errno in errno.errorcode:
        return os.strerror(error.errno)
    return error.strerror or type(error).__name__


def silent(about: Address, *, waited_s: float, at_ms: float, sends: int | None = None) -> Trouble:
    """Nothing came from `about` in `waited_s` seconds, after `sends` packets where that is known."""
    detail = f"{about} did not answer within {waited_s:.1f} s"
    return Trouble(reason=Reason.SILENT, detail=detail, at_ms=at_ms, about=about, sends=sends)


def closed_here(about: Address | None, *, at_ms: float) -> Trouble:
    """What receive() says after our own close()."""
    return Trouble(reason=Reason.CLOSED, detail="natprobe closed this endpoint", at_ms=at_ms, about=about)
