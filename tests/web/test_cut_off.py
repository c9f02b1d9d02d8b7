"""A look at many ports that the deadline or Ctrl-C ends early keeps what it had found by then."""

import signal

import pytest

from natprobe.model import Check
from natprobe_reports.json import decode
from tests.conftest import BuildWorld
from tests.lab.coturn import Coturn
from tests.lab.layout import SERVER_IPV4, Layout, Server
from tests.lab.process import wait_until
from tests.lab.world import World, natprobe_command

pytestmark = pytest.mark.lab

SHUT = Layout(server=Server(nat="none", open_tcp=((80, 80), (3478, 3478)), open_udp=((3478, 3478),)))
"""80 is refused, 3478 has a service, all others are silent, each for two and a half seconds."""
ADVANCES = 5
"""A fifth of a second lies between two: by then many ports have been silent for their whole time."""
TCP = ("ports", SERVER_IPV4, "3400-20000/tcp", "--whole")


@pytest.fixture
def world(build_world: BuildWorld) -> World:
    """A server behind a firewall that lets two ports in."""
    world = build_world(SHUT)
    Coturn(world, "no-auth")
    return world


def scanned(world: World, *words: str, exit_code: int) -> Check:
    """The only check of a run."""
    done = world.natprobe(*words, "--json")
    assert done.exit_code == exit_code, done.stderr
    return the_check(done.stdout)


def the_check(document: str) -> Check:
    (check,) = decode(document.encode()).checks
    return check


def words_of(check: Check) -> dict[str, int]:
    """How many ports gave each word, and how many were not asked."""
    sums: dict[str, int] = {"left": check.evidence.get("left", 0)}
    for run in check.evidence["runs"]:
        sums[run["answer"]["word"]] = sums.get(run["answer"]["word"], 0) + run["asked"]
    return sums


def test_the_deadline_ends_a_scan_that_has_found_no_fault(world: World) -> None:
    check = scanned(world, *TCP, "--timeout", "8", exit_code=4)
    found = words_of(check)
    assert check.status == "inconclusive"
    assert found["open"] == 1
    assert found["silent"] > 100
    assert sum(found.values()) == 16601
    assert "3478 (STUN) open" in check.summary
    assert check.summary.endswith(f"; {found['left']} more ports not tested; the run reached its deadline of 8 s")
    assert check.findings == ("port-range-partly-blocked",)


def test_the_deadline_takes_back_no_fault_that_was_found(world: World) -> None:
    check = scanned(world, "ports", SERVER_IPV4, "80,3400-20000/tcp", "--whole", "--timeout", "6", exit_code=1)
    assert check.status == "fail"
    assert "tcp-port-refused" in check.findings
    shut = scanned(world, *TCP, "--closed", "--timeout", "8", exit_code=1)
    assert shut.findings == ("service-exposed",)
    assert " more ports not tested; the run reached its deadline" in shut.summary


def test_over_udp_as_well(world: World) -> None:
    check = scanned(world, "ports", SERVER_IPV4, "3400-20000/udp", "--whole", "--timeout", "6", exit_code=4)
    found = words_of(check)
    assert found["open"] == 1
    assert found["silent"] > 50
    assert sum(found.values()) == 16601
    assert f"; {found['left']} more ports not tested; the run reached its deadline of 6 s" in check.summary


def test_a_single_port_that_is_still_asked_has_told_nothing(world: World) -> None:
    check = scanned(world, "check", f"tcp:{SERVER_IPV4}:8080", "--timeout", "2", exit_code=4)
    assert check.summary == "not decided: the run reached its deadline of 2 s"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_keeps_what_was_found(world: World, number: signal.Signals) -> None:
    text, events = world.new_file("text"), world.new_file("events")
    command = (*TCP, "--json", "--report", f"text={text}", "--record", str(events))
    with world.client.start(*natprobe_command(*command)) as running:
        far = wait_until(lambda: events.exists() and events.read_bytes().count(b"check-advanced") >= ADVANCES, 20.0)
        assert far, running.stderr()
        running.interrupt(number)
        done = running.wait(4.0)
    assert done.exit_code == 130
    check = the_check(done.stdout)
    found = words_of(check)
    assert (check.status, found["open"], sum(found.values())) == ("inconclusive", 1, 16601)
    told = f"; {found['left']} more ports not tested; the run was interrupted"
    assert check.summary.endswith(told)
    assert told in " ".join(text.read_text().split())
