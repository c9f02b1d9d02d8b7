"""The small words of the socket API: families, names, source addresses, and the kernel's queue of ICMP errors."""

import contextlib
import ipaddress
import socket
import struct
import sys
from typing import Any

from natprobe.address import Address
from natprobe.net.trouble import Family, Trouble, icmp_trouble

FAMILIES: dict[int, socket.AddressFamily] = {4: socket.AF_INET, 6: socket.AF_INET6}
WILDCARDS: dict[int, str] = {4: "0.0.0.0", 6: "::"}  # noqa: S104

# Linux's numbers (linux/in.h, linux/in6.h, linux/errqueue.h); Python 3.11-3.13 does not name them.
_LINUX = sys.platform == "linux"
_RECVERR: dict[int, tuple[int, int]] = {4: (socket.IPPROTO_IP, 11), 6: (socket.IPPROTO_IPV6, 25)}
_MSG_ERRQUEUE = 0x2000
_ORIGIN_ICMP, _ORIGIN_ICMP6 = 2, 3
_EXTENDED_ERROR = struct.Struct("=IBBBBII")
_HOST_IN_SOCKADDR: dict[int, tuple[int, int]] = {socket.AF_INET: (4, 4), socket.AF_INET6: (8, 16)}
_ERRORS_AT_ONCE = 64
_RETRANSMITS = 2  # tcpi_retransmits in struct tcp_info (linux/tcp.h)


def to_address(name: Any) -> Address:
    """A socket API name as an Address: canonical literal, no zone."""
    host = ipaddress.ip_address(str(name[0]).partition("%")[0])
    return Address(str(host), int(name[1]))


def to_name(address: Address) -> tuple[str, int] | tuple[str, int, int, int]:
    """An Address as the socket API takes it: for IPv6 with flow label and zone, as Windows' event loop wants it."""
    return (address.host, address.port) if address.family == 4 else (address.host, address.port, 0, 0)


def source_address_for(remote: Address, local: Address | None = None) -> Address | None:
    """The address (port 0) that this host's routing picks as source towards `remote`. None: it has no route.

    With `local`, whether there is a route for what is sent from that address. Connects a throw-away UDP socket, which
    sends nothing.
    """
    port = remote.port or 9
    try:
        with socket.socket(FAMILIES[remote.family], socket.SOCK_DGRAM) as probe:
            if local is not None:
                probe.bind((local.host, 0))
            probe.connect((remote.host, port))
            return Address(to_address(probe.getsockname()).host, 0)
    except OSError:
        return None


def tells_sockets() -> bool:
    """Whether this system tells an ordinary socket who sent an ICMP error (Linux does)."""
    return _LINUX


def ask_for_icmp(sock: socket.socket, family: Family, *, wanted: bool = True) -> None:
    """Has the kernel keep ICMP errors for `sock` (IP_RECVERR, Linux only; elsewhere they stay unknown).

    Taking the wish back also empties the queue, so that an event loop that owns the socket is not woken for ever.
    """
    if _LINUX:
        level, option = _RECVERR[family]
        with contextlib.suppress(OSError):
            sock.setsockopt(level, option, int(wanted))


def queued_icmp(sock: socket.socket, family: Family, *, at_ms: float) -> list[Trouble]:
    """The ICMP errors that wait on `sock`, oldest first. Errors that this host raised itself are not among them."""
    troubles: list[Trouble] = []
    if not _LINUX:
        return troubles
    for _ in range(_ERRORS_AT_ONCE):
        try:
            _data, ancillary, _flags, name = sock.recvmsg(2048, 512, _MSG_ERRQUEUE)
        except OSError:
            break
        about = to_address(name) if name else None
        payloads = [payload for level, kind, payload in ancillary if (level, kind) == _RECVERR[family]]
        found = (_extended_error(payload, family, about, at_ms) for payload in payloads)
        troubles.extend(trouble for trouble in found if trouble is not None)
    return troubles


def _extended_error(payload: bytes, family: Family, about: Address | None, at_ms: float) -> Trouble | None:
    """Reads struct sock_extended_err and the sockaddr of the ICMP error's sender behind it (ip(7))."""
    if len(payload) < _EXTENDED_ERROR.size:
        return None
    _errno, origin, icmp_type, icmp_code, _pad, _info, _data = _EXTENDED_ERROR.unpack_from(payload)
    if origin not in (_ORIGIN_ICMP, _ORIGIN_ICMP6):
        return None
    return icmp_trouble(
        family=family,
        icmp_type=icmp_type,
        icmp_code=icmp_code,
        offender=_sockaddr_host(payload[_EXTENDED_ERROR.size :]),
        about=about,
        at_ms=at_ms,
    )


def syns_sent(sock: socket.socket) -> int | None:
    """How many SYN have left a TCP socket that still connects; None where this system does not tell."""
    if not _LINUX:
        return None
    try:
        told = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _RETRANSMITS + 1)
    except OSError:
        return None
    return told[_RETRANSMITS] + 1 if len(told) > _RETRANSMITS else None


def _sockaddr_host(sockaddr: bytes) -> Address | None:
    """The host in a Linux sockaddr_in or sockaddr_in6."""
    start, length = _HOST_IN_SOCKADDR.get(int.from_bytes(sockaddr[:2], sys.byteorder), (0, 0))
    raw = sockaddr[start : start + length]
    if not raw or len(raw) != length:
        return None
    return Address(str(ipaddress.ip_address(raw)), 0)
