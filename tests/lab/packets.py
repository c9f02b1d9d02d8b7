"""IP packets as an emulated router sees them: IPv4 and IPv6 carrying UDP, TCP or ICMP. Pure, with full checksums.

Hosts are packed (4 or 16 bytes), so that comparing and replacing them in a payload costs nothing.
"""

import ipaddress
import struct
from typing import NamedTuple

TCP, UDP, ICMP, FRAGMENT, ICMPV6 = 6, 17, 1, 44, 58
_TRANSPORT_HEADER = {UDP: 8, TCP: 20, ICMP: 8, ICMPV6: 8}
_CHECKSUM_AT = {UDP: 6, TCP: 16, ICMP: 2, ICMPV6: 2}
_ECHO = {ICMP: (8, 0), ICMPV6: (128, 129)}
_PORTS = struct.Struct("!HH")
ICMP_ERRORS = {ICMP: frozenset({3, 11, 12}), ICMPV6: frozenset({1, 2, 3, 4})}


class Endpoint(NamedTuple):
    """A packed host and a port; of an ICMP echo the port is its identifier."""

    host: bytes
    port: int

    def __str__(self) -> str:
        host = ipaddress.ip_address(self.host)
        return f"[{host}]:{self.port}" if host.version == 6 else f"{host}:{self.port}"


class Packet(NamedTuple):
    """A whole packet, taken apart. `body` is what follows the IP header, transport header included."""

    protocol: int
    source: Endpoint
    destination: Endpoint
    ttl: int
    body: bytes
    ident: int = 0
    """IPv4's identification, which fragments share."""
    dont_fragment: bool = False

    @property
    def version(self) -> int:
        """4 or 6."""
        return 4 if len(self.source.host) == 4 else 6

    @property
    def payload(self) -> bytes:
        """What the application sent; of an ICMP error, the packet that it is about."""
        return self.body[_header_size(self.protocol, self.body) :]

    @property
    def is_error(self) -> bool:
        """Whether this is an ICMP error about another packet."""
        return self.body[0] in ICMP_ERRORS.get(self.protocol, ())

    @property
    def size(self) -> int:
        """Bytes on the wire, IP header included."""
        return (20 if self.version == 4 else 40) + len(self.body)


def pack(host: str) -> bytes:
    """Raises ValueError for what is no IP literal."""
    return ipaddress.ip_address(host).packed


def endpoint(host: str, port: int) -> Endpoint:
    """An endpoint from text."""
    return Endpoint(pack(host), port)


def parse(data: bytes) -> Packet | None:
    """The packet in `data`; None for a fragment, and for what is damaged, foreign or too short to translate."""
    if len(data) < 20:
        return None
    return _parse_ipv4(data) if data[0] >> 4 == 4 else _parse_ipv6(data) if data[0] >> 4 == 6 else None


def _parse_ipv4(data: bytes) -> Packet | None:
    header, total = (data[0] & 15) * 4, int.from_bytes(data[2:4])
    fragment = int.from_bytes(data[6:8])
    if header < 20 or not header <= total <= len(data) or fragment & 0x3FFF:
        return None
    ident, dont_fragment = int.from_bytes(data[4:6]), bool(fragment & 0x4000)
    packet = _taken_apart(data[9], data[12:16], data[16:20], data[8], data[header:total])
    return packet and packet._replace(ident=ident, dont_fragment=dont_fragment)


def _parse_ipv6(data: bytes) -> Packet | None:
    if len(data) < 40 or (total := 40 + int.from_bytes(data[4:6])) > len(data):
        return None
    return _taken_apart(data[6], data[8:24], data[24:40], data[7], data[40:total])


def parse_quote(data: bytes) -> Packet | None:
    """The packet that an ICMP error is about, perhaps cut short; None where too little is left of it."""
    if len(data) < 28 or data[0] >> 4 not in (4, 6):
        return None
    if data[0] >> 4 == 4:
        header = (data[0] & 15) * 4
        ident, dont_fragment = int.from_bytes(data[4:6]), bool(data[6] & 0x40)
        packet = _taken_apart(data[9], data[12:16], data[16:20], data[8], data[header:])
        return packet and packet._replace(ident=ident, dont_fragment=dont_fragment)
    return _taken_apart(data[6], data[8:24], data[24:40], data[7], data[40:])


def quote(packet: Packet) -> bytes:
    """A packet as an ICMP error quotes it (RFC 792: the first bytes; RFC 4443: what fits into 1280)."""
    return build(packet)[: 548 if packet.version == 4 else 1232]


def _taken_apart(protocol: int, source: bytes, destination: bytes, ttl: int, body: bytes) -> Packet | None:
    if protocol not in _TRANSPORT_HEADER or len(body) < _TRANSPORT_HEADER[protocol]:
        return None
    if protocol in _ECHO and body[0] not in (*_ECHO[protocol], *ICMP_ERRORS[protocol]):
        return None
    ports = _ports(protocol, body)
    is_ipv6 = len(source) == 16
    return Packet(protocol, Endpoint(source, ports[0]), Endpoint(destination, ports[1]), ttl, body, 0, is_ipv6)


