"""One hand-made STUN Binding, asked from inside a namespace: `ask(world.client, "udp", "203.0.113.10")`.

Deliberately none of natprobe's own code: it proves the lab, not the codec. By hand, inside a namespace:
`python -m tests.lab.ask udp|tcp|tls|dtls HOST PORT [--ca FILE] [--source-port N] [--wait S]`.
"""

import argparse
import ipaddress
import os
import socket
import ssl
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeVar

import msgspec
from OpenSSL import SSL

from tests.lab.namespace import Namespace

_COOKIE = 0x2112A442
_XOR_MAPPED = 0x0020
_WAIT_S = 5.0
_RECVERR = {socket.AF_INET: (socket.IPPROTO_IP, 11), socket.AF_INET6: (socket.IPPROTO_IPV6, 25)}
_T = TypeVar("_T")
Transport = Literal["udp", "tcp", "tls", "dtls"]
Exchange = Callable[[socket.socket, bytes, Path | None], bytes]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came back, or why nothing did."""

    mapped: tuple[str, int] | None = None
    local: tuple[str, int] | None = None
    rtt_ms: float | None = None
    """From the request to the response; for TLS and DTLS with the handshake, for TCP without the connect."""
    trouble: str | None = None


def ask(
    box: Namespace,
    transport: Transport,
    host: str,
    port: int = 3478,
    *,
    ca: Path | None = None,
    source_port: int = 0,
    wait_s: float = _WAIT_S,
) -> Answer:
    """Asks once from inside `box`."""
    options = [f"--source-port={source_port}", f"--wait={wait_s}", *([f"--ca={ca}"] if ca else [])]
    done = box.run(sys.executable, "-m", "tests.lab.ask", transport, host, str(port), *options)
    assert done.exit_code == 0, done.stderr
    return msgspec.json.decode(done.stdout, type=Answer)


def request() -> bytes:
    """A Binding request without attributes (RFC 8489 section 5)."""
    return struct.pack("!HHI", 0x0001, 0, _COOKIE) + os.urandom(12)


def mapped(response: bytes) -> tuple[str, int]:
    """The XOR-MAPPED-ADDRESS of a response (RFC 8489 section 14.2); raises ValueError where it has none."""
    offset = 20
    while offset + 4 <= len(response):
        kind, size = struct.unpack_from("!HH", response, offset)
        if kind == _XOR_MAPPED:
            return _unmask(response[offset + 4 : offset + 4 + size], response[4:20])
        offset += 4 + size + -size % 4
    raise ValueError(f"no XOR-MAPPED-ADDRESS in {response.hex()}")


def _unmask(value: bytes, mask: bytes) -> tuple[str, int]:
    port = int.from_bytes(value[2:4], "big") ^ (_COOKIE >> 16)
    host = bytes(a ^ b for a, b in zip(value[4:], mask, strict=False))
    return str(ipaddress.ip_address(host)), port


def _plain(connection: socket.socket, message: bytes, _ca: Path | None = None) -> bytes:
    connection.sendall(message)
    return connection.recv(2048)


def _tls(connection: socket.socket, message: bytes, ca: Path | None) -> bytes:
    context = ssl.create_default_context(cafile=ca)
    with context.wrap_socket(connection, server_hostname="turn.example.org") as tls:
        return _plain(tls, message)


def _dtls(connection: socket.socket, message: bytes, ca: Path | None) -> bytes:
    context = SSL.Context(SSL.DTLS_CLIENT_METHOD)
    if ca:
        context.load_verify_locations(ca)
    context.set_verify(SSL.VERIFY_PEER, lambda *trouble: bool(trouble[-1]))
    dtls = SSL.Connection(context)
    dtls.set_connect_state()
    _dtls_step(connection, dtls, dtls.do_handshake)
    dtls.send(message)
    return bytes(_dtls_step(connection, dtls, lambda: dtls.recv(2048)))


def _dtls_step(connection: socket.socket, dtls: SSL.Connection, step: Callable[[], _T]) -> _T:
    while True:
        try:
            return step()
        except SSL.WantReadError:
            _flush(connection, dtls)
            dtls.bio_write(connection.recv(65536))
        finally:
            _flush(connection, dtls)


def _flush(connection: socket.socket, dtls: SSL.Connection) -> None:
    try:
        connection.sendall(dtls.bio_read(65536))
    except SSL.WantReadError:
        return


_EXCHANGES: dict[str, tuple[socket.SocketKind, Exchange]] = {
    "udp": (socket.SOCK_DGRAM, _plain),
    "tcp": (socket.SOCK_STREAM, _plain),
    "tls": (socket.SOCK_STREAM, _tls),
    "dtls": (socket.SOCK_DGRAM, _dtls),
}


def is_silent(box: Namespace, host: str, port: int = 3478, *, source_port: int = 0) -> bool:
    """Whether a request over UDP gets neither an answer nor an error within a second."""
    answer = ask(box, "udp", host, port, source_port=source_port, wait_s=1.0)
    return answer.trouble == "TimeoutError: timed out"


def exchange(
    transport: str, host: str, port: int, *, ca: Path | None, source_port: int, wait_s: float = _WAIT_S
) -> Answer:
    """Asks from here. What goes wrong on the way is part of the answer."""
    kind, talk = _EXCHANGES[transport]
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, kind) as connection:
        connection.settimeout(wait_s)
        connection.setsockopt(*_RECVERR[family], 1)  # or the kernel keeps "host unreachable" to itself
        try:
            connection.bind(("", source_port))
            connection.connect((host, port))
            local = connection.getsockname()[:2]
            started = time.monotonic()
            answer = mapped(talk(connection, request(), ca))
        except (OSError, SSL.Error) as trouble:
            return Answer(trouble=f"{type(trouble).__name__}: {trouble}")
        return Answer(mapped=answer, local=local, rtt_ms=(time.monotonic() - started) * 1000.0)


def main() -> None:
    """Asks once and prints the answer as JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.lab.ask")
    parser.add_argument("transport", choices=tuple(_EXCHANGES))
    parser.add_argument("host")
    parser.add_argument("port", type=int, nargs="?", default=3478)
    parser.add_argument("--ca", type=Path)
    parser.add_argument("--source-port", type=int, default=0)
    parser.add_argument("--wait", type=float, default=_WAIT_S)
    told = parser.parse_args()
    answer = exchange(told.transport, told.host, told.port, ca=told.ca, source_port=told.source_port, wait_s=told.wait)
    sys.stdout.write(msgspec.json.encode(answer).decode() + "\n")


if __name__ == "__main__":
    main()
