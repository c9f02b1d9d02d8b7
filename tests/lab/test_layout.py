"""Layouts as data: what TOML says is what is built, and what it misspells is told."""

import msgspec
import pytest

from tests.lab.layout import Client, HomeNat, Layout, Server, from_toml
from tests.lab.link import Shape
from tests.lab.wiring import gateway, wire

TOML = """
[[clients]]
nat = {ports = "random"}
shape = {delay_ms = 25.0, loss = 0.1}

[server]
docker0 = true
open_udp = [[3478, 3478]]
"""


def test_a_layout_is_read_from_toml() -> None:
    client = Client(nat=HomeNat(ports="random"), shape=Shape(delay_ms=25.0, loss=0.1))
    assert from_toml(TOML) == Layout(clients=(client,), server=Server(docker0=True, open_udp=((3478, 3478),)))


def test_a_misspelt_field_is_an_error() -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field `dokcer0`"):
        from_toml("[server]\ndokcer0 = true\n")


def test_a_client_behind_a_nat_gets_a_box_in_between() -> None:
    wiring = wire(from_toml(TOML))
    assert sorted(wiring.boxes) == ["client", "client-home", "cloud", "internet", "server"]
    assert [cable.near for cable in wiring.cables if cable.shape] == [("client-home", "wan")]


def test_a_gateway_is_the_first_host_of_a_network() -> None:
    assert gateway("198.51.100.20/24") == "198.51.100.1"
    assert gateway("192.0.2.130/25") == "192.0.2.129"
    assert gateway("2001:db8:100::20/64") == "2001:db8:100::1"