def _ports(protocol: int, body: bytes) -> tuple[int, int]:
    if protocol in (UDP, TCP):
        source, destination = _PORTS.unpack_from(body)
        return source, destination
    if body[0] not in _ECHO[protocol]:
        return 0, 0
    # RFC 5508 section 3.1: the identifier stands for the port, at the end that asked.
    ident = int.from_bytes(body[4:6])
    return (ident, 0) if body[0] == _ECHO[protocol][0] else (0, ident)


def _header_size(protocol: int, body: bytes) -> int:
    return max(20, (body[12] >> 4) * 4) if protocol == TCP else _TRANSPORT_HEADER[protocol]


def build(packet: Packet) -> bytes:
    """The packet's bytes, with its endpoints written into the headers and every checksum made anew."""
    body = seal(packet)
    if packet.version == 6:
        header = struct.pack("!IHBB", 6 << 28, len(body), packet.protocol, packet.ttl)
        return header + packet.source.host + packet.destination.host + body
    flags = 0x4000 if packet.dont_fragment else 0
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), packet.ident, flags, packet.ttl, packet.protocol, 0)
    head += packet.source.host + packet.destination.host
    return head[:10] + checksum(head).to_bytes(2) + head[12:] + body


def seal(packet: Packet) -> bytes:
    """The body with the endpoints' ports and a right checksum."""
    body = bytearray(packet.body)
    if packet.protocol in (UDP, TCP):
        _PORTS.pack_into(body, 0, packet.source.port, packet.destination.port)
    elif not packet.is_error and body[0] in _ECHO[packet.protocol]:
        body[4:6] = (packet.source.port or packet.destination.port).to_bytes(2)
    at = _CHECKSUM_AT[packet.protocol]
    body[at : at + 2] = b"\0\0"
    found = checksum(_pseudo_header(packet, len(body)) + body)
    if packet.protocol == UDP and found == 0:
        found = 0xFFFF  # RFC 768: zero means that there is none
    body[at : at + 2] = found.to_bytes(2)
    return bytes(body)


def _pseudo_header(packet: Packet, size: int) -> bytes:
    if packet.protocol == ICMP:
        return b""
    return packet.source.host + packet.destination.host + struct.pack("!II", size, packet.protocol)


def checksum(data: bytes | bytearray) -> int:
    """RFC 1071. The ones' complement sum of 16-bit words is the number modulo 65535, which needs no loop."""
    number = int.from_bytes(data) << (8 if len(data) % 2 else 0)
    return 0xFFFF - (number % 0xFFFF or (0xFFFF if number else 0))


def udp(source: Endpoint, destination: Endpoint, payload: bytes = b"", *, ttl: int = 64) -> Packet:
    """A datagram."""
    header = struct.pack("!HHHH", source.port, destination.port, 8 + len(payload), 0)
    return Packet(UDP, source, destination, ttl, header + payload)


def tcp(source: Endpoint, destination: Endpoint, payload: bytes = b"", *, flags: int = 0x02, ttl: int = 64) -> Packet:
    """A segment; a SYN where nothing else is said."""
    header = struct.pack("!HHIIBBHHH", source.port, destination.port, 0, 0, 5 << 4, flags, 65535, 0, 0)
    return Packet(TCP, source, destination, ttl, header + payload)


def echo(source: Endpoint, destination: Endpoint) -> Packet:
    """An echo request; its identifier is the source's port."""
    protocol = ICMP if len(source.host) == 4 else ICMPV6
    body = struct.pack("!BBHHH", _ECHO[protocol][0], 0, 0, source.port, 1)
    return Packet(protocol, source, destination._replace(port=0), 64, body)


_CODES = {
    "time-exceeded": ((11, 0), (3, 0)),
    "prohibited": ((3, 13), (1, 1)),
    "port-unreachable": ((3, 3), (1, 4)),
    "too-big": ((3, 4), (2, 0)),
}


def error(about: Packet, kind: str, sender: bytes, *, mtu: int = 0) -> Packet:
    """The ICMP error of that `kind` that `sender` tells the source of `about`."""
    protocol, code = (ICMP, _CODES[kind][0]) if about.version == 4 else (ICMPV6, _CODES[kind][1])
    body = struct.pack("!BBHI", *code, 0, mtu) + quote(about)
    return Packet(protocol, Endpoint(sender, 0), about.source._replace(port=0), 64, body)


def reset(segment: Packet) -> Packet:
    """The RST that refuses a TCP segment (RFC 9293 section 3.10.7.1)."""
    sequence = int.from_bytes(segment.body[4:8])
    header = struct.pack(
        "!HHIIBBHHH", segment.destination.port, segment.source.port, 0, (sequence + 1) % 2**32, 5 << 4, 0x14, 0, 0, 0
    )
    return Packet(TCP, segment.destination, segment.source, 64, header)
