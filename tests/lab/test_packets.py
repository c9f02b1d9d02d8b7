"""Packets of the lab: taken apart, put together, in pieces, damaged."""

import random
import struct
from collections.abc import Callable
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab.behaviour import Behaviour, Path
from tests.lab.fragments import Reassembler, piece
from tests.lab.packets import Endpoint, Packet, build, checksum, echo, endpoint, error, parse, parse_quote, tcp, udp
from tests.lab.router import Router

Make = Callable[[Endpoint, Endpoint, bytes], Packet]
Cut = Callable[[bytes], list[bytes]]
NEAR = {4: endpoint("10.7.0.2", 5000), 6: endpoint("fd00:7::2", 5000)}
FAR = {4: endpoint("192.0.2.34", 3478), 6: endpoint("2001:db8:192::34", 3478)}


def summed(data: bytes) -> int:
    """RFC 1071 by the book."""
    data += b"\0" * (len(data) % 2)
    total = sum(int.from_bytes(data[at : at + 2]) for at in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


@given(st.binary(max_size=64))
def test_the_short_way_to_a_checksum_is_right(data: bytes) -> None:
    assert checksum(data) == summed(data)


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("make", [udp, tcp, lambda near, far, _: echo(near, far)])
def test_what_is_built_is_parsed_and_its_sums_are_zero(version: int, make: Make) -> None:
    data = build(make(NEAR[version], FAR[version], b"odd"))
    packet = parse(data)
    assert packet is not None
    assert build(packet) == data
    if version == 4:
        assert checksum(data[:20]) == 0


@given(st.binary(max_size=40))
def test_a_datagram_has_a_sum_even_where_it_comes_out_as_zero(payload: bytes) -> None:
    even = payload + bytes(len(payload) % 2)
    first = build(udp(NEAR[4], FAR[4], even + b"\0\0"))
    # The old sum as two more bytes makes the new one zero, which would say that there is none (RFC 768).
    second = build(udp(NEAR[4], FAR[4], even + first[26:28]))
    assert second[26:28] == b"\xff\xff"


@given(st.binary(max_size=80))
def test_damaged_packets_are_nothing(data: bytes) -> None:
    for sample in (data, b"\x45" + data, b"\x60" + data):
        parse(sample)
        parse_quote(sample)
        piece(sample)
        Router(Path(ipv4=(Behaviour(pool=("198.51.100.20",)),))).forward("far", sample, 0.0)


def cut_ipv4(data: bytes) -> list[bytes]:
    """A packet in pieces of 16 bytes of body."""
    body = data[20:]
    return [
        data[:2]
        + struct.pack("!H", 20 + len(body[at : at + 16]))
        + data[4:6]
        + struct.pack("!H", at // 8 | (0x2000 if at + 16 < len(body) else 0))
        + data[8:20]
        + body[at : at + 16]
        for at in range(0, len(body), 16)
    ]


def cut_ipv6(data: bytes) -> list[bytes]:
    """The same with the fragment header of RFC 8200 section 4.5."""
    body = data[40:]
    return [
        data[:4]
        + struct.pack("!HBB", 8 + len(body[at : at + 16]), 44, data[7])
        + data[8:40]
        + struct.pack("!BBHI", data[6], 0, at | (at + 16 < len(body)), 77)
        + body[at : at + 16]
        for at in range(0, len(body), 16)
    ]


@pytest.mark.parametrize(("version", "cut"), [(4, cut_ipv4), (6, cut_ipv6)])
@given(order=st.randoms())
def test_pieces_make_a_whole_in_any_order(version: int, cut: Cut, order: random.Random) -> None:
    packet = udp(NEAR[version], FAR[version], bytes(range(61)))
    pieces = cut(build(packet))
    order.shuffle(pieces)
    reassembler = Reassembler()
    whole = [made for each in pieces if (part := piece(each)) and (made := reassembler.add(part))]
    assert len(whole) == 1
    found = parse(whole[0])
    assert found is not None
    assert (found.source, found.payload) == (packet.source, packet.payload)


def test_a_router_translates_fragments_or_drops_them() -> None:
    packet = build(udp(NEAR[4], FAR[4], bytes(100)))
    knobs: tuple[tuple[Literal["passed", "dropped"], int], ...] = (("passed", 1), ("dropped", 0))
    for fragments, wholes in knobs:
        router = Router(Path(ipv4=(Behaviour(pool=("198.51.100.20",), fragments=fragments),)))
        left = [out for each in cut_ipv4(packet) for out in router.forward("near", each, 0.0)]
        assert len(left) == wholes
        assert all((found := parse(out.packet)) and found.payload == bytes(100) for out in left)


def test_a_quoted_packet_may_be_cut_short() -> None:
    told = error(udp(NEAR[4], FAR[4], bytes(2000)), "port-unreachable", FAR[4].host)
    about = parse_quote(told.payload)
    assert about is not None
    assert (about.source, len(told.payload)) == (NEAR[4], 548)
