"""Puts IP fragments together again (RFC 791 section 3.2, RFC 8200 section 4.5): a NAT must know the ports. Pure."""

import struct
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.lab.packets import FRAGMENT

_KEPT = 64
_MOST_BYTES = 65535


class Piece(NamedTuple):
    """One fragment."""

    key: bytes
    """What all fragments of a packet share."""
    offset: int
    more: bool
    header: bytes
    data: bytes

    @property
    def version(self) -> int:
        """4 or 6."""
        return self.header[0] >> 4


def piece(data: bytes) -> Piece | None:
    """The fragment in `data`; None where it is a whole packet, or none at all."""
    if len(data) >= 20 and data[0] >> 4 == 4:
        return _piece_ipv4(data)
    if len(data) >= 48 and data[0] >> 4 == 6 and data[6] == FRAGMENT:
        return _piece_ipv6(data)
    return None


def _piece_ipv4(data: bytes) -> Piece | None:
    header, total, flags = (data[0] & 15) * 4, int.from_bytes(data[2:4]), int.from_bytes(data[6:8])
    if not flags & 0x3FFF or not 20 <= header <= total <= len(data):
        return None
    key = data[4:6] + data[9:10] + data[12:20]
    return Piece(key, (flags & 0x1FFF) * 8, bool(flags & 0x2000), data[:header], data[header:total])


def _piece_ipv6(data: bytes) -> Piece | None:
    total, word = 40 + int.from_bytes(data[4:6]), int.from_bytes(data[42:44])
    if not 48 <= total <= len(data):
        return None
    header = data[:6] + data[40:41] + data[7:40]
    return Piece(data[44:48] + data[8:40], word & 0xFFF8, bool(word & 1), header, data[48:total])


@dataclass(slots=True)
class _Heap:
    header: bytes = b""
    pieces: dict[int, bytes] = field(default_factory=dict)
    size: int | None = None


class Reassembler:
    """Keeps fragments until their packet is whole; forgets the oldest where too many wait."""

    def __init__(self) -> None:
        self._heaps: dict[bytes, _Heap] = {}

    def add(self, part: Piece) -> bytes | None:
        """The whole packet, once its last fragment is here."""
        heap = self._heaps.setdefault(part.key, _Heap())
        heap.pieces[part.offset] = part.data
        if part.offset == 0:
            heap.header = part.header
        if not part.more:
            heap.size = part.offset + len(part.data)
        body = _whole(heap)
        if body is not None or len(self._heaps) > _KEPT:
            del self._heaps[part.key if body is not None else next(iter(self._heaps))]
        return None if body is None else _with_header(heap.header, body)


def _whole(heap: _Heap) -> bytes | None:
    if heap.size is None or not heap.header:
        return None
    body = b"".join(data for offset, data in sorted(heap.pieces.items()) if offset < heap.size)
    return body if len(body) == heap.size <= _MOST_BYTES else None


def _with_header(header: bytes, body: bytes) -> bytes:
    if header[0] >> 4 == 6:
        return header[:4] + struct.pack("!H", len(body)) + header[6:] + body
    return header[:2] + struct.pack("!H", len(header) + len(body)) + header[4:6] + b"\0\0" + header[8:] + body
