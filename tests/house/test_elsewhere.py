"""What only Linux has is missing, as on Windows and macOS: natprobe does the rest, and says what it cannot see.

See tests/house/elsewhere.py for what this stands for.
"""

import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from natprobe.model import Report
from natprobe_reports.json import decode
from tests.lab import natscenario
from tests.lab.certificates import Authority
from tests.lab.coturn import LONG_TERM, PASSWORD, Coturn, cloud_addresses
from tests.lab.layout import SERVER_IPV4, Client, HomeNat, Layout
from tests.lab.natworld import NatWorld
from tests.lab.process import Completed, wait_until
from tests.lab.world import World
from tests.ladder.case import static_user

pytestmark = pytest.mark.lab

SYSTEMS = ("win32", "darwin")
LIMITS = ("this system does not tell who sent an ICMP error: refused and unreachable may show as silence",)
CP1252 = {"PYTHONIOENCODING": "cp1252"}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """A client behind a home's NAT."""
    with World(Layout(clients=(Client(nat=HomeNat()),))) as world:
        yield world


@pytest.fixture(scope="module")
def coturn(world: World, authority: Authority) -> Coturn:
    """Over every transport."""
    return Coturn(world, *cloud_addresses(world), *LONG_TERM, *authority.issue().options)


def command(system: str, *arguments: str) -> list[str]:
    """natprobe's command line there."""
    return [sys.executable, "-m", "tests.house.elsewhere", system, *arguments]


def there(world: World, system: str, *arguments: str) -> Completed:
    """One natprobe, run to its end; on Windows a pipe is written in an old code page."""
    done = world.client.run(*command(system, *arguments), env=CP1252)
    assert done.stderr == ""
    return done


def report(done: Completed) -> Report:
    """What it says, with the limits of the place."""
    told = decode(done.stdout.encode())
    assert told.vantage.limits == LIMITS
    assert not any(check.status == "error" for check in told.checks)
    return told


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_module_can_be_imported(world: World, system: str) -> None:
    assert there(world, system, "--imports").exit_code == 0


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_healthy_server_passes_over_every_transport(
    world: World, coturn: Coturn, authority: Authority, system: str
) -> None:
    targets = ("turn:turn.example.org", "turns:turn.example.org")
    done = there(world, system, "check", *targets, *static_user(), "--ca-file", str(authority.root), "--json")
    told = report(done)
    assert done.exit_code == 0
    assert {check.transport for check in told.checks if check.transport} == {"udp", "tcp", "tls", "dtls"}
    assert {check.address.family for check in told.checks if check.address} == {4, 6}
    assert {check.status for check in told.checks if check.id.startswith("turn.")} == {"pass"}
    assert coturn.settles_at(0)


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("scheme", ["stun", "turn"])
def test_a_closed_port_refuses_over_both_transports(world: World, coturn: Coturn, scheme: str, system: str) -> None:
    """An unconnected socket hears of no ICMP error there: a connected one, asked beside it, does."""
    told = report(there(world, system, "check", f"{scheme}:{SERVER_IPV4}:65535", *static_user(), "--json"))
    assert {finding.id for finding in told.findings} == {"udp-port-refused", "tcp-port-refused"}


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_nat_is_told_but_for_who_drops_short_lived_packets(world: World, coturn: Coturn, system: str) -> None:
    done = there(world, system, "nat", f"stun:{SERVER_IPV4}", "--json")
    told = report(done)
    statuses = {check.id: str(check.status) for check in told.checks}
    assert told.nat is not None
    assert told.nat.ipv4 is not None
    assert told.nat.ipv4.mapped is not None
    # Root may open raw sockets, which hear on macOS what the socket that sent is not told.
    assert statuses["nat.path"] == {"win32": "skip", "darwin": "pass"}[system]


@pytest.mark.tun
@pytest.mark.parametrize("name", ["emulated-double-nat", "linux-carrier"])
def test_raw_sockets_and_scapy_hear_the_routers_that_no_error_queue_tells(name: str) -> None:
    scenario = natscenario.load()[name]
    arguments = natscenario.command(scenario)
    with NatWorld() as world:
        box = natscenario.enter(world, scenario)
        ordinary = msgspec.json.decode(box.run(*arguments).stdout)
        done = box.run(*command("darwin", *arguments[arguments.index("nat") :]))
    assert natscenario.differences(scenario, done.report) == (), done.stdout + done.stderr
    heard, told = ({each["target"]: each for each in _paths(report)} for report in (done.report, ordinary))
    assert all(each["evidence"]["overheard"] for each in heard.values())
    assert {target: each["evidence"]["hops"] for target, each in heard.items()} == {
        target: each["evidence"]["hops"] for target, each in told.items()
    }


def _paths(report: Any) -> list[Any]:
    return [check for check in report["checks"] if check["id"] == "nat.path"]


@pytest.mark.parametrize("system", SYSTEMS)
def test_candidates_are_gathered_and_a_call_is_made(world: World, coturn: Coturn, system: str) -> None:
    urls = (f"stun:{SERVER_IPV4}", f"turn:{SERVER_IPV4}?transport=udp")
    done = there(world, system, "gather", *urls, *static_user(), "--connect", "--json")
    told = report(done)
    assert done.exit_code == 0
    assert {candidate.type for candidate in told.candidates} >= {"host", "srflx", "relay"}
    assert {check.status for check in told.checks if check.id == "ice.connect"} == {"pass"}
    assert coturn.settles_at(0)


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_demo_passes_with_the_loopback_addresses_that_there_are(world: World, system: str) -> None:
    done = there(world, system, "demo")
    assert done.exit_code == 0, done.stdout
    assert "22 checks: 22 ok" in done.stdout


@pytest.mark.parametrize("system", SYSTEMS)
def test_control_c_leaves_a_report_and_no_allocation(world: World, coturn: Coturn, tmp_path: Path, system: str) -> None:
    """On Windows the loop hears no signal: Python's own KeyboardInterrupt takes the same way out."""
    events = tmp_path / "events"
    target = f"turn:{SERVER_IPV4}:3478?transport=udp"
    arguments = ("check", target, *static_user(), "--rate", "500", "--json", "--record", str(events))
    with world.client.start(*command(system, *arguments), env=CP1252) as running:
        assert wait_until(lambda: events.exists() and b'"turn.relay-loop","target"' in events.read_bytes(), 20.0)
        running.interrupt(signal.SIGINT)
        done = running.wait(10.0)
    assert done.exit_code == 130, done.stderr
    assert decode(done.stdout.encode()).interrupted
    assert PASSWORD not in done.stdout
    assert coturn.settles_at(0, timeout=10.0)
