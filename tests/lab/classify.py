"""RFC 5780 by hand, on a line without loss: it proves the lab's NATs, and shares no code with natprobe.

Inside a namespace: `python -m tests.lab.classify SECONDS`; it prints a JSON list, IPv4 and IPv6.
"""

import contextlib
import socket
import struct
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec

from tests.lab.ask import mapped, request
from tests.lab.layout import INTERNET_IPV4, INTERNET_IPV6
from tests.lab.namespace import Namespace

_WAIT_S = 0.4
_GRACE_S = 0.05
_CHANGE_REQUEST, _CHANGE_IP, _CHANGE_PORT = 0x0003, 4, 2
_PORTS = (3478, 3479)
Host = tuple[str, int]


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen, in RFC 4787's words; None where nothing was."""

    mapping: str | None = None
    filtering: str | None = None
    mapped: tuple[tuple[str, int], ...] = ()
    """The endpoints as which one socket was seen by both hosts and both ports, in order."""
    local: tuple[str, int] | None = None
    trouble: str | None = None


def classify(box: Namespace, *, wait_s: float = _WAIT_S) -> tuple[Verdict, Verdict]:
    """The verdicts for IPv4 and IPv6, as seen from inside `box`; silence is what lasts for `wait_s`."""
    done = box.run(sys.executable, "-m", "tests.lab.classify", str(wait_s))
    assert done.exit_code == 0, done.stderr
    return msgspec.json.decode(done.stdout, type=tuple[Verdict, Verdict])


def _ask(own: socket.socket, server: Host, change: int = 0) -> bytes:
    message = request()
    if change:
        message = message[:2] + struct.pack("!H", 8) + message[4:] + struct.pack("!HHI", _CHANGE_REQUEST, 4, change)
    own.sendto(message, server)
    return message[4:20]


def _answers(own: socket.socket, asked: Sequence[bytes], wait_s: float) -> tuple[Host, ...]:
    """The mapped addresses in the answers, in the order of the questions; those that stayed silent are left out."""
    found: dict[bytes, Host] = {}
    deadline = time.monotonic() + wait_s
    while len(found) < len(asked) and (left := deadline - time.monotonic()) > 0:
        own.settimeout(left)
        with contextlib.suppress(TimeoutError):
            answer = own.recv(2048)
            if answer[4:20] in asked:
                found[answer[4:20]] = mapped(answer)
    return tuple(found[each] for each in asked if each in found)


def _open(host: str) -> socket.socket:
    own = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    with socket.socket(own.family, socket.SOCK_DGRAM) as dialled:
        dialled.connect((host, 1))
        own.bind((dialled.getsockname()[0], 0))
    return own


def _mapping(seen: tuple[Host, ...], local: Host) -> str:
    if set(seen) == {local}:
        return "none"
    if len(set(seen)) == 1:
        return "endpoint-independent"
    return "address-dependent" if seen[0] == seen[1] and seen[2] == seen[3] else "address-and-port-dependent"


def _filtering(server: Host, wait_s: float) -> str:
    with _open(server[0]) as far, _open(server[0]) as near:
        asked = _ask(far, server, _CHANGE_IP | _CHANGE_PORT), _ask(near, server, _CHANGE_PORT)
        if _answers(far, asked[:1], wait_s):
            return "endpoint-independent"
        # By now the other answer has had its time as well.
        return "address-dependent" if _answers(near, asked[1:], _GRACE_S) else "address-and-port-dependent"


def _verdict(hosts: tuple[str, str], wait_s: float) -> Verdict:
    try:
        with _open(hosts[0]) as own:
            local = own.getsockname()[:2]
            asked = [_ask(own, (host, port)) for host in hosts for port in _PORTS]
            seen = _answers(own, asked, wait_s)
    except OSError as trouble:
        return Verdict(trouble=str(trouble))
    if len(seen) < len(asked):
        return Verdict(mapped=seen)
    filtering = _filtering((hosts[0], _PORTS[0]), wait_s)
    return Verdict(mapping=_mapping(seen, local), filtering=filtering, mapped=seen, local=local)


def main() -> None:
    """Asks over both families at once."""
    wait_s = float(sys.argv[1])
    with ThreadPoolExecutor() as threads:
        verdicts = tuple(threads.map(lambda hosts: _verdict(hosts, wait_s), (INTERNET_IPV4, INTERNET_IPV6)))
    sys.stdout.buffer.write(msgspec.json.encode(verdicts))


if __name__ == "__main__":
    main()
