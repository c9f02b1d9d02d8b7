"""Who can reach an address, and who stands next to it."""

import pytest

from natprobe.address import kind_of, same_network


@pytest.mark.parametrize(
    ("host", "kind"),
    [
        ("192.0.2.1", "public"),  # documentation addresses are the labs' Internet
        ("2001:db8::1", "public"),
        ("10.255.255.255", "private"),
        ("11.0.0.0", "public"),
        ("172.31.255.255", "private"),
        ("172.32.0.0", "public"),
        ("192.168.0.1", "private"),
        ("192.169.0.1", "public"),
        ("fdff::1", "private"),
        ("fe00::1", "public"),
        ("100.64.0.1", "cgnat"),
        ("100.128.0.1", "public"),
        ("127.255.0.1", "loopback"),
        ("::1", "loopback"),
        ("::2", "public"),
        ("169.254.1.1", "link-local"),
        ("febf::1", "link-local"),
        ("fec0::1", "public"),
        ("239.255.255.255", "multicast"),
        ("240.0.0.1", "public"),
        ("ff02::1", "multicast"),
        ("0.1.2.3", "unspecified"),
        ("::", "unspecified"),
        ("::ffff:10.0.0.1", "private"),
    ],
)
def test_the_prefix_says_who_can_reach_it(host: str, kind: str) -> None:
    assert kind_of(host) == kind


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("10.7.0.2", "10.7.0.200", True),
        ("10.7.0.2", "10.7.1.2", False),
        ("fd00::1", "fd00::ffff:0:0:2", True),
        ("fd00::1", "fd00:0:0:1::1", False),
        ("10.7.0.2", "a07:2::", False),
    ],
)
def test_neighbours_share_the_network_part_of_their_addresses(one: str, other: str, same: object) -> None:
    assert same_network(one, other) is same
