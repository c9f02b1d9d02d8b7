"""Ctrl-C at every moment of a run: the report is written, and the server holds no allocation afterwards."""

import itertools
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import msgspec
import pytest

from natprobe.expectations import SAMPLES_AT_ONCE
from natprobe_reports.json import decode
from tests.lab.certificates import Authority
from tests.lab.coturn import LONG_TERM, PASSWORD, Coturn, cloud_addresses
from tests.lab.layout import TURN_PORTS, Client, Layout, Server
from tests.lab.link import Shape
from tests.lab.process import wait_until
from tests.lab.world import World, natprobe_command
from tests.ladder.case import static_user
from tests.ladder.hold import validator

pytestmark = [pytest.mark.lab, pytest.mark.tun]

AT_ONCE = 4
HANG_S = 4.0
"""After the signal: by far more than the second that cleaning up may take, for a machine that is busy."""
SIGNALS = (signal.SIGINT, signal.SIGTERM)
TARGETS = {
    "udp": ("turn:203.0.113.10?transport=udp", range(0, 380, 10)),
    "tcp": ("turn:203.0.113.10?transport=tcp", range(0, 440, 40)),
    "tls": ("turns:203.0.113.10?transport=tcp", range(0, 600, 50)),
    "dtls": ("turns:203.0.113.10?transport=udp", range(20, 600, 60)),
}
"""For each transport, when to interrupt: milliseconds after the run's start. A round trip takes 50 ms."""


@dataclass(frozen=True, slots=True)
class Lab:
    """A world with a slow link, and a coturn in it."""

    world: World
    coturn: Coturn
    authority: Authority
    starting: threading.Lock


@pytest.fixture(scope="module")
def lab(authority: Authority) -> Iterator[Lab]:
    """One world for all moments."""
    with World(Layout(clients=(Client(shape=Shape(delay_ms=25)),))) as world:
        certificate = authority.issue("good", "203.0.113.10")
        coturn = Coturn(world, *cloud_addresses(world), *LONG_TERM, *certificate.options)
        yield Lab(world, coturn, authority, threading.Lock())


@dataclass(frozen=True, slots=True)
class Ending:
    """How an interrupted run ended."""

    at_ms: int
    exit_code: int
    stdout: str
    stderr: str


def interrupted(lab: Lab, target: str, at_ms: int, number: signal.Signals) -> Ending:
    """One run that gets a signal so many milliseconds after its start."""
    with lab.starting:
        events = lab.world.new_file("events")
    said = (*static_user(), "--ca-file", str(lab.authority.root), "--json", "--record", str(events))
    with lab.world.client.start(*natprobe_command("check", target, *said)) as running:
        began = wait_until(lambda: events.exists() and b"run-started" in events.read_bytes(), 20.0)
        assert began, running.stderr()
        time.sleep(at_ms / 1000)
        running.interrupt(number)
        if at_ms % 20:  # an impatient user
            running.interrupt(number)
        done = running.wait(HANG_S)
    return Ending(at_ms, done.exit_code, done.stdout, done.stderr)


@pytest.mark.parametrize("transport", TARGETS)
def test_an_interruption_at_any_moment_leaves_a_report_and_no_allocation(lab: Lab, transport: str) -> None:
    target, moments = TARGETS[transport]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        play = zip(moments, itertools.cycle(SIGNALS))
        endings = list(pool.map(lambda each: interrupted(lab, target, *each), play))
    cut_off = [ending for ending in endings if ending.exit_code == 130]
    for ending in cut_off:
        report = decode(ending.stdout.encode())
        assert report.interrupted, ending
        assert not any(check.status == "error" for check in report.checks), ending
    for ending in cut_off[::8]:
        validator().validate(msgspec.json.decode(ending.stdout))
    assert {(ending.exit_code, ending.stderr) for ending in endings} <= {(130, ""), (0, "")}
    assert len(cut_off) > len(moments) // 2, "most of these moments are to lie within the run"
    assert lab.coturn.settles_at(0, timeout=10.0)
    assert not any(PASSWORD in ending.stdout for ending in endings)


def test_an_interruption_says_which_checks_it_cut_off(lab: Lab) -> None:
    ending = interrupted(lab, TARGETS["udp"][0], 60, signal.SIGINT)
    report = decode(ending.stdout.encode())
    told = {check.id for check in report.checks}
    assert {"turn.reach", "turn.allocate", "turn.relay-in", "turn.release"} <= told
    assert any(check.status == "inconclusive" and "not decided" in check.summary for check in report.checks)


def test_an_interruption_while_relayed_ports_are_looked_at_leaves_no_allocation() -> None:
    with World(Layout(server=Server(open_udp=TURN_PORTS))) as world:
        coturn = Coturn(world, *cloud_addresses(world), *LONG_TERM)
        command = natprobe_command("check", TARGETS["udp"][0], *static_user(), "--relay-samples", "8", "--json")
        with world.client.start(*command) as running:
            assert coturn.settles_at(2 + SAMPLES_AT_ONCE, timeout=20.0), running.stderr()
            running.interrupt(signal.SIGINT)
            done = running.wait(HANG_S)
        assert done.exit_code == 130
        cut_off = {check.id: check.summary for check in decode(done.stdout.encode()).checks}["turn.relay-range"]
        assert cut_off.startswith("not decided")
        assert coturn.settles_at(0, timeout=10.0)


def test_an_interruption_keeps_the_relayed_ports_that_were_looked_at() -> None:
    with World(Layout(server=Server(open_udp=TURN_PORTS))) as world:
        coturn = Coturn(world, *cloud_addresses(world), *LONG_TERM)
        events = world.new_file("events")
        words = ("check", TARGETS["udp"][0], *static_user(), "--relay-samples", "8", "--json", "--record", str(events))
        with world.client.start(*natprobe_command(*words)) as running:
            looked = wait_until(lambda: events.exists() and b'"relayed ports"' in events.read_bytes(), 20.0)
            assert looked, running.stderr()
            running.interrupt(signal.SIGINT)
            done = running.wait(HANG_S)
        assert done.exit_code == 130
        (check,) = [each for each in decode(done.stdout.encode()).checks if each.id == "turn.relay-range"]
        assert check.status == "fail"
        assert len(check.evidence["samples"]) == SAMPLES_AT_ONCE
        assert check.findings == ("relay-port-range-blocked",)
        assert check.summary.endswith("; 8 were asked for; the run was interrupted")
        assert coturn.settles_at(0, timeout=10.0)
