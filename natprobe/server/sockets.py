"""How are the server's sockets bound? One port number on every host and over both transports: one server."""

import contextlib
import errno
import ipaddress
import os
import socket
from collections.abc import Iterator

import msgspec

from natprobe.address import Address
from natprobe.server.grid import Grid

_FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
_ATTEMPTS = 50
_MISSING_HOST = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}


class Bound(msgspec.Struct, frozen=True):
    """Bound sockets and the grids that they make; who takes them closes them."""

    grids: tuple[Grid, ...]
    datagram: tuple[socket.socket, ...]
    stream: tuple[socket.socket, ...]
    tls: tuple[socket.socket, ...] = ()


def bind(host: str, port: int, kind: socket.SocketKind) -> socket.socket:
    """A non-blocking socket bound to `host` and `port`. Raises OSError."""
    family = Address(host, port).family
    sock = socket.socket(_FAMILIES[family], kind)
    try:
        sock.settimeout(0)
        if family == 6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if kind == socket.SOCK_STREAM and os.name == "posix":  # on Windows this would let others take the port
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock


def bind_relay(host: str, *, even: bool) -> socket.socket:
    """A UDP socket on a free port of `host`, an even one if asked for (RFC 8656 section 7.2). Raises OSError."""
    for _ in range(_ATTEMPTS):
        sock = bind(host, 0, socket.SOCK_DGRAM)
        if not even or sock.getsockname()[1] % 2 == 0:
            return sock
        sock.close()
    raise OSError(errno.EADDRINUSE, "no even port is free")


def present(hosts: tuple[str, ...]) -> tuple[str, ...]:
    """Those of `hosts` that this machine has. Raises ValueError for what is no IP literal."""
    return tuple(host for host in (str(ipaddress.ip_address(each)) for each in hosts) if _is_here(host))


def bind_all(hosts: tuple[str, ...], port: int, *, tls: bool) -> Bound:
    """Everything that the server listens on; a `port` of 0 takes one that is free everywhere. Raises OSError."""
    for attempt in range(_ATTEMPTS):
        try:
            return _bind_once(hosts, port, tls=tls)
        except OSError as error:
            # Someone else has the port that was free on the first host: another one is tried.
            if port or error.errno != errno.EADDRINUSE or attempt == _ATTEMPTS - 1:
                raise
    raise OSError(errno.EADDRINUSE, "no port is free on every host")


def _bind_once(hosts: tuple[str, ...], port: int, *, tls: bool) -> Bound:
    with contextlib.ExitStack() as stack:

        def take(host: str, number: int, kind: socket.SocketKind) -> socket.socket:
            return stack.enter_context(bind(host, number, kind))

        first = take(hosts[0], port, socket.SOCK_DGRAM)
        second = take(hosts[0], 0, socket.SOCK_DGRAM)
        ports = (int(first.getsockname()[1]), int(second.getsockname()[1]))
        others = [take(host, number, socket.SOCK_DGRAM) for host in hosts[1:] for number in ports]
        streams = [take(host, number, socket.SOCK_STREAM) for host in hosts for number in ports]
        secure = [take(host, 0, socket.SOCK_STREAM) for host in hosts] if tls else []
        stack.pop_all()
        return Bound(tuple(_grids(hosts, ports)), (first, second, *others), tuple(streams), tuple(secure))


def _grids(hosts: tuple[str, ...], ports: tuple[int, int]) -> Iterator[Grid]:
    for family in (4, 6):
        own = tuple(host for host in hosts if Address(host, 0).family == family)
        if own:
            yield Grid(own[:2], ports)


def _is_here(host: str) -> bool:
    try:
        bind(host, 0, socket.SOCK_DGRAM).close()
    except OSError as error:
        if error.errno in _MISSING_HOST:
            return False
        raise
    return True
