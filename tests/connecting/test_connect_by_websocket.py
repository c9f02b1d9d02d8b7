"""Two natprobes find each other through a WebSocket that somebody else serves (npm's ws), over TLS and without."""

from collections.abc import Iterator

import pytest

from tests.connecting.ends import STUN, End, behind, ended, start
from tests.lab.certificates import Authority
from tests.lab.layout import INTERNET_IPV4
from tests.lab.natworld import NatWorld
from tests.lab.node import Node

pytestmark = [pytest.mark.lab, pytest.mark.tun, pytest.mark.deployments, pytest.mark.timeout(180)]

HOST = INTERNET_IPV4[0]
PLAIN, SECURE = f"ws://{HOST}:8080/room-7", f"wss://{HOST}:8443/room-7"


@pytest.fixture(scope="module")
def world(authority: Authority) -> Iterator[NatWorld]:
    """One world for all, with both relays."""
    with NatWorld(2) as built:
        issued = authority.issue("good", HOST)
        Node(built, "relay", port=8080, where=built.internet)
        Node(built, "relay", port=8443, where=built.internet, cert=issued.chain, key=issued.key)
        yield built


def through(world: NatWorld, url: str, *more: str, answering_first: bool) -> tuple[End, End]:
    """A call whose lines go through `url`."""
    a, b = behind(world, "EIM/APDF", "EIM/ADF")
    arguments = (STUN, "-4", "--via", url, *more)
    first, second = ((b, "--answer"), (a,)) if answering_first else ((a,), (b, "--answer"))
    with start(first[0], *arguments, *first[1:]) as one:
        one.wait_for("natprobe: gathered")
        with start(second[0], *arguments, *second[1:]) as other:
            ends = ended(one), ended(other)
    return ends if answering_first else (ends[1], ends[0])


@pytest.mark.parametrize("answering_first", [True, False])
def test_whichever_side_is_there_first_the_two_connect(world: NatWorld, *, answering_first: bool) -> None:
    for end in through(world, PLAIN, answering_first=answering_first):
        assert (end.code, end.findings) == (0, set())
        assert "connected directly" in end.check["summary"]
        assert "natprobe-offer" not in end.done.stdout + end.done.stderr


def test_over_tls_with_an_authority_of_ones_own(world: NatWorld, authority: Authority) -> None:
    for end in through(world, SECURE, "--ca-file", str(authority.root), answering_first=True):
        assert (end.code, end.findings) == (0, set())


def test_a_certificate_that_is_not_good_is_no_way_to_carry_a_password(world: NatWorld) -> None:
    a, _ = behind(world, "EIM/APDF", "EIM/ADF")
    with start(a, STUN, "-4", "--via", SECURE) as running:
        end = ended(running)
    assert end.code == 4
    assert "its certificate is not good" in end.check["summary"]


def test_a_websocket_that_does_not_open_leaves_the_call_untold(world: NatWorld) -> None:
    a, _ = behind(world, "EIM/APDF", "EIM/ADF")
    with start(a, STUN, "-4", "--via", f"ws://{HOST}:9/") as running:
        end = ended(running)
    assert (end.code, end.check["status"]) == (4, "inconclusive")
    assert end.check["summary"].startswith("no call: the WebSocket that was to carry the lines: Connect")


def test_two_sides_that_both_offer_are_told(world: NatWorld) -> None:
    a, b = behind(world, "EIM/APDF", "EIM/ADF")
    arguments = (STUN, "-4", "--via", PLAIN)
    with start(a, *arguments) as one, start(b, *arguments) as other:
        one.wait_for("another side offers too")
        for running in (one, other):
            running.interrupt()
            assert ended(running).code == 130
