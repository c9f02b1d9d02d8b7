"""RFC 5780 by hand, on a line without loss: it proves the lab's NATs, and shares no code with natprobe.

Inside a namespace: `python -m tests.lab.classify`; it prints a JSON list, IPv4 and IPv6.
"""

import socket
import struct
import sys
import time
from collections.abc import Iterator

import msgspec

from tests.lab.ask import mapped, request
from tests.lab.layout import INTERNET_IPV4, INTERNET_IPV6
from tests.lab.namespace import Namespace

_WAIT_S = 0.25
_CHANGE_REQUEST, _CHANGE_IP, _CHANGE_PORT = 0x0003, 4, 2
_PORTS = (3478, 3479)


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen, in RFC 4787's words; None where nothing was."""

    mapping: str | None = None
    filtering: str | None = None
    mapped: tuple[tuple[str, int], ...] = ()
    """The endpoints as which one socket was seen by both hosts and both ports, in order."""
    local: tuple[str, int] | None = None
    trouble: str | None = None


def classify(box: Namespace) -> tuple[Verdict, Verdict]:
    """The verdicts for IPv4 and IPv6, as seen from inside `box`."""
    done = box.run(sys.executable, "-m", "tests.lab.classify")
    assert done.exit_code == 0, done.stderr
    return msgspec.json.decode(done.stdout, type=tuple[Verdict, Verdict])


def _asked(own: socket.socket, server: tuple[str, int], change: int = 0) -> tuple[str, int] | None:
    message = request()
    if change:
        message = message[:2] + struct.pack("!H", 8) + message[4:] + struct.pack("!HHI", _CHANGE_REQUEST, 4, change)
    own.sendto(message, server)
    deadline = time.monotonic() + _WAIT_S
    while (left := deadline - time.monotonic()) > 0:
        own.settimeout(left)
        try:
            answer = own.recv(2048)
        except TimeoutError:
            return None
        if answer[4:20] == message[4:20]:
            return mapped(answer)
    return None


def _open(host: str) -> socket.socket:
    own = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    with socket.socket(own.family, socket.SOCK_DGRAM) as dialled:
        dialled.connect((host, 1))
        own.bind((dialled.getsockname()[0], 0))
    return own


def _mapping(seen: tuple[tuple[str, int], ...], local: tuple[str, int]) -> str:
    if set(seen) == {local}:
        return "none"
    if len(set(seen)) == 1:
        return "endpoint-independent"
    return "address-dependent" if seen[0] == seen[1] and seen[2] == seen[3] else "address-and-port-dependent"


def _filtering(server: tuple[str, int]) -> str:
    for change, name in ((_CHANGE_IP | _CHANGE_PORT, "endpoint-independent"), (_CHANGE_PORT, "address-dependent")):
        with _open(server[0]) as own:
            if _asked(own, server, change):
                return name
    return "address-and-port-dependent"


def _verdict(hosts: tuple[str, str]) -> Verdict:
    try:
        with _open(hosts[0]) as own:
            local = own.getsockname()[:2]
            seen = tuple(_asked(own, (host, port)) for host in hosts for port in _PORTS)
    except OSError as trouble:
        return Verdict(trouble=str(trouble))
    known = tuple(each for each in seen if each)
    if len(known) < len(seen):
        return Verdict(mapped=known)
    return Verdict(
        mapping=_mapping(known, local), filtering=_filtering((hosts[0], _PORTS[0])), mapped=known, local=local
    )


def _verdicts() -> Iterator[Verdict]:
    for hosts in (INTERNET_IPV4, INTERNET_IPV6):
        yield _verdict(hosts)


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(tuple(_verdicts())))
