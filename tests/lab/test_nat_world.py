"""The NAT lab is what its scenarios claim, proved by a hand-made client."""

import signal
import sys
from collections.abc import Iterator
from typing import Literal

import pytest

from tests.lab import namespace, process
from tests.lab.ask import ask, is_silent
from tests.lab.behaviour import Behaviour, Path
from tests.lab.layout import INTERNET_IPV4, INTERNET_IPV6
from tests.lab.link import Shape
from tests.lab.natworld import NatWorld

pytestmark = [pytest.mark.lab, pytest.mark.tun]

_ASK_IN_FRAGMENTS = """
import socket, struct, sys
from tests.lab.ask import request
own = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
own.settimeout(0.5)
message = request()
own.sendto(message[:2] + struct.pack("!H", 3004) + message[4:] + struct.pack("!HH", 0xC999, 3000) + bytes(3000),
           (sys.argv[1], 3478))
sys.exit(0 if own.recv(9000)[4:20] == message[4:20] else 2)
"""
_UP_UNTIL_KILLED = """
import signal
from tests.lab.natworld import NatWorld
with NatWorld():
    print("up", flush=True)
    signal.pause()
"""


@pytest.fixture(scope="module")
def nat_world() -> Iterator[NatWorld]:
    """One world for all."""
    with NatWorld() as world:
        yield world


def test_delay_comes_on_top_and_nothing_else(nat_world: NatWorld) -> None:
    host = nat_world.hosts[0]
    host.use(Path(ipv4=(Behaviour(),), up=Shape(delay_ms=20), down=Shape(delay_ms=30)))
    rtt_ms = ask(host.box, "udp", INTERNET_IPV4[0]).rtt_ms
    assert rtt_ms is not None
    assert rtt_ms >= 50


def test_loss_is_each_ways_own(nat_world: NatWorld) -> None:
    host = nat_world.hosts[0]
    host.use(Path(ipv4=(Behaviour(),), down=Shape(loss=1.0)))
    assert is_silent(host.box, INTERNET_IPV4[0])
    ways = [line.split()[2] for line in host.trace()]
    assert ways == ["out", "in"]


def test_only_some_tcp_ports_are_open(nat_world: NatWorld) -> None:
    host = nat_world.hosts[0]
    host.use(Path(ipv4=(Behaviour(tcp_ports=((3478, 3478),), tcp_refusal="rejected"),)))
    assert ask(host.box, "tcp", INTERNET_IPV4[0]).mapped is not None
    assert "refused" in str(ask(host.box, "tcp", INTERNET_IPV4[0], 3479).trouble)


def test_rejected_udp_is_told_to_the_sender(nat_world: NatWorld) -> None:
    host = nat_world.hosts[0]
    host.use(Path(ipv4=(Behaviour(udp="rejected"),)))
    assert "No route to host" in str(ask(host.box, "udp", INTERNET_IPV4[0]).trouble)


def test_a_port_that_nobody_has_is_told_through_two_nats(nat_world: NatWorld) -> None:
    host = nat_world.hosts[0]
    host.use(Path(ipv4=(Behaviour(), Behaviour())))
    assert "refused" in str(ask(host.box, "udp", INTERNET_IPV4[0], 9).trouble)


@pytest.mark.parametrize(("knob", "code"), [("passed", 0), ("dropped", 1)])
def test_fragments_pass_whole_or_get_lost(nat_world: NatWorld, knob: Literal["passed", "dropped"], code: int) -> None:
    host = nat_world.hosts[0]
    host.use(Path(ipv4=(Behaviour(fragments=knob),), ipv6=(Behaviour(fragments=knob),)))
    for target in (INTERNET_IPV4[0], INTERNET_IPV6[0]):
        assert host.box.run(sys.executable, "-c", _ASK_IN_FRAGMENTS, target).exit_code == code


def test_a_world_ends_with_its_program_even_if_that_is_interrupted() -> None:
    with process.Running([sys.executable, "-c", _UP_UNTIL_KILLED], cwd=namespace.CHECKOUT) as running:
        running.wait_for("up")
        assert namespace.owned_by(running.pid)
        running.interrupt(signal.SIGINT)
        running.wait()
        assert namespace.owned_by(running.pid) == ()
