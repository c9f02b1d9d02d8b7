"""Who lets packets of this host die on the way, where the system does not tell the socket that sent them?

Linux keeps ICMP errors for every socket (`natprobe.net.sockets`). Elsewhere they are heard on a raw ICMP socket, which
takes privilege (root), and scapy reads whose packet each one is about: the error quotes its first bytes (RFC 792, RFC
4443 section 3.3). Windows gives a raw socket no such errors.
"""

import asyncio
import contextlib
import socket
import sys
from collections.abc import Iterator
from typing import Any

from natprobe.address import Address
from natprobe.net import raw
from natprobe.net.sockets import FAMILIES, to_address
from natprobe.net.trouble import Family

_PROTOCOLS: dict[int, int] = {4: socket.IPPROTO_ICMP, 6: socket.IPPROTO_ICMPV6}
_LARGEST = 65535
_AT_ONCE = 64


class Overheard:
    """What was heard, by the local port of the packet that died. Made by `overhear`."""

    def __init__(self, sock: socket.socket, family: Family, scapy: Any) -> None:
        self._sock, self._family, self._scapy = sock, family, scapy
        self._offenders: dict[int, Address] = {}

    def offender(self, port: int) -> Address | None:
        """The router (port 0) at which a UDP packet from this local port came to its last hop; None if unheard."""
        return self._offenders.get(port)

    def read(self) -> None:
        """Called by the event loop."""
        for _ in range(_AT_ONCE):
            try:
                data, name = self._sock.recvfrom(_LARGEST)
            except OSError:
                return
            port = self._port(data)
            if port is not None:
                self._offenders.setdefault(port, Address(to_address(name).host, 0))

    def _port(self, data: bytes) -> int | None:
        """The quoted source port of an error that says "time exceeded". Whatever arrives, nothing is raised."""
        inet, inet6 = self._scapy.layers.inet, self._scapy.layers.inet6
        try:
            if self._family == 4:
                packet = inet.IP(data)
                exceeded = inet.ICMP in packet and packet[inet.ICMP].type == 11
                quoted = inet.UDPerror in packet
            else:
                packet = inet6.ICMPv6TimeExceeded(data) if data[:1] == b"\x03" else None
                exceeded = packet is not None
                quoted = packet is not None and inet.UDPerror in packet
            return int(packet[inet.UDPerror].sport) if exceeded and quoted else None
        except Exception:  # scapy raises what it likes on bytes that are no packet
            return None


@contextlib.contextmanager
def overhear(family: Family) -> Iterator[Overheard | str]:
    """Hears ICMP errors as long as the block lasts; or the clause that says why it cannot."""
    if sys.platform == "win32":
        yield "its raw sockets do not hear it either"
        return
    with contextlib.ExitStack() as stack:
        try:
            sock = stack.enter_context(socket.socket(FAMILIES[family], socket.SOCK_RAW, _PROTOCOLS[family]))
            sock.settimeout(0)
            ear = Overheard(sock, family, raw.load())
        except raw.ScapyMissing as missing:
            yield f"hearing it takes {missing}"
        except OSError:
            yield "hearing it takes the right to open raw sockets (root)"
        else:
            asyncio.get_running_loop().add_reader(sock, ear.read)
            stack.callback(asyncio.get_running_loop().remove_reader, sock)
            yield ear
