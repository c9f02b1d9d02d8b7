"""DTLS records: cut at their borders, numbered anew."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from natprobe.net.records import Packer
from natprobe.net.session import DATAGRAM_LIMIT


def record(size: int, *, epoch: int = 0, number: int = 0, fill: int = 0xAB) -> bytes:
    return struct.pack("!BHH6sH", 22, 0xFEFD, epoch, number.to_bytes(6, "big"), size) + bytes([fill]) * size


def headers(datagrams: tuple[bytes, ...]) -> list[tuple[int, int]]:
    found = []
    for datagram in datagrams:
        start = 0
        while start < len(datagram):
            _, _, epoch, number, length = struct.unpack_from("!BHH6sH", datagram, start)
            found.append((epoch, int.from_bytes(number, "big")))
            start += 13 + length
        assert start == len(datagram)
    return found


def test_records_share_a_datagram_up_to_the_limit() -> None:
    datagrams = Packer().pack(record(500) + record(500) + record(500))
    assert [len(each) for each in datagrams] == [2 * 513, 513]


def test_a_record_above_the_limit_travels_alone_and_whole() -> None:
    datagrams = Packer().pack(record(10) + record(2000) + record(10))
    assert [len(each) for each in datagrams] == [23, 2013, 23]


def test_a_repeated_flight_is_no_replay() -> None:
    packer = Packer()
    first = packer.pack(record(100) + record(100, number=1))
    again = packer.again(first)
    then = packer.pack(record(50, number=2))
    assert headers(first + again + then) == [(0, number) for number in range(5)]


def test_an_authenticated_record_is_left_as_it_is() -> None:
    packer = Packer()
    finished = record(40, epoch=1, number=0)
    assert packer.pack(record(10, number=7) + finished)[0].endswith(finished)
    assert packer.again((finished,)) == (finished,)


def test_nothing_makes_no_datagram() -> None:
    assert Packer().pack(b"") == ()


@given(st.binary(max_size=300))
def test_any_bytes_come_through_in_full_length(data: bytes) -> None:
    assert len(b"".join(Packer().pack(data))) == len(data)


@given(st.lists(st.integers(0, 1500), min_size=1, max_size=20))
def test_no_datagram_is_above_the_limit_without_need(sizes: list[int]) -> None:
    for datagram in Packer().pack(b"".join(record(size) for size in sizes)):
        assert len(datagram) <= DATAGRAM_LIMIT or len(headers((datagram,))) == 1
