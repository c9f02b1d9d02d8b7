"""Whatever happens to `natprobe connect`, the server holds no allocation of it afterwards (a real coturn says so)."""

import signal
from collections.abc import Iterator

import pytest

from tests.connecting.ends import SECRET, ended, line_of, start
from tests.lab.coturn import LONG_TERM, USER, Coturn, cloud_addresses
from tests.lab.layout import SERVER_IPV4, Client, HomeNat, Layout
from tests.lab.process import wait_until
from tests.lab.world import World

pytestmark = pytest.mark.lab

TURN = (f"turn:{SERVER_IPV4}", "-u", USER, "-4")
HOMES = Layout(
    clients=(
        Client(nat=HomeNat()),
        Client(
            name="other",
            ipv4="198.51.101.20/24",
            ipv6="2001:db8:101::20/64",
            nat=HomeNat(ipv4="10.8.0.2/24", ipv6="2001:db8:108::2/64"),
        ),
    )
)


@pytest.fixture
def world() -> Iterator[World]:
    """Two homes, and a server."""
    with World(HOMES) as built:
        yield built


def coturn(world: World) -> Coturn:
    return Coturn(world, *cloud_addresses(world), *LONG_TERM)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_it_waits(world: World, number: signal.Signals) -> None:
    server = coturn(world)
    with start(world.client, *TURN, secret=True) as running:
        line_of(running, "offer")
        assert not server.settles_at(0, 0.2)
        running.interrupt(number)
        assert ended(running).code == 130
    assert server.settles_at(0)


def test_a_signal_during_the_call_and_its_end_by_itself(world: World) -> None:
    server = coturn(world)
    with start(world.client, *TURN, "--policy", "relay", secret=True) as offering:
        offer = line_of(offering, "offer")
        with start(world["other"], offer, *TURN, "--policy", "relay", secret=True) as answering:
            offering.enter(line_of(answering, "answer") + "\n")
            answering.interrupt()
            assert ended(answering).code == 130
        ended(offering)
    assert server.settles_at(0)


def test_the_deadline(world: World) -> None:
    server = coturn(world)
    with start(world.client, *TURN, "--timeout", "4", secret=True) as running:
        assert ended(running).code == 4
    assert server.settles_at(0)


def test_a_page_that_nobody_opens(world: World) -> None:
    server = coturn(world)
    with start(world.client, "--browser", *TURN, secret=True) as running:
        running.wait_for("http://127.0.0.1")
        assert wait_until(lambda: not server.settles_at(0, 0.05), 10.0)
        running.interrupt()
        assert ended(running).code == 130
    assert server.settles_at(0)
    assert SECRET["NATPROBE_PASSWORD"] not in running.stderr()
