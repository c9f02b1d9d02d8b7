"""DTLS records as datagrams: cut at record borders, and numbered so that a repeated flight is not taken for a replay.

OpenSSL waits a second before it repeats a flight. We repeat ours sooner, but a receiver drops a record whose number it
has seen (RFC 6347 section 4.1.2.6), and an answer that was lost would stay lost. Records of epoch 0 are not protected,
so every one of them gets the next number of our own on its way out. Later epochs are authenticated and go as they are.
"""

import struct

from natprobe.net.session import DATAGRAM_LIMIT

_HEADER = struct.Struct("!BHH6sH")  # type, version, epoch, sequence number, length: RFC 6347 section 4.1


class Packer:
    """Turns the records that OpenSSL writes into datagrams."""

    def __init__(self) -> None:
        self._next_number = 0

    def pack(self, records: bytes) -> tuple[bytes, ...]:
        """Datagrams of whole records, each at most 1200 bytes unless a single record is larger."""
        datagrams: list[bytes] = []
        for record in _split(records):
            numbered = self._number(record)
            if datagrams and len(datagrams[-1]) + len(numbered) <= DATAGRAM_LIMIT:
                datagrams[-1] += numbered
            else:
                datagrams.append(numbered)
        return tuple(datagrams)

    def again(self, flight: tuple[bytes, ...]) -> tuple[bytes, ...]:
        """The same flight, to be sent once more."""
        return self.pack(b"".join(flight))

    def _number(self, record: bytes) -> bytes:
        if len(record) < _HEADER.size:
            return record
        kind, version, epoch, _number, length = _HEADER.unpack_from(record)
        if epoch != 0:
            return record
        number = self._next_number.to_bytes(6, "big")
        self._next_number += 1
        return _HEADER.pack(kind, version, epoch, number, length) + record[_HEADER.size :]


def _split(records: bytes) -> list[bytes]:
    pieces = []
    start = 0
    while start < len(records):
        end = len(records)
        if end - start >= _HEADER.size:
            end = min(end, start + _HEADER.size + _HEADER.unpack_from(records, start)[4])
        pieces.append(records[start:end])
        start = end
    return pieces
