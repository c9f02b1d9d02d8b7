"""What is heard on a raw ICMP socket: other people's errors, and bytes that are none, name no router."""

import importlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from natprobe.address import Address
from natprobe.net import raw
from natprobe.net.overhear import Overheard

SCAPY = raw.load()
ROUTER = "192.0.2.7"


class Heard:
    """A socket on which these packets have arrived."""

    def __init__(self, *packets: bytes, host: str = ROUTER) -> None:
        self._packets, self._host = list(packets), host

    def recvfrom(self, _size: int) -> tuple[bytes, tuple[str, int]]:
        """The next one; BlockingIOError where there is none."""
        if not self._packets:
            raise BlockingIOError
        return self._packets.pop(0), (self._host, 0)


def exceeded(family: int, port: int, kind: int | None = None) -> bytes:
    """An error about a UDP packet from `port`, as a raw socket of that family gives it."""
    inet, inet6 = importlib.import_module("scapy.layers.inet"), importlib.import_module("scapy.layers.inet6")
    if family == 4:
        quoted = inet.IP(src="10.0.0.1", dst="203.0.113.1") / inet.UDP(sport=port, dport=3478)
        return bytes(inet.IP(src=ROUTER, dst="10.0.0.1") / inet.ICMP(type=11 if kind is None else kind) / quoted)
    quoted = inet6.IPv6(src="2001:db8::1", dst="2001:db8::2") / inet.UDP(sport=port, dport=3478)
    return bytes(inet6.ICMPv6TimeExceeded() / quoted)


def listening(family: Any, *packets: bytes, host: str = ROUTER) -> Overheard:
    heard: Any = Heard(*packets, host=host)
    ear = Overheard(heard, family, SCAPY)
    ear.read()
    return ear


@pytest.mark.parametrize(("family", "host"), [(4, ROUTER), (6, "2001:db8::7")])
def test_a_router_is_named_by_the_port_of_the_packet_that_died(family: int, host: str) -> None:
    ear = listening(family, exceeded(family, 40001), host=host)
    assert ear.offender(40001) == Address(host, 0)
    assert ear.offender(40002) is None


def test_another_error_about_the_same_packet_names_nobody() -> None:
    assert listening(4, exceeded(4, 40001, kind=3)).offender(40001) is None


@given(st.binary(max_size=80), st.sampled_from([4, 6]))
def test_whatever_bytes_arrive_nothing_is_raised(data: bytes, family: int) -> None:
    ear = listening(family, data, b"\x03" + data, b"\x45" + data, exceeded(family, 40001)[:40] + data)
    assert ear.offender(0) is None or isinstance(ear.offender(0), Address)
